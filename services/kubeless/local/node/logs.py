"""
The logs of pods, for the API server: `kubectl logs` with its options.

All is read off the disk: the newest run of a container is the one with the highest number, and it is written to for as
long as its process file exists. So a log can be read whatever state the node is in, also after a restart of the
platform.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kubeless.core.errors import KubelessError
from kubeless.local.apiserver.logs import LogRequest
from kubeless.local.node.folders import PodFolder
from kubeless.local.node.logreader import LogReader, Record
from kubeless.local.node.runner import timestamp

_POLL = 0.1


class NoLog(KubelessError):
    """There is no such log (yet)."""


@dataclass(slots=True)
class LineFormat:
    """Turns records into bytes as `kubectl logs` prints them: long lines joined again, old ones left out."""

    since: bytes = b""
    timestamps: bool = False
    _inside: bool = False
    _skips: bool = False

    def format(self, record: Record) -> bytes:
        """What to print of the record; nothing if its line began before `since`."""
        begins = not self._inside
        self._inside = not record.ends
        if begins:
            # Times of equal form compare as text.
            self._skips = record.time < self.since
        if self._skips:
            return b""
        stamp = record.time + b" " if begins and self.timestamps else b""
        return stamp + record.text + (b"\n" if record.ends else b"")


class PodLogs:
    """A `LogSource` over the folder of a platform."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    async def stream(self, request: LogRequest) -> AsyncIterator[bytes]:
        """
        The log in pieces; with `follow` until the container ends.

        Raises:
            NoLog: the container has not started, or was not restarted if the previous run is asked for.
        """
        folder = PodFolder.of(self._data_dir, request.uid)
        run = await asyncio.to_thread(_choose_run, folder, request)
        reader = LogReader(folder.logs(request.container), run)
        left = request.limit_bytes
        try:
            async for piece in _pieces(reader, folder.process_file(request.container, run), request):
                if left is None:
                    yield piece
                    continue
                yield piece[:left]
                left -= len(piece)
                if left <= 0:
                    return
        finally:
            reader.close()


async def _pieces(reader: LogReader, process_file: Path, request: LogRequest) -> AsyncIterator[bytes]:
    lines = LineFormat(since=_since(request), timestamps=request.timestamps)
    if request.tail_lines is not None:
        yield await asyncio.to_thread(_tail, reader, lines, request.tail_lines)
    while True:
        # Asked before the read: what is read after the end of the process is all there is.
        running = request.follow and not request.previous and await asyncio.to_thread(process_file.exists)
        records = await asyncio.to_thread(reader.read)
        if records:
            yield b"".join(map(lines.format, records))
        elif running:
            await asyncio.sleep(_POLL)
        else:
            return


def _tail(reader: LogReader, lines: LineFormat, count: int) -> bytes:
    """The last `count` lines of what is there now; the reader then stands behind them."""
    kept: deque[bytes] = deque(maxlen=count)
    for line in _lines(reader, lines):
        kept.append(line)
    return b"".join(kept)


def _lines(reader: LogReader, lines: LineFormat) -> Iterator[bytes]:
    parts: list[bytes] = []
    while records := reader.read():
        for record in records:
            parts.append(lines.format(record))
            if record.ends:
                line = b"".join(parts)
                parts.clear()
                if line:
                    yield line
    if parts:
        yield b"".join(parts)


def _choose_run(folder: PodFolder, request: LogRequest) -> int:
    runs = {
        int(name)
        for path in folder.logs(request.container).glob("*.log")
        if (name := path.name.split(".")[0]).isdigit()
    }
    where = f'container "{request.container}" in pod "{request.pod}"'
    if not runs:
        raise NoLog(f"{where} is waiting to start: it has no log yet")
    if not request.previous:
        return max(runs)
    if max(runs) - 1 not in runs:
        raise NoLog(f"previous terminated {where} not found")
    return max(runs) - 1


def _since(request: LogRequest) -> bytes:
    moment = request.since_time
    if request.since_seconds is not None:
        moment = datetime.now(UTC) - timedelta(seconds=min(request.since_seconds, 1e9))
    if moment is None:
        return b""
    return timestamp(int(moment.timestamp() * 1_000_000_000))
