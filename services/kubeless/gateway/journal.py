"""What becomes of requests: every one ends in exactly one counted outcome, and perhaps in a line of the access log."""

import asyncio
import time
from dataclasses import dataclass, field

import structlog

from kubeless.gateway.accesslog import AccessLog
from kubeless.gateway.functions import Functions
from kubeless.gateway.incoming import Incoming
from kubeless.gateway.metrics import GatewayMetrics, Series
from kubeless.gateway.plans import Plan
from kubeless.gateway.requestspan import RequestSpan
from kubeless.gateway.route import Route
from kubeless.gateway.table import RouteTable

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Progress:
    """What is known of a request so far; the access log and the metrics are written from it."""

    request_id: str
    route: Route | None = None
    function: str = ""
    """`namespace/name`, or empty while none is chosen."""
    status: int = 0
    """Of the answer; 0 while there is none."""
    outcome: str = "internal_error"
    begun: float = field(default_factory=time.perf_counter)
    span: RequestSpan | None = None
    """If it is recorded."""

    @property
    def traceparent(self) -> bytes | None:
        """Of the span."""
        return None if self.span is None else self.span.traceparent

    @property
    def route_label(self) -> str:
        """The route's name, or empty."""
        return "" if self.route is None else self.route.label


class Journal:
    """Counts requests in and out; belongs to one event loop."""

    def __init__(
        self, *, routes: RouteTable, functions: Functions, metrics: GatewayMetrics, access_log: AccessLog
    ) -> None:
        self._routes = routes
        self._functions = functions
        self._metrics = metrics
        self._access_log = access_log
        self._idle = asyncio.Event()
        self.in_flight = 0
        metrics.in_flight = lambda: self.in_flight
        self.stopping = False
        """Whether each answer is to be the last of its connection."""

    def begin(self) -> None:
        """A request is under way; it must `end`."""
        self.in_flight += 1

    def end(self, incoming: Incoming, progress: Progress) -> None:
        """A request is over."""
        self._left()
        self._record(incoming, progress, time.perf_counter() - progress.begun)
        if progress.span is not None:
            progress.span.end(progress)

    def answered(self, plan: Plan, status: int, *, begun: float, request_id: bytes, peer: str) -> None:
        """A request that went as planned is over, see `end`."""
        self._left()
        seconds = time.perf_counter() - begun
        series = plan.series.get(status)
        if series is None or series.forgotten:
            series = plan.series[status] = self._series(plan, status)
        series.add(seconds)
        if self._access_log.wants(status=status, outcome="answered"):
            self._access_log.write(
                method=plan.sample.method,
                target=plan.sample.target,
                status=status,
                outcome="answered",
                seconds=seconds,
                route=plan.route.label,
                function=plan.function,
                request_id=request_id.decode("ascii"),
                peer=peer,
            )

    async def drain(self, timeout: float) -> bool:
        """Wait until nothing is under way, at most `timeout` seconds. Whether that came to be."""
        self.stopping = True
        try:
            async with asyncio.timeout(timeout):
                while self.in_flight:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            log.warning("requests are cut off", in_flight=self.in_flight, timeout=timeout)
            return False
        return True

    def _left(self) -> None:
        self.in_flight -= 1
        if not self.in_flight:
            self._idle.set()

    def _series(self, plan: Plan, status: int) -> Series:
        route, function = self._labels(plan.route, plan.function)
        return self._metrics.series(
            route=route, function=function, method=plan.sample.method, status=status, outcome="answered"
        )

    def _record(self, incoming: Incoming, progress: Progress, seconds: float) -> None:
        route, function = self._labels(progress.route, progress.function)
        self._metrics.ended(
            route=route,
            function=function,
            method=incoming.method,
            status=progress.status,
            outcome=progress.outcome,
            seconds=seconds,
        )
        if self._access_log.wants(status=progress.status, outcome=progress.outcome):
            self._access_log.write(
                method=incoming.method,
                target=incoming.target,
                status=progress.status,
                outcome=progress.outcome,
                seconds=seconds,
                route=progress.route_label,
                function=progress.function,
                request_id=progress.request_id,
                peer=incoming.peer,
            )

    def _labels(self, route: Route | None, function: str) -> tuple[str, str]:
        """Names for metrics. A route or function that went meanwhile was forgotten there and must not come back."""
        if route is None:
            return "", ""
        namespace, _, name = function.partition("/")
        known = function and self._functions.function(namespace, name) is not None
        is_trigger = self._routes.get(route.key) is not None
        return route.label if is_trigger else "", function if known else ""
