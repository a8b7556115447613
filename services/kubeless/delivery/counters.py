"""
What became of the events, per trigger and function, so that the sum can be checked from outside.

Each event counts once as received and meets exactly one fate (see `outcome.Fate`), so that at any moment

    received = delivered + refused + dead-lettered + dropped + released + in flight

where *in flight* is everything received that has no fate yet, waiting events included. *Refused* are events that the
function refused and that were let go, since the trigger disables dead letters; a refused event that became a dead
letter counts as that. *Released* events were given back to the source at a rebalance or a shutdown without being
acknowledged: they are received again, by us or by another replica.

The hot path adds to plain integers; series are made when somebody asks for them, in whichever thread that is. They are
made one by one while they are written, so that no more than one of them is in memory, and with a pause now and then:
whoever writes a hundred thousand of them must not keep the loop from its work meanwhile.
"""

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Literal, TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import Sample
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

SPELL = 100
"""Series that are written between two pauses: about a millisecond."""
PAUSE = 0.001
"""Seconds."""

UNSENT = "unsent"
"""The outcome of an attempt that had nowhere to go."""
UNANSWERED = "unanswered"
_OUTCOMES = {Verdict.SUCCESS: "success", Verdict.REFUSAL: "refusal", Verdict.RETRY: "failure"}


class Durations:
    """How long events took: a histogram."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """Count one event."""
        self.buckets[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds


class Tally:
    """The numbers of one trigger and function. They only grow, and outlive the deliverers that add to them."""

    __slots__ = ("attempts", "dropped", "durations", "fates", "received")

    def __init__(self, durations: Durations | None = None) -> None:
        """`durations` may be shared with other tallies; by default they are this one's own."""
        self.received = 0
        self.fates = dict.fromkeys(Fate, 0)
        self.dropped = dict.fromkeys(DropReason, 0)
        self.attempts = dict.fromkeys((*_OUTCOMES.values(), UNANSWERED, UNSENT), 0)
        self.durations = durations or Durations()

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
        self.durations.add(seconds)

    def dropped_for(self, reason: DropReason, seconds: float) -> None:
        """Count one event that was dropped."""
        self.dropped[reason] += 1
        self.settled(Fate.DROPPED, seconds)

    def released(self, count: int = 1) -> None:
        """Count events that were given back; how long they were held says nothing, so it is not counted."""
        self.fates[Fate.RELEASED] += count


class EventCounters(Collector):
    """The tallies of one service."""

    def __init__(self, registry: CollectorRegistry, *, sparse: bool = False) -> None:
        """
        `sparse` is for services with thousands of triggers, each of which has few events: series that are 0 are left
        out but for what was received and delivered, and one histogram holds the durations of all.
        """
        self._tallies: dict[tuple[TriggerRef, ObjectKey], Tally] = {}
        self._shared = Durations() if sparse else None
        registry.register(self)

    def of(self, trigger: TriggerRef, function: ObjectKey) -> Tally:
        """The tally of `trigger` and `function`; always the same one until it is forgotten."""
        tally = self._tallies.get((trigger, function))
        if tally is None:
            tally = self._tallies[trigger, function] = Tally(self._shared)
        return tally

    def forget(self, trigger: TriggerRef, function: ObjectKey) -> None:
        """Drop the series of a pair that is gone for good, or a process that lives long would never forget a name."""
        self._tallies.pop((trigger, function), None)

    def collect(self) -> Iterator[Metric]:
        # One snapshot for all families: events go on while this runs in a thread of its own.
        pairs = self._tallies.copy().items()
        rows = [_Snapshot(trigger, function, tally) for (trigger, function), tally in _unhurried(pairs)]
        sparse = self._shared is not None
        yield from _fates(rows, sparse=sparse)
        yield _attempts(rows, sparse=sparse)
        yield _durations([({}, self._shared)] if self._shared else [(row.labels, row.durations) for row in rows])

    def describe(self) -> Iterator[Metric]:
        """Nothing, so that registering does not collect."""
        return iter(())


_Labels = dict[str, str]
_T = TypeVar("_T")


