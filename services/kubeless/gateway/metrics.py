"""
What the gateway counts.

One request changes a handful of plain numbers, found by one dictionary look-up; everything that Prometheus wants of
them is made when somebody asks. What was counted for a route or a function goes when that goes, or a cluster that lives
long would never forget a name.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"})


class _Labels(NamedTuple):
    route: str
    function: str
    method: str
    code: str
    outcome: str


@dataclass(slots=True)
class _Durations:
    """Of requests on one route to one function."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(_BUCKETS) + 1))
    total: float = 0.0


@dataclass(slots=True)
class Series:
    """Requests that are alike in all labels."""

    durations: _Durations
    count: int = 0
    forgotten: bool = False
    """Whether nobody asks for it any more."""

    def add(self, seconds: float) -> None:
        """One more, which took so long."""
        self.count += 1
        durations = self.durations
        durations.buckets[bisect_left(_BUCKETS, seconds)] += 1
        durations.total += seconds


class GatewayMetrics(Collector):
    """
    Labels: `route` and `function` are `namespace/name`, empty where none was found; `method` is `other` for those that
    RFC 9110 does not know; `code` is the status, `none` if the client got no answer.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.in_flight: Callable[[], int] = int
        """Tells how many requests are under way; replaced by who knows, as the next."""
        self.queued: Callable[[], int] = int
        """Tells how many of them wait for their turn."""
        self.on_forgotten: Callable[[str, str], None] = _nobody
        """Told of a label and its value that are forgotten; replaced by who counts further."""
        self._series: dict[tuple[str, str, str, int, str], Series] = {}
        self._durations: dict[tuple[str, str], _Durations] = {}
        self._refused: dict[int, int] = {}
        registry.register(self)

    def ended(self, *, route: str, function: str, method: str, status: int, outcome: str, seconds: float) -> None:
        """Count one request. `status` 0: the client got no answer."""
        self.series(route=route, function=function, method=method, status=status, outcome=outcome).add(seconds)

    def series(self, *, route: str, function: str, method: str, status: int, outcome: str) -> Series:
        """Where requests with these labels are counted, until the route or the function is forgotten."""
        key = (route, function, method, status, outcome)
        series = self._series.get(key)
        return self._first(key) if series is None else series

    def refused(self, status: int) -> None:
        """Count something that was no request, by the status it was answered with."""
        self._refused[status] = self._refused.get(status, 0) + 1

    def forget_route(self, route: str) -> None:
        """Drop what was counted for a route that is gone."""
        self._forget(0, route)
        self.on_forgotten("route", route)

    def forget_function(self, function: str) -> None:
        """Drop what was counted for a function that is gone."""
        self._forget(1, function)
        self.on_forgotten("function", function)

    def collect(self) -> Iterator[Metric]:
        """Called from another thread than the loop's: only reads, and copies at once what may grow meanwhile."""
        requests = CounterMetricFamily(
            "kubeless_gateway_requests",
            "Requests by how they ended; each ends in exactly one outcome.",
            labels=_Labels._fields,
        )
        for (route, function, method, status, outcome), series in list(self._series.items()):
            requests.add_metric(_Labels(route, function, method, str(status or "none"), outcome), series.count)
        yield requests
        refused = CounterMetricFamily(
            "kubeless_gateway_refused", "What clients sent that was no request, by its answer.", labels=["code"]
        )
        for status, count in list(self._refused.items()):
            refused.add_metric([str(status)], count)
        yield refused
        durations = HistogramMetricFamily(
            "kubeless_gateway_request_duration_seconds",
            "From the request's head to the end of its answer.",
            labels=["route", "function"],
        )
        for labels, each in list(self._durations.items()):
            durations.add_metric(labels, _cumulated(each.buckets), each.total)
        yield durations
        yield GaugeMetricFamily("kubeless_gateway_requests_in_flight", "Requests being answered.", self.in_flight())
        yield GaugeMetricFamily(
            "kubeless_gateway_requests_queued", "Requests that wait for a place on their route.", self.queued()
        )

    def _first(self, key: tuple[str, str, str, int, str]) -> Series:
        route, function, method, status, outcome = key
        if method not in _METHODS:
            # Whatever clients make up must not become names that are kept.
            key = (route, function, "other", status, outcome)
        series = self._series.get(key)
        if series is None:
            durations = self._durations.setdefault((route, function), _Durations())
            series = self._series[key] = Series(durations)
        return series

    def _forget(self, position: int, name: str) -> None:
        for key in [key for key in self._series if key[position] == name]:
            self._series.pop(key).forgotten = True
        for pair in [pair for pair in self._durations if pair[position] == name]:
            del self._durations[pair]


def _nobody(_label: str, _value: str) -> None:
    """Nobody counts further."""


def _cumulated(buckets: list[int]) -> list[tuple[str, float]]:
    """As Prometheus wants them: each bucket holds the smaller ones too."""
    result: list[tuple[str, float]] = []
    count = 0
    for bound, number in zip((*map(str, _BUCKETS), "+Inf"), list(buckets), strict=True):
        count += number
        result.append((bound, count))
    return result
