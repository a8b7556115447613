"""
The lines of several logs, as many as a screen can hold.

A function may write megabytes a second. Lines are cut, old ones fall out, and what was left out is counted and told:
memory and the browser stay bounded however much comes.
"""

import re
from collections import deque
from dataclasses import dataclass

LINES = 2000
"""Kept."""

LINE_LENGTH = 2000
"""Characters of one line that are kept."""

MAX_REST = 65_536
"""Bytes of a line without an end."""

_CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one pod. Numbers go up by one."""

    number: int
    pod: str
    text: str


class LogBuffer:
    """Fed by all pods of a function."""

    def __init__(self, limit: int = LINES) -> None:
        self._lines: deque[Line] = deque(maxlen=limit)
        self._rests: dict[str, bytes] = {}
        self._count = 0

    @property
    def count(self) -> int:
        """Lines that came so far."""
        return self._count

    def feed(self, pod: str, chunk: bytes) -> None:
        """What a pod's log went on with."""
        *whole, rest = (self._rests.get(pod, b"") + chunk).split(b"\n")
        # Of a flood only the end can be seen: the rest is counted and not even decoded.
        limit = self._lines.maxlen or 0
        skipped = max(len(whole) - limit, 0)
        self._count += skipped
        for line in whole[skipped:]:
            self._add(pod, line)
        if len(rest) > MAX_REST:
            self._add(pod, rest)
            rest = b""
        self._rests[pod] = rest

    def after(self, number: int, *, limit: int, search: str = "") -> tuple[list[Line], int]:
        """The last `limit` lines after `number` in which `search` is found, and how many others came."""
        fresh = [line for line in self._lines if line.number > number]
        gone = self._count - number - len(fresh)
        needle = search.lower()
        found = [line for line in fresh if needle in line.text.lower()] if needle else fresh
        return found[-limit:], gone + max(len(found) - limit, 0)

    def clear(self) -> None:
        """Forget the lines; the count goes on."""
        self._lines.clear()

    def _add(self, pod: str, line: bytes) -> None:
        self._count += 1
        text = line[: LINE_LENGTH * 4].decode(errors="replace")
        text = _CONTROL.sub("", text)
        self._lines.append(Line(self._count, pod, text if len(text) <= LINE_LENGTH else text[:LINE_LENGTH] + " …"))
