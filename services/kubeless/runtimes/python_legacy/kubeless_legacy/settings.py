"""Configuration from the environment, read once. Durations are seconds, sizes are bytes."""

import os
import re

MEGABYTE = 1024 * 1024
LONGEST = 366 * 86400


class SettingError(Exception):
    """A variable of the environment cannot be used; the message names variable, value and remedy."""

    def __init__(self, name, value, remedy):
        Exception.__init__(self, "%s=%r cannot be used: %s" % (name, value[:100], remedy))


class Settings(object):
    """A variable that is empty counts as not set. Raises SettingError."""

    def __init__(self, environ):
        get = environ.get
        self.module = _module(get("MOD_NAME") or "")
        self.handler = _handler(get("FUNC_HANDLER") or "")
        self.volume = os.path.abspath(get("KUBELESS_INSTALL_VOLUME") or "/kubeless")
        self.host = get("FUNC_HOST") or ""
        self.port = _integer(environ, "FUNC_PORT", 8080, 1, 65535)
        self.timeout = _seconds(environ, "FUNC_TIMEOUT", 180)
        self.load_timeout = _seconds(environ, "FUNC_LOAD_TIMEOUT", 120)
        self.shutdown_timeout = _seconds(environ, "SHUTDOWN_TIMEOUT", 10)
        self.runtime = get("FUNC_RUNTIME") or ""
        self.memory_limit = get("FUNC_MEMORY_LIMIT") or ""
        # The most worker processes; more than one only while others are busy.
        self.workers = _integer(environ, "FUNC_WORKERS", 10, 1, 256)
        self.max_body = _max_body(environ)

    @property
    def file(self):
        return os.path.join(self.volume, self.module + ".py")

    @property
    def function(self):
        """As people see it in messages."""
        return "%s.%s" % (self.module, self.handler)


def _module(name):
    if name in ("", ".", "..") or re.search(r"[/\\\0]", name):
        raise SettingError("MOD_NAME", name, "give the name of the function's file, without folder and without .py")
    return name


def _handler(name):
    if not re.match(r"[^\W\d]\w*\Z", name, re.UNICODE):
        raise SettingError("FUNC_HANDLER", name, "give the name of a function in the module, such as hello")
    return name


def _max_body(environ):
    if environ.get("REQ_MB_LIMIT"):
        return _integer(environ, "REQ_MB_LIMIT", 100, 1, 1024) * MEGABYTE
    return _integer(environ, "FUNC_MEMFILE_MAX", 100 * MEGABYTE, 1, 1024 * MEGABYTE)


def _integer(environ, name, default, low, high):
    text = environ.get(name) or str(default)
    if not re.match(r"[0-9]{1,15}\Z", text) or not low <= int(text) <= high:
        raise SettingError(name, text, "give a whole number from %d to %d" % (low, high))
    return int(text)


def _seconds(environ, name, default):
    text = environ.get(name) or str(default)
    value = float(text) if re.match(r"[0-9]*\.?[0-9]+\Z", text) else 0.0
    if not 0 < value <= LONGEST:
        raise SettingError(name, text, "give a number of seconds above 0, such as 180 or 0.5")
    return value
