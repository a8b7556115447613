"""
What the gateway counts.

Making a labelled child costs more than routing a request, so children are kept here; they go when their route or
function goes, or a cluster that lives long would never forget a name.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0)

_Labels = tuple[str, str, str, str]


class GatewayMetrics:
    """
    Labels: `route` and `function` are `namespace/name`, empty where none was found; `status` is a class such as `2xx`.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "kubeless_gateway_requests",
            "Requests by how they ended; each ends in exactly one outcome.",
            ["route", "function", "status", "outcome"],
            registry=registry,
        )
        self._duration = Histogram(
            "kubeless_gateway_request_duration_seconds",
            "From the request's head to the end of its answer.",
            ["route", "function"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.in_flight = Gauge("kubeless_gateway_requests_in_flight", "Requests being answered.", registry=registry)
        self._counters: dict[_Labels, Counter] = {}
        self._histograms: dict[tuple[str, str], Histogram] = {}

    def ended(self, *, route: str, function: str, status: int, outcome: str, seconds: float) -> None:
        """Count one request. `status` 0: the client got no answer."""
        labels = (route, function, f"{status // 100}xx" if status else "none", outcome)
        counter = self._counters.get(labels)
        if counter is None:
            counter = self._counters[labels] = self._requests.labels(*labels)
        counter.inc()
        histogram = self._histograms.get((route, function))
        if histogram is None:
            histogram = self._histograms[route, function] = self._duration.labels(route, function)
        histogram.observe(seconds)

    def forget_route(self, route: str) -> None:
        """Drop what was counted for a route that is gone."""
        self._forget(0, route)

    def forget_function(self, function: str) -> None:
        """Drop what was counted for a function that is gone."""
        self._forget(1, function)

    def _forget(self, position: int, name: str) -> None:
        for labels in [labels for labels in self._counters if labels[position] == name]:
            del self._counters[labels]
            self._requests.remove(*labels)
        for pair in [pair for pair in self._histograms if pair[position] == name]:
            del self._histograms[pair]
            self._duration.remove(*pair)