class _Snapshot:
    """A consistent copy: fates are read before what was received, so nothing has a fate before it was received."""

    __slots__ = ("attempts", "dropped", "durations", "fates", "in_flight", "labels", "received")

    def __init__(self, trigger: TriggerRef, function: ObjectKey, tally: Tally) -> None:
        self.labels = {
            "kind": trigger.kind,
            "namespace": trigger.namespace,
            "trigger": trigger.name,
            "function": function.name,
        }
        self.dropped = tally.dropped.copy()
        self.durations = tally.durations
        self.attempts = tally.attempts.copy()
        self.fates = tally.fates.copy()
        self.fates[Fate.DROPPED] = sum(self.dropped.values())
        self.received = tally.received
        self.in_flight = self.received - sum(self.fates.values())


class _Family(Metric):
    """A family whose samples are made while it is written, once."""

    def __init__(
        self, name: str, meaning: str, kind: Literal["counter", "gauge", "histogram"], samples: Iterable[Sample]
    ) -> None:
        super().__init__(name, meaning, kind)
        self.samples = _unhurried(samples)  # type: ignore[assignment]  # whoever writes them only iterates


def _unhurried(items: Iterable[_T]) -> Iterator[_T]:
    """The items, with pauses in which other threads run."""
    for number, item in enumerate(items, 1):
        yield item
        if number % SPELL == 0:
            time.sleep(PAUSE)


_FATES = {
    Fate.DELIVERED: "Events that the function took.",
    Fate.REFUSED: "Events that the function refused, where dead letters are disabled.",
    Fate.DEAD_LETTERED: "Events that became dead letters.",
    Fate.RELEASED: "Events given back to the source unacknowledged, to be received again.",
}


def _fates(rows: list[_Snapshot], *, sparse: bool) -> Iterator[Metric]:
    received = ((row.labels, row.received) for row in rows)
    yield _counter("kubeless_events_received", "Events taken from the source.", received)
    dropped = (
        ({**row.labels, "reason": reason.value}, count)
        for row in rows
        for reason, count in row.dropped.items()
        if count or not sparse
    )
    yield _counter("kubeless_events_dropped", "Events let go, as the trigger asks for.", dropped)
    name = "kubeless_events_in_flight"
    in_flight = (Sample(name, row.labels, row.in_flight) for row in rows if row.in_flight or not sparse)
    yield _Family(name, "Events received that have no fate yet.", "gauge", in_flight)
    for fate, meaning in _FATES.items():
        yield _fate(fate, meaning, rows, sparse=sparse and fate is not Fate.DELIVERED)


def _fate(fate: Fate, meaning: str, rows: list[_Snapshot], *, sparse: bool) -> Metric:
    counts = ((row.labels, row.fates[fate]) for row in rows if row.fates[fate] or not sparse)
    return _counter(f"kubeless_events_{fate.value}", meaning, counts)


def _attempts(rows: list[_Snapshot], *, sparse: bool) -> Metric:
    counts = (
        ({**row.labels, "outcome": outcome}, count)
        for row in rows
        for outcome, count in row.attempts.items()
        if count or not sparse
    )
    return _counter("kubeless_delivery_attempts", "Attempts to deliver an event.", counts)


def _counter(name: str, meaning: str, counts: Iterable[tuple[_Labels, int]]) -> Metric:
    return _Family(name, meaning, "counter", (Sample(f"{name}_total", labels, count) for labels, count in counts))


def _durations(rows: Iterable[tuple[_Labels, Durations]]) -> Metric:
    name = "kubeless_event_duration_seconds"
    samples = (sample for labels, durations in rows for sample in _histogram(name, labels, durations))
    return _Family(name, "From receiving an event to its fate.", "histogram", samples)


def _histogram(name: str, labels: _Labels, durations: Durations) -> Iterator[Sample]:
    counts = list(accumulate(durations.buckets))
    for bound, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True):
        yield Sample(f"{name}_bucket", {**labels, "le": bound}, count)
    yield Sample(f"{name}_count", labels, counts[-1])
    yield Sample(f"{name}_sum", labels, durations.seconds)
