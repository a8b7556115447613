"""
The pod's log: whole lines, at once, unmixed.

Several processes with many threads share one stdout. A line is written with a single system call when it is
complete, and each thread collects its own unfinished line, so that lines never end up inside one another.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

_MAX_UNFINISHED = 64 * 1024


def report(message: str) -> None:
    """Say something about the server itself, in one line on stderr."""
    write(2, ("kubeless: %s\n" % message.replace("\n", " ")).encode("utf-8", "backslashreplace"))


def write(fd: int, data: bytes) -> None:
    """Write all of `data`, also to a pipe that somebody has made non-blocking. A log that nobody reads is dropped."""
    try:
        written = os.write(fd, data)
        while written < len(data):
            data = data[written:]
            written = os.write(fd, data)
    except BlockingIOError:
        select.select([], [fd], [])
        write(fd, data)
    except OSError:
        pass


def install() -> None:
    """Replace `sys.stdout` and `sys.stderr`, through which the function prints, by streams that keep lines whole."""
    sys.stdout = LineStream(1, sys.stdout.buffer)
    sys.stderr = LineStream(2, sys.stderr.buffer)


def flush() -> None:
    """End unfinished lines of this thread and bring them to the log, whatever the function has made of the streams."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # closed, or replaced by something that is no stream: not ours to judge
            if isinstance(stream, LineStream):
                stream.end_line()
            stream.flush()


class _Unfinished(threading.local):
    text = ""


class LineStream(io.TextIOBase):
    """A text stream that writes complete lines at once and keeps the unfinished rest per thread until `flush`."""

    def __init__(self, fd: int, buffer: BinaryIO) -> None:
        super().__init__()
        self.buffer = buffer
        self._fd = fd
        self._unfinished = _Unfinished()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute in the stub of TextIOBase
        return "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]  # as above
        return "backslashreplace"

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def isatty(self) -> bool:
        return os.isatty(self._fd)

    def reconfigure(self, **options: object) -> None:
        """Accepted for programs that set line buffering or an encoding at start; neither changes here."""

    def write(self, text: str) -> int:
        whole = self._unfinished.text + text
        end = whole.rfind("\n") + 1
        if len(whole) - end > _MAX_UNFINISHED:
            end = len(whole)
        self._unfinished.text = whole[end:]
        if end:
            self._emit(whole[:end])
        return len(text)

    def end_line(self) -> None:
        """Nobody else's line may follow in the same one."""
        if self._unfinished.text:
            self.write("\n")

    def flush(self) -> None:
        text = self._unfinished.text
        if text:
            self._unfinished.text = ""
            self._emit(text)
        self.buffer.flush()

    def _emit(self, text: str) -> None:
        write(self._fd, text.encode("utf-8", "backslashreplace"))
