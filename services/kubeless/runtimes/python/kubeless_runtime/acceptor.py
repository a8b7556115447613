"""
Accepting connections from the socket that all workers share.

Each worker is woken for each connection and whoever is first gets it. So a worker that is busy steps back for a
moment, and an idle one takes the connection; else requests would wait behind a slow one while another core has
nothing to do.
"""

from __future__ import annotations

import asyncio
import errno

from . import console
from .connection import Connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

    from .service import Service

_STEP_BACK = 0.002
_NO_DESCRIPTORS = 0.5
_BATCH = 64


class Acceptor:
    """Accepts while started. `patient`: there are other workers to step back for."""

    def __init__(self, listener: socket.socket, service: Service, *, patient: bool) -> None:
        self._listener = listener
        self._service = service
        self._loop = service.loop
        self._patient = patient
        self._accepting: set[asyncio.Task[None]] = set()
        self._resume: asyncio.TimerHandle | None = None
        self._stopped = False

    def start(self) -> None:
        if not self._stopped:
            self._loop.add_reader(self._listener, self._on_connection)

    def stop(self) -> None:
        """For good; also closes this process's share in the socket, so that the last worker to stop ends it."""
        self._stopped = True
        self._loop.remove_reader(self._listener)
        self._listener.close()
        if self._resume:
            self._resume.cancel()

    async def wait_accepted(self) -> None:
        """Until every connection taken so far is set up."""
        if self._accepting:
            await asyncio.wait(self._accepting)

    def accept_waiting(self) -> None:
        """Take the connections that wait, up to a bound."""
        for _ in range(_BATCH):
            if not self._accept():
                return

    def _on_connection(self) -> None:
        if self._patient and self._service.calls:
            self._pause(_STEP_BACK)
        else:
            self._accept()

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._resume = self._loop.call_later(seconds, self._accept_after_pause)

    def _accept_after_pause(self) -> None:
        self.start()
        self.accept_waiting()

    def _accept(self) -> bool:
        try:
            sock, address = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                raise
            console.report("no connection can be accepted for now: %s" % error.strerror)
            self._pause(_NO_DESCRIPTORS)
            return False
        sock.setblocking(False)
        task = self._loop.create_task(self._set_up(sock, str(address[0])))
        self._accepting.add(task)
        task.add_done_callback(self._accepting.discard)
        return True

    async def _set_up(self, sock: socket.socket, host: str) -> None:
        peer = host[7:] if host.startswith("::ffff:") else host
        try:
            await self._loop.connect_accepted_socket(lambda: Connection(self._service, peer), sock)
        except OSError:  # the client has gone already
            sock.close()
