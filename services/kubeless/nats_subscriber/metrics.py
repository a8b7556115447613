"""
What this service tells Prometheus besides the fates of events, which `delivery.counters` tells.

Series are made from what exists when somebody asks, so those of a trigger go with the trigger. Labels are namespace,
trigger and function; subjects are none, for their number is not ours to bound.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from kubeless.delivery.sources.pair import Pair

LABELS = ("namespace", "trigger", "function")


class PairCounters:
    """Numbers of one trigger and function; they only grow."""

    __slots__ = ("acks", "naks", "redelivered", "replies", "restarts", "stalls", "terms")

    def __init__(self) -> None:
        self.acks = 0
        self.naks = 0
        self.terms = 0
        self.redelivered = 0
        self.replies = 0
        self.restarts = 0
        self.stalls = 0


class Observed(Protocol):
    """What is shown of one trigger and function."""

    counters: PairCounters

    @property
    def pending(self) -> int: ...

    @property
    def healthy(self) -> bool: ...


_COUNTERS = {
    "acks": ("kubeless_nats_acks", "Messages acknowledged to JetStream."),
    "naks": ("kubeless_nats_naks", "Messages given back to JetStream."),
    "terms": ("kubeless_nats_terms", "Messages ended at JetStream, since they are dead letters."),
    "redelivered": ("kubeless_nats_redelivered", "Messages that JetStream delivered again."),
    "replies": ("kubeless_nats_replies", "Replies to those who asked for one."),
    "restarts": ("kubeless_nats_restarts", "Sessions with the server that ended and were begun anew."),
    "stalls": ("kubeless_nats_stalls", "Consumers begun anew since they made no progress."),
}


class NatsCollector(Collector):
    """The subscriptions of one service."""

    def __init__(self, pairs: Callable[[], Mapping[Pair, Observed]], reachable: Callable[[], bool]) -> None:
        """`pairs` returns a copy: this is called from another thread than the loop's."""
        self._pairs = pairs
        self._reachable = reachable

    def collect(self) -> Iterator[Metric]:
        pairs = self._pairs()
        lag = GaugeMetricFamily(
            "kubeless_trigger_lag",
            "Messages that are not acknowledged; without JetStream those held here.",
            labels=LABELS,
        )
        healthy = GaugeMetricFamily("kubeless_trigger_consuming", "1 if messages are taken in.", labels=LABELS)
        for labels, pair in pairs.items():
            lag.add_metric(labels, pair.pending)
            healthy.add_metric(labels, pair.healthy)
        yield from (lag, healthy)
        for field, (name, meaning) in _COUNTERS.items():
            family = CounterMetricFamily(name, meaning, labels=LABELS)
            for labels, pair in pairs.items():
                family.add_metric(labels, getattr(pair.counters, field))
            yield family
        yield GaugeMetricFamily("kubeless_nats_reachable", "1 if the server answers.", int(self._reachable()))

    def describe(self) -> Iterator[Metric]:
        """Nothing, so that registering does not collect."""
        return iter(())
