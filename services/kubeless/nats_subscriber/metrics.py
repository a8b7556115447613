"""What this service tells Prometheus of its subscriptions, see `delivery.sources.metrics`."""

from collections.abc import Callable, Mapping

from kubeless.delivery.sources.metrics import Observed, Shown, SubscriptionCollector
from kubeless.delivery.sources.pair import Pair


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


_GAUGES = {
    "pending": Shown("kubeless_trigger_lag", "Messages that are not acknowledged; without JetStream those held here."),
    "healthy": Shown("kubeless_trigger_consuming", "1 if messages are taken in."),
}
_COUNTERS = {
    "acks": Shown("kubeless_nats_acks", "Messages acknowledged to JetStream."),
    "naks": Shown("kubeless_nats_naks", "Messages given back to JetStream."),
    "terms": Shown("kubeless_nats_terms", "Messages ended at JetStream, since they are dead letters."),
    "redelivered": Shown("kubeless_nats_redelivered", "Messages that JetStream delivered again."),
    "replies": Shown("kubeless_nats_replies", "Replies to those who asked for one."),
    "restarts": Shown("kubeless_nats_restarts", "Sessions with the server that ended and were begun anew."),
    "stalls": Shown("kubeless_nats_stalls", "Consumers begun anew since they made no progress."),
}


def collector(pairs: Callable[[], Mapping[Pair, Observed]], reachable: Callable[[], bool]) -> SubscriptionCollector:
    """For the registry of the service."""
    broker = Shown("kubeless_nats_reachable", "1 if the server answers.")
    return SubscriptionCollector(pairs, reachable, gauges=_GAUGES, counters=_COUNTERS, broker=broker)
