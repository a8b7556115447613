"""
The connections to one endpoint.

The most recently used idle connection is taken first, so that a quiet endpoint's surplus expires. At the bound, callers
wait in order; one that leaves the queue, by timeout or cancellation, gives what it was handed to the next.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from kubeless.delivery.transport.connection import Connection
from kubeless.delivery.transport.errors import ConnectFailed, ConnectTimeout, PoolExhausted, TotalTimeout
from kubeless.delivery.transport.heads import Heads
from kubeless.delivery.transport.limits import Limits
from kubeless.delivery.transport.timeouts import Timeouts, earliest
from kubeless.routing.endpoints import Endpoint

_PROBE_AFTER = 0.005
"""Seconds of idleness after which the socket is asked whether it is still silent: the loop may not have looked yet."""


@dataclass(slots=True)
class Counters:
    """What a transport has done since it was made. Only ever grows."""

    requests: int = 0
    retries: int = 0
    connections_opened: int = 0
    connections_reused: int = 0
    connections_closed: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    """By the `kind` of the error; each failed attempt counts."""


class Pool:
    """Connections to one endpoint; `load` is what endpoint choice compares."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        limits: Limits,
        counters: Counters,
        heads: Heads,
        tasks: asyncio.TaskGroup,
        now: Callable[[], float],
        on_closed: Callable[[], None],
    ) -> None:
        self._endpoint = endpoint
        self._limits = limits
        self._counters = counters
        self._heads = heads
        self._tasks = tasks
        self._now = now
        self._on_closed = on_closed
        self._max_idle = limits.max_idle
        self._idle: deque[Connection] = deque()
        self._open: set[Connection] = set()
        self._connecting = 0
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self.authority = _authority(endpoint)

    def __repr__(self) -> str:
        return f"<Pool {self.authority.decode()} busy={self.busy} idle={len(self._idle)} waiting={self.waiting}>"

    @property
    def busy(self) -> int:
        """Connections that serve an exchange or are being made."""
        return len(self._open) - len(self._idle) + self._connecting

    @property
    def idle(self) -> int:
        """Connections that wait for an exchange."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """Requests that wait for a connection."""
        return len(self._waiting)

    @property
    def load(self) -> int:
        """Requests in flight and waiting."""
        return self.busy + len(self._waiting)

    @property
    def empty(self) -> bool:
        """Whether the pool can be forgotten."""
        return not self._open and not self._connecting and not self._waiting

    def take_idle(self, now: float) -> Connection | None:
        """An idle connection that is still good at loop time `now`, or None. Closes those found dead on the way."""
        while self._idle:
            connection = self._idle.pop()
            idle = now - connection.idle_since
            if idle < _PROBE_AFTER or (idle < self._limits.idle_expiry and connection.silent):
                self._counters.connections_reused += 1
                return connection
            connection.abort()
        return None

    async def acquire(self, timeouts: Timeouts, deadline: float | None) -> Connection:
        """
        A connection of our own, made for this or handed on by another exchange.

        Raises PoolExhausted, ConnectFailed, ConnectTimeout, or TotalTimeout at loop time `deadline`.
        """
        if self._is_full() and not self._make_room():
            handed = await self._wait_turn(timeouts.acquire, deadline)
            if handed is not None:
                self._counters.connections_reused += 1
                return handed
        else:
            self._connecting += 1
        try:
            return await self._connect(timeouts.connect, deadline)
        finally:
            self._connecting -= 1
            self._offer_place()

    def released(self, connection: Connection) -> None:
        """The connection is clean and free: for the next in the queue, or to idle."""
        connection.idle_since = self._now()
        if self._waiting and self._offer(connection):
            return
        if len(self._idle) < self._max_idle:
            self._idle.append(connection)
        else:
            connection.abort()

    def closed(self, connection: Connection) -> None:
        """The connection is gone: its place is free."""
        if connection not in self._open:
            return  # it never got as far as to have a place
        self._counters.connections_closed += 1
        self._open.remove(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._offer_place()
        self._on_closed()

    def expire(self) -> None:
        """Close what has been idle for too long. The oldest stand at the left."""
        now = self._now()
        while self._idle and now - self._idle[0].idle_since >= self._limits.idle_expiry:
            self._idle.popleft().abort()

    def close(self) -> None:
        """Close every connection; exchanges under way fail."""
        for connection in list(self._open):
            connection.abort()

    def drain(self) -> None:
        """Keep no idle connections from now on."""
        self._max_idle = 0
        while self._idle:
            self._idle.pop().abort()

    def _make_room(self) -> bool:
        """An idle connection was refused by the caller (it wants a new one), so it may give way."""
        if not self._idle:
            return False
        self._idle.popleft().abort()
        return True

    async def _wait_turn(self, timeout: float | None, deadline: float | None) -> Connection | None:
        """Wait for a connection, or for the place of one (None)."""
        if len(self._waiting) >= self._limits.max_waiting:
            raise PoolExhausted(
                f"{len(self._waiting)} requests wait for a connection to {self.authority.decode()} already"
            )
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        at = None if timeout is None else self._now() + timeout
        try:
            async with asyncio.timeout_at(earliest(at, deadline)):
                return await waiter
        except BaseException as error:
            self._leave(waiter)
            if isinstance(error, TimeoutError):
                raise self._late(
                    PoolExhausted(f"no connection to {self.authority.decode()} became free"), deadline
                ) from None
            raise

    def _leave(self, waiter: asyncio.Future[Connection | None]) -> None:
        """Whoever leaves passes on what it was handed in the same moment: a connection, or a place."""
        if waiter.done() and not waiter.cancelled():
            connection = waiter.result()
            if connection is None:
                self._connecting -= 1
                self._offer_place()
            else:
                self.released(connection)
        elif waiter in self._waiting:
            self._waiting.remove(waiter)

    def _is_full(self) -> bool:
        return len(self._open) + self._connecting >= self._limits.max_connections

    def _offer_place(self) -> None:
        """Let the first in the queue make a connection if there is room; its place is taken from this moment on."""
        if not self._is_full() and self._offer(None):
            self._connecting += 1

    def _offer(self, connection: Connection | None) -> bool:
        """Hand a connection, or the right to make one, to the first in the queue. Whether somebody took it."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    async def _connect(self, timeout: float | None, deadline: float | None) -> Connection:
        loop = asyncio.get_running_loop()
        at = None if timeout is None else self._now() + timeout
        connection = Connection(self, self._limits, self._heads, self._tasks, self._endpoint, self.authority.decode())
        try:
            async with asyncio.timeout_at(earliest(at, deadline)):
                await loop.create_connection(lambda: connection, self._endpoint.host, self._endpoint.port)
        except TimeoutError:
            late = ConnectTimeout(f"{self.authority.decode()} did not accept a connection within {timeout} s")
            raise self._late(late, deadline) from None
        except (OSError, UnicodeError) as error:
            raise ConnectFailed(f"cannot connect to {self.authority.decode()}: {error}") from error
        else:
            if not connection.is_open:
                raise ConnectFailed(f"{self.authority.decode()} closed the connection at once")
            self._counters.connections_opened += 1
            self._open.add(connection)
            return connection
        finally:
            if connection not in self._open:
                connection.abort()

    def _late(
        self, error: PoolExhausted | ConnectTimeout, deadline: float | None
    ) -> PoolExhausted | ConnectTimeout | TotalTimeout:
        """Which of the two limits was it?"""
        if deadline is not None and self._now() >= deadline:
            return TotalTimeout(f"no connection to {self.authority.decode()} within the total timeout")
        return error


def _authority(endpoint: Endpoint) -> bytes:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return f"{host}:{endpoint.port}".encode("ascii", "replace")
