"""
What this service tells Prometheus besides the fates of events, which `delivery.counters` tells.

Series are made from what exists when somebody asks, so those of a trigger go with the trigger. Labels are namespace,
trigger and function; partitions are none, for their number is not ours to bound.
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

    __slots__ = ("commit_failures", "commits", "offset_resets", "rebalances", "restarts", "stalls")

    def __init__(self) -> None:
        self.rebalances = 0
        self.commits = 0
        self.commit_failures = 0
        self.offset_resets = 0
        self.restarts = 0
        self.stalls = 0


class Observed(Protocol):
    """What is shown of one trigger and function."""

    counters: PairCounters

    @property
    def lag(self) -> int: ...

    @property
    def assigned(self) -> int: ...

    @property
    def healthy(self) -> bool: ...


_COUNTERS = {
    "rebalances": ("kubeless_kafka_rebalances", "Assignments of partitions."),
    "commits": ("kubeless_kafka_commits", "Commits of offsets."),
    "commit_failures": ("kubeless_kafka_commit_failures", "Commits that the broker did not take."),
    "offset_resets": ("kubeless_kafka_offset_resets", "Partitions started anew since the broker lacked the offset."),
    "restarts": ("kubeless_kafka_consumer_restarts", "Sessions with the broker that failed and were begun anew."),
    "stalls": ("kubeless_kafka_consumer_stalls", "Consumers made anew since they made no progress."),
}


class KafkaCollector(Collector):
    """The consumers of one service."""

    def __init__(self, pairs: Callable[[], Mapping[Pair, Observed]], reachable: Callable[[], bool]) -> None:
        """`pairs` returns a copy: this is called from another thread than the loop's."""
        self._pairs = pairs
        self._reachable = reachable

    def collect(self) -> Iterator[Metric]:
        pairs = self._pairs()
        lag = GaugeMetricFamily(
            "kubeless_trigger_lag", "Records of partitions consumed here that are not acknowledged.", labels=LABELS
        )
        assigned = GaugeMetricFamily("kubeless_trigger_partitions", "Partitions consumed here.", labels=LABELS)
        healthy = GaugeMetricFamily("kubeless_trigger_consuming", "1 if the consumer is in its group.", labels=LABELS)
        for labels, pair in pairs.items():
            lag.add_metric(labels, pair.lag)
            assigned.add_metric(labels, pair.assigned)
            healthy.add_metric(labels, pair.healthy)
        yield from (lag, assigned, healthy)
        for field, (name, meaning) in _COUNTERS.items():
            family = CounterMetricFamily(name, meaning, labels=LABELS)
            for labels, pair in pairs.items():
                family.add_metric(labels, getattr(pair.counters, field))
            yield family
        yield GaugeMetricFamily("kubeless_kafka_reachable", "1 if the brokers answer.", int(self._reachable()))

    def describe(self) -> Iterator[Metric]:
        """Nothing, so that registering does not collect."""
        return iter(())
