"""
One line on stdout per request, in the shape the original server had (combined log format, then seconds/microseconds).

What a client sent is escaped, so that it can neither end the line nor forge another field.
"""

from __future__ import annotations

import re
import time

from . import console

_UNSAFE = re.compile(r'[^\x20-\x7e]|["\\]')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MAX_FIELD = 2048


class AccessLog:
    """Writes the lines; remembers the text of the current second, as formatting the time is the dearest part."""

    def __init__(self) -> None:
        self._second = 0
        self._stamp = ""

    def record(
        self, *, client: str, request_line: tuple[str, str, str], status: int, size: int, agent: str, seconds: float
    ) -> None:
        """`request_line` is method, path without query, and version; `size` the body's bytes."""
        now = int(time.time())
        if now != self._second:
            self._second, self._stamp = now, _format_time(now)
        fields = (client, self._stamp, _clean(" ".join(request_line)), status, size, _clean(agent))
        timing = "%d/%d" % (seconds, seconds % 1 * 1_000_000)
        console.write(1, ('%s - - [%s] "%s" %d %d "" "%s" %s\n' % (*fields, timing)).encode("ascii"))


def _format_time(second: int) -> str:
    """As strftime's `%d/%b/%Y:%H:%M:%S +0000`, whatever the locale is."""
    moment = time.gmtime(second)
    return "%02d/%s/%04d:%02d:%02d:%02d +0000" % (moment[2], _MONTHS[moment[1] - 1], moment[0], *moment[3:6])


def _clean(text: str) -> str:
    text = text[:_MAX_FIELD]
    if _UNSAFE.search(text):
        return _UNSAFE.sub(lambda match: "\\x%02x" % min(ord(match.group()), 255), text)
    return text
