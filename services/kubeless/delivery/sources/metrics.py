"""
What a service tells Prometheus of its subscriptions, besides the fates of events, which `delivery.counters` tells.

Series are made from what exists when somebody asks, so those of a trigger go with the trigger. Labels are namespace,
trigger and function; topics, subjects and partitions are none, for their number is not ours to bound.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from kubeless.delivery.sources.pair import Pair

LABELS = ("namespace", "trigger", "function")


class Shown(NamedTuple):
    """One family of metrics."""

    name: str
    meaning: str


class Observed(Protocol):
    """A subscription."""

    @property
    def counters(self) -> Any: ...


class SubscriptionCollector(Collector):
    """The subscriptions of one service."""

    def __init__(
        self,
        pairs: Callable[[], Mapping[Pair, Observed]],
        reachable: Callable[[], bool],
        *,
        gauges: Mapping[str, Shown],
        counters: Mapping[str, Shown],
        broker: Shown,
    ) -> None:
        """
        `pairs` returns a copy: this is called from another thread than the loop's. `gauges` are attributes of a
        subscription, `counters` those of its `counters`; `broker` is whether the broker is `reachable`.
        """
        self._pairs = pairs
        self._reachable = reachable
        self._gauges = gauges
        self._counters = counters
        self._broker = broker

    def collect(self) -> Iterator[Metric]:
        pairs = self._pairs()
        for field, shown in self._gauges.items():
            gauge = GaugeMetricFamily(shown.name, shown.meaning, labels=LABELS)
            for labels, pair in pairs.items():
                gauge.add_metric(labels, getattr(pair, field))
            yield gauge
        for field, shown in self._counters.items():
            counter = CounterMetricFamily(shown.name, shown.meaning, labels=LABELS)
            for labels, pair in pairs.items():
                counter.add_metric(labels, getattr(pair.counters, field))
            yield counter
        yield GaugeMetricFamily(self._broker.name, self._broker.meaning, int(self._reachable()))

    def describe(self) -> Iterator[Metric]:
        """Nothing, so that registering does not collect."""
        return iter(())
