"""A pseudo-terminal seen from the platform: read and written without blocking the loop."""

import asyncio
import fcntl
import os
import pty
import struct
import termios

CHUNK = 1 << 16
_END_OF_INPUT = b"\x04"


class Terminal:
    """The platform's end is open until `close`; `other_end` is for the command, and closed once that has started."""

    def __init__(self) -> None:
        """Raises OSError: the system has no terminals left."""
        self._file, self.other_end = pty.openpty()
        os.set_blocking(self._file, False)

    def close_other_end(self) -> None:
        """Only then does the end of the command end the output. May be called twice."""
        if self.other_end >= 0:
            os.close(self.other_end)
            self.other_end = -1

    def close(self) -> None:
        """Close both ends."""
        self.close_other_end()
        os.close(self._file)

    def resize(self, columns: int, rows: int) -> None:
        """Processes in the terminal are told by SIGWINCH."""
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    async def read(self) -> bytes:
        """What was printed; empty once nobody has the other end open."""
        while True:
            try:
                return os.read(self._file, CHUNK)
            except BlockingIOError:
                await self._ready(writing=False)
            except OSError:
                return b""  # how Linux tells the end

    async def write(self, data: bytes) -> None:
        """As if typed."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._file, view) :]
            except BlockingIOError:
                await self._ready(writing=True)
            except OSError:
                return

    def end_input(self) -> None:
        """As Ctrl-D does, for programs that read lines."""
        try:
            os.write(self._file, _END_OF_INPUT)
        except OSError:
            return

    async def _ready(self, *, writing: bool) -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        watch, forget = (loop.add_writer, loop.remove_writer) if writing else (loop.add_reader, loop.remove_reader)

        def wake() -> None:
            if not ready.done():
                ready.set_result(None)

        watch(self._file, wake)
        try:
            await ready
        finally:
            forget(self._file)
