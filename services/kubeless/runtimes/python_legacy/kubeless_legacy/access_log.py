"""
One line on stdout per request, in the combined log format.

What a client sent is escaped, so that it can neither end the line nor forge another field. Lines of one turn of the
loop are written together.
"""

import re
import sys
import time

_UNSAFE = re.compile(r'[^\x20-\x7e]|["\\]')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MAX_FIELD = 2048


class AccessLog(object):
    """Gathers lines; remembers the text of the current second."""

    def __init__(self):
        self._second = 0
        self._stamp = ""
        self._lines = []

    def record(self, client, request, status, size):
        """`request` is method, target, version and headers; `size` the bytes of the body that was sent."""
        method, target, version, headers = request
        now = int(time.time())
        if now != self._second:
            self._second, self._stamp = now, _format_time(now)
        line = "%s %s %s" % (method, _clean(target.partition("?")[0]), version)
        agent = _clean(headers.get("user-agent"))
        fields = (client, self._stamp, line, status, size, _clean(headers.get("referer")), agent)
        self._lines.append('%s - - [%s] "%s" %d %d "%s" "%s"\n' % fields)

    def flush(self):
        if self._lines:
            sys.stdout.write("".join(self._lines))
            sys.stdout.flush()
            self._lines = []


def _format_time(second):
    """As strftime's `%d/%b/%Y:%H:%M:%S +0000`, whatever the locale is."""
    moment = time.gmtime(second)
    return "%02d/%s/%04d:%02d:%02d:%02d +0000" % ((moment[2], _MONTHS[moment[1] - 1], moment[0]) + moment[3:6])


def _clean(text):
    return _UNSAFE.sub(lambda match: "\\x%02x" % min(ord(match.group()), 255), (text or "-")[:_MAX_FIELD])
