"""What this service tells Prometheus of its consumers, see `delivery.sources.metrics`."""

from collections.abc import Callable, Mapping

from kubeless.delivery.sources.metrics import Observed, Shown, SubscriptionCollector
from kubeless.delivery.sources.pair import Pair


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


_GAUGES = {
    "lag": Shown("kubeless_trigger_lag", "Records of partitions consumed here that are not acknowledged."),
    "assigned": Shown("kubeless_trigger_partitions", "Partitions consumed here."),
    "healthy": Shown("kubeless_trigger_consuming", "1 if the consumer is in its group."),
}
_COUNTERS = {
    "rebalances": Shown("kubeless_kafka_rebalances", "Assignments of partitions."),
    "commits": Shown("kubeless_kafka_commits", "Commits of offsets."),
    "commit_failures": Shown("kubeless_kafka_commit_failures", "Commits that the broker did not take."),
    "offset_resets": Shown(
        "kubeless_kafka_offset_resets", "Partitions started anew since the broker lacked the offset."
    ),
    "restarts": Shown("kubeless_kafka_consumer_restarts", "Sessions with the broker that failed and were begun anew."),
    "stalls": Shown("kubeless_kafka_consumer_stalls", "Consumers made anew since they made no progress."),
}


def collector(pairs: Callable[[], Mapping[Pair, Observed]], reachable: Callable[[], bool]) -> SubscriptionCollector:
    """For the registry of the service."""
    broker = Shown("kubeless_kafka_reachable", "1 if the brokers answer.")
    return SubscriptionCollector(pairs, reachable, gauges=_GAUGES, counters=_COUNTERS, broker=broker)
