"""
What became of the events, per trigger and function, so that the sum can be checked from outside.

Each event counts once as received and meets exactly one fate (see `outcome.Fate`), so that at any moment

    received = delivered + refused + dead-lettered + dropped + released + in flight

where *in flight* is everything received that has no fate yet, waiting events included. *Refused* are events that the
function refused and that were let go, since the trigger disables dead letters; a refused event that became a dead
letter counts as that. *Released* events were given back to the source at a rebalance or a shutdown without being
acknowledged: they are received again, by us or by another replica.

The hot path adds to plain integers; series are made when somebody asks for them, in whichever thread that is.
"""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from kubeless.delivery.outcome import Answer, DropReason, Fate
from kubeless.delivery.policy import Verdict
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey

BUCKETS = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    180.0,
    600.0,
    3600.0,
)

LABELS = ("kind", "namespace", "trigger", "function")

UNSENT = "unsent"
"""The outcome of an attempt that had nowhere to go."""
UNANSWERED = "unanswered"
_OUTCOMES = {Verdict.SUCCESS: "success", Verdict.REFUSAL: "refusal", Verdict.RETRY: "failure"}


class Tally:
    """The numbers of one trigger and function. They only grow, and outlive the deliverers that add to them."""

    __slots__ = ("attempts", "buckets", "dropped", "fates", "received", "seconds")

    def __init__(self) -> None:
        self.received = 0
        self.fates = dict.fromkeys(Fate, 0)
        self.dropped = dict.fromkeys(DropReason, 0)
        self.attempts = dict.fromkeys((*_OUTCOMES.values(), UNANSWERED, UNSENT), 0)
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0

    @property
    def in_flight(self) -> int:
        """Received, and without a fate yet."""
        settled = sum(self.fates.values())
        return self.received - settled

    def attempted(self, answer: Answer, verdict: Verdict) -> None:
        """Count one attempt."""
        if answer.status is None:
            self.attempts[UNANSWERED if answer.sent else UNSENT] += 1
        else:
            self.attempts[_OUTCOMES[verdict]] += 1

    def settled(self, fate: Fate, seconds: float) -> None:
        """Count the fate of one event, which took `seconds` since it was received."""
        self.fates[fate] += 1
        self.buckets[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds

    def dropped_for(self, reason: DropReason, seconds: float) -> None:
        """Count one event that was dropped."""
        self.dropped[reason] += 1
        self.settled(Fate.DROPPED, seconds)

    def released(self, count: int = 1) -> None:
        """Count events that were given back; how long they were held says nothing, so it is not counted."""
        self.fates[Fate.RELEASED] += count


class EventCounters(Collector):
    """The tallies of one service."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._tallies: dict[tuple[TriggerRef, ObjectKey], Tally] = {}
        registry.register(self)

    def of(self, trigger: TriggerRef, function: ObjectKey) -> Tally:
        """The tally of `trigger` and `function`; always the same one until it is forgotten."""
        return self._tallies.setdefault((trigger, function), Tally())

    def forget(self, trigger: TriggerRef, function: ObjectKey) -> None:
        """Drop the series of a pair that is gone for good, or a process that lives long would never forget a name."""
        self._tallies.pop((trigger, function), None)

    def collect(self) -> Iterator[Metric]:
        # One snapshot for all families: events go on while this runs in a thread of its own.
        rows = [
            ((trigger.kind, trigger.namespace, trigger.name, function.name), _Snapshot(tally))
            for (trigger, function), tally in self._tallies.copy().items()
        ]
        yield from _fates(rows)
        yield _attempts(rows)
        yield _durations(rows)

    def describe(self) -> Iterator[Metric]:
        """Nothing, so that registering does not collect."""
        return iter(())


class _Snapshot:
    """A consistent copy: fates are read before what was received, so nothing has a fate before it was received."""

    def __init__(self, tally: Tally) -> None:
        self.dropped = dict(tally.dropped)
        self.buckets = list(tally.buckets)
        self.seconds = tally.seconds
        self.attempts = dict(tally.attempts)
        self.fates = dict(tally.fates)
        self.fates[Fate.DROPPED] = sum(self.dropped.values())
        self.received = tally.received
        self.in_flight = self.received - sum(self.fates.values())


_Rows = list[tuple[tuple[str, str, str, str], _Snapshot]]

_FATES = {
    Fate.DELIVERED: "Events that the function took.",
    Fate.REFUSED: "Events that the function refused, where dead letters are disabled.",
    Fate.DEAD_LETTERED: "Events that became dead letters.",
    Fate.RELEASED: "Events given back to the source unacknowledged, to be received again.",
}


def _fates(rows: _Rows) -> Iterator[Metric]:
    received = CounterMetricFamily("kubeless_events_received", "Events taken from the source.", labels=LABELS)
    dropped = CounterMetricFamily(
        "kubeless_events_dropped", "Events let go, as the trigger asks for.", labels=(*LABELS, "reason")
    )
    in_flight = GaugeMetricFamily("kubeless_events_in_flight", "Events received that have no fate yet.", labels=LABELS)
    for labels, tally in rows:
        received.add_metric(labels, tally.received)
        in_flight.add_metric(labels, tally.in_flight)
        for reason, count in tally.dropped.items():
            dropped.add_metric((*labels, reason.value), count)
    yield from (received, dropped, in_flight)
    for fate, meaning in _FATES.items():
        family = CounterMetricFamily(f"kubeless_events_{fate.value}", meaning, labels=LABELS)
        for labels, tally in rows:
            family.add_metric(labels, tally.fates[fate])
        yield family


def _attempts(rows: _Rows) -> Metric:
    family = CounterMetricFamily(
        "kubeless_delivery_attempts", "Attempts to deliver an event.", labels=(*LABELS, "outcome")
    )
    for labels, tally in rows:
        for outcome, count in tally.attempts.items():
            family.add_metric((*labels, outcome), count)
    return family


def _durations(rows: _Rows) -> Metric:
    family = HistogramMetricFamily(
        "kubeless_event_duration_seconds", "From receiving an event to its fate.", labels=LABELS
    )
    bounds = [*map(str, BUCKETS), "+Inf"]
    for labels, tally in rows:
        family.add_metric(labels, list(zip(bounds, accumulate(tally.buckets), strict=True)), tally.seconds)
    return family
