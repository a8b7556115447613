"""
Send requests to endpoints over kept connections.

    async with Transport() as transport:
        async with await transport.send(Request("POST", b"/", body=event), endpoints, Timeouts(read=30)) as response:
            body = await response.read()

`send` returns as soon as the head of the response is there; the body streams. It raises a TransportError, or what the
request's own body iterator raised. Cancelling it, or the reader of the response, at any point closes the connection and
nothing else.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from kubeless.delivery.transport.caller import Caller
from kubeless.delivery.transport.connection import Connection
from kubeless.delivery.transport.errors import NoEndpoints, TransportClosed, TransportError
from kubeless.delivery.transport.heads import Heads
from kubeless.delivery.transport.health import Health
from kubeless.delivery.transport.limits import Limits
from kubeless.delivery.transport.pool import Counters, Pool
from kubeless.delivery.transport.request import Request, encode_head
from kubeless.delivery.transport.response import Response
from kubeless.delivery.transport.retry import next_endpoints
from kubeless.delivery.transport.timeouts import DEFAULT, Timeouts
from kubeless.routing.choose import pick
from kubeless.routing.endpoints import Endpoint


class Transport:
    """A pool of connections per endpoint. An async context manager, to be used within one event loop."""

    def __init__(self, limits: Limits | None = None, *, draw: Callable[[], float] = random.random) -> None:
        self._limits = limits or Limits()
        self._draw = draw
        self._pools: dict[Endpoint, Pool] = {}
        self._loads = _Loads(self._pools)
        self._health = Health()
        self._heads = Heads()
        self._tasks = asyncio.TaskGroup()
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False
        self._lost_one = asyncio.Event()
        self.counters = Counters()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return (
            f"<Transport {state} endpoints={len(self._pools)} shunned={self.shunned}"
            f" busy={self.busy} idle={self.idle} waiting={self.waiting}>"
        )

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
        # Uploads were cancelled with their connections; here their ends are awaited.
        await self._tasks.__aexit__(None, None, None)

    @property
    def busy(self) -> int:
        """Connections that serve an exchange or are being made."""
        return sum(pool.busy for pool in list(self._pools.values()))

    @property
    def idle(self) -> int:
        """Connections that wait for an exchange."""
        return sum(pool.idle for pool in list(self._pools.values()))

    @property
    def waiting(self) -> int:
        """Requests that wait for a connection."""
        return sum(pool.waiting for pool in list(self._pools.values()))

    @property
    def shunned(self) -> int:
        """Endpoints that did not take connections and are left alone for a moment."""
        return self._health.shunned(self._loop.time())

    async def send(self, request: Request, endpoints: Sequence[Endpoint], timeouts: Timeouts = DEFAULT) -> Response:
        """
        Send `request` to the less loaded of `endpoints` (all equally good) and return the response once its head is
        there.

        Raises InvalidRequest before anything is sent, else TransportError (see `retry` for what is tried again first).
        """
        now = self._now()
        deadline = None if timeouts.total is None else now + timeouts.total
        self.counters.requests += 1
        endpoint = self._choose(endpoints, now)
        response: Response | None = None
        # Nearly all requests take the short way through these lines: no coroutine, no task and no timer of their own.
        try:
            response = self._begin(request, endpoint, timeouts, now, deadline)
            if response is None:
                response = await self._begin_anew(request, endpoint, timeouts, deadline)
            while not response.status:
                await response.progress()
        except TransportError as error:
            failure = error
        except BaseException:
            if response is not None:
                response.close()
            raise
        else:
            return response
        return await self._send_again(request, endpoints, timeouts, deadline, endpoint, failure)

    def begin(self, request: Request, endpoints: Sequence[Endpoint], timeouts: Timeouts = DEFAULT) -> Response | None:
        """
        Send now, on an idle connection; None if there is none: then `send` is the way.

        The response has nothing yet: wait for its `progress` or `carry_on`, and close it. Raises InvalidRequest,
        NoEndpoints, TransportClosed or ConnectionLost.
        """
        now = self._now()
        deadline = None if timeouts.total is None else now + timeouts.total
        endpoint = self._choose(endpoints, now)
        try:
            response = self._begin(request, endpoint, timeouts, now, deadline)
        except TransportError as error:
            raise self._count(error) from None
        if response is not None:
            self.counters.requests += 1
        return response

    def ask(
        self, caller: Caller, message: bytes, endpoints: Sequence[Endpoint], *, read: float | None
    ) -> Connection | None:
        """
        Send `message`, one whole request, now, on an idle connection; None if there is none: then `send` is the way.

        `caller` hears of the response, see `caller`; `read` is as in `Timeouts`. The connection is for `abandon` only.
        """
        if self._closed or not endpoints:
            return None
        now = self._now()
        pool = self._pools.get(self._choose(endpoints, now))
        connection = None if pool is None else pool.take_idle(now)
        if connection is None or not connection.ask(caller, message, now=now, read=read):
            return None
        self.counters.requests += 1
        return connection

    async def carry_on(
        self, response: Response, request: Request, endpoints: Sequence[Endpoint], timeouts: Timeouts
    ) -> Response:
        """
        Wait for the head of a response that `begin` or `ask` has begun. What fails is tried again as `send` does, still
        as the same request.
        """
        try:
            while not response.status:
                await response.progress()
        except TransportError as error:
            failure = error
        except BaseException:
            response.close()
            raise
        else:
            return response
        return await self._send_again(request, endpoints, timeouts, response.deadline, response.endpoint, failure)

    async def drain(self, timeout: float) -> bool:
        """Take no more requests and wait for those under way, at most `timeout` seconds. Whether all of them ended."""
        self._closed = True
        for pool in self._pools.values():
            pool.drain()
        try:
            async with asyncio.timeout(timeout):
                while self.busy or self.waiting:
                    self._lost_one.clear()
                    await self._lost_one.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Take no more requests and close every connection; exchanges under way fail with ConnectionLost."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for pool in list(self._pools.values()):
            pool.close()
        self._pools.clear()

    def _choose(self, endpoints: Sequence[Endpoint], now: float) -> Endpoint:
        if self._closed or not endpoints:
            raise self._count(TransportClosed() if self._closed else NoEndpoints())
        if self._health:
            endpoints = self._health.choose_from(endpoints, now)
        return endpoints[0] if len(endpoints) == 1 else pick(endpoints, self._loads, draw=self._draw)

    def _begin(
        self, request: Request, endpoint: Endpoint, timeouts: Timeouts, now: float, deadline: float | None
    ) -> Response | None:
        """Send on an idle connection, if there is one."""
        pool = self._pools.get(endpoint) or self._add_pool(endpoint)
        head = encode_head(request, pool.authority)
        connection = pool.take_idle(now)
        if connection is None:
            return None
        return connection.begin(request, head, timeouts, now=now, deadline=deadline)

    async def _begin_anew(
        self, request: Request, endpoint: Endpoint, timeouts: Timeouts, deadline: float | None
    ) -> Response:
        """Send on a new connection, or the next that becomes free."""
        pool = self._pools.get(endpoint) or self._add_pool(endpoint)
        try:
            connection = await pool.acquire(timeouts, deadline)
        except TransportError as error:
            self._health.failed(endpoint, error, self._loop.time())
            raise
        self._health.worked(endpoint)
        head = encode_head(request, pool.authority)
        return connection.begin(request, head, timeouts, now=self._loop.time(), deadline=deadline)

    async def _send_again(
        self,
        request: Request,
        endpoints: Sequence[Endpoint],
        timeouts: Timeouts,
        deadline: float | None,
        endpoint: Endpoint,
        error: TransportError,
    ) -> Response:
        """What failed once is tried elsewhere while that is safe. Raises what ended the last attempt."""
        tried: list[Endpoint] = []
        while True:
            self._count(error)
            tried.append(endpoint)
            candidates = next_endpoints(error, request, failed=endpoint, endpoints=endpoints, tried=tried)
            if not candidates or len(tried) >= self._limits.max_attempts:
                raise error
            endpoint = self._choose(candidates, self._loop.time())
            self.counters.retries += 1
            response: Response | None = None
            try:
                response = await self._begin_anew(request, endpoint, timeouts, deadline)
                while not response.status:
                    await response.progress()
            except TransportError as failure:
                error = failure
            except BaseException:
                if response is not None:
                    response.close()
                raise
            else:
                return response

    def _count(self, error: TransportError) -> TransportError:
        self.counters.errors[error.kind] = self.counters.errors.get(error.kind, 0) + 1
        return error

    def _add_pool(self, endpoint: Endpoint) -> Pool:
        pool = self._pools[endpoint] = Pool(
            endpoint,
            limits=self._limits,
            counters=self.counters,
            heads=self._heads,
            tasks=self._tasks,
            now=self._loop.time,
            on_closed=self._lost_one.set,
        )
        if self._sweep is None:
            self._plan_sweep()
        return pool

    def _plan_sweep(self) -> None:
        self._sweep = self._loop.call_later(self._limits.idle_expiry / 2, self._expire)

    def _expire(self) -> None:
        """Close what was idle for too long, and forget endpoints that nobody uses any more: pods come and go."""
        self._health.forget(self._loop.time())
        for endpoint, pool in list(self._pools.items()):
            pool.expire()
            if pool.empty:
                del self._pools[endpoint]
        self._sweep = None
        if self._pools or self._health:
            self._plan_sweep()


class _Loads(Mapping[Endpoint, int]):
    """Requests in flight and waiting per endpoint, as `routing.choose` wants to see them: a view, not a second book."""

    def __init__(self, pools: dict[Endpoint, Pool]) -> None:
        self._pools = pools

    def __getitem__(self, endpoint: Endpoint) -> int:
        return self._pools[endpoint].load

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self._pools)

    def __len__(self) -> int:
        return len(self._pools)
