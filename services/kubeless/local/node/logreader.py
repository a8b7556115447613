"""
Read a container's log while it is written.

The writer (`kubeless.local.node.runner.LogFile`) numbers its segments upwards and never comes back to one, so a reader
goes through them in order and misses nothing as long as it is not slower than the whole log is replaced.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import IO

_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Record:
    """A line of a log, or a part of a long one."""

    time: bytes
    """RFC 3339 in UTC."""
    text: bytes
    ends: bool
    """Whether the line ends here."""


class LogReader:
    """Reads the log of one run of a container. Blocks; close it after use."""

    def __init__(self, folder: Path, run: int) -> None:
        self._folder = folder
        self._run = run
        self._number = -1
        self._file: IO[bytes] | None = None
        self._rest = b""

    def read(self) -> list[Record]:
        """The next records; none if there are no more yet."""
        while True:
            data = self._file.read(_CHUNK) if self._file else b""
            if not data:
                later = next((number for number in self._numbers() if number > self._number), None)
                # The writer may have finished this segment between the read and the look: read it once more.
                data = self._file.read(_CHUNK) if self._file and later is not None else b""
                if not data and (later is None or not self._open(later)):
                    return []
            *lines, self._rest = (self._rest + data).split(b"\n")
            if lines:
                return [_parse(line) for line in lines]

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None

    def _open(self, number: int) -> bool:
        self.close()
        self._number = number
        self._rest = b""
        try:
            self._file = (self._folder / f"{self._run}.{number:06}.log").open("rb", buffering=0)
        except FileNotFoundError:
            return self._open(number + 1) if number < max(self._numbers(), default=-1) else False
        return True

    def _numbers(self) -> list[int]:
        names = (path.name.split(".") for path in self._folder.glob(f"{self._run}.*.log"))
        return sorted(int(parts[1]) for parts in names if len(parts) == 3 and parts[1].isdigit())


def last_lines(folder: Path, run: int, *, lines: int = 80, size: int = 2048) -> str:
    """The end of a log as Kubernetes puts it into a termination message: at most 80 lines and 2048 bytes. Blocks."""
    reader = LogReader(folder, run)
    tail = b""
    try:
        while records := reader.read():
            tail = (tail + b"".join(record.text + b"\n" * record.ends for record in records))[-size * 2 :]
    finally:
        reader.close()
    text = b"\n".join(tail.rstrip(b"\n").split(b"\n")[-lines:])
    return text[-size:].decode(errors="ignore")


def _parse(line: bytes) -> Record:
    time, _, rest = line.partition(b" ")
    mark, _, text = rest.partition(b" ")
    return Record(time, text, mark != b"P")
