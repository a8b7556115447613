"""The numbers add up, whatever happens, at every moment."""

import asyncio
import random
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from kubeless.api.delivery import Order
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.outcome import Answer, Fate
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey
from support.deliveries import FAILED, FUNCTION, NOWHERE, OK, REFUSED, TRIGGER, Engine, Letters, make_event
from support.virtualtime import run

_FATES = ("delivered", "refused", "dead_lettered", "dropped", "released")
_LABELS = {"kind": "KafkaTrigger", "namespace": "shop", "trigger": "orders", "function": "bill"}

_ANSWERS = st.lists(st.sampled_from([OK, FAILED, REFUSED, NOWHERE, Answer(503, retry_after=7.0)]), max_size=4)
_EVENTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), _ANSWERS), max_size=25)
_DISTURBANCES = st.lists(
    st.tuples(st.floats(0.1, 20.0), st.sampled_from(["release", "reorder", "wake", "redirect", "narrow", "drain"])),
    max_size=4,
)


def metric(registry: CollectorRegistry, name: str) -> float:
    """The sum of a family over the labels it has beyond those of the pair."""
    return sum(
        sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == name and _LABELS.items() <= sample.labels.items()
    )


def check(engine: Engine, offered: int) -> None:
    """The formula, by the metrics, by the deliverer and by the ledger."""
    fates = {fate: metric(engine.registry, f"kubeless_events_{fate}_total") for fate in _FATES}
    in_flight = metric(engine.registry, "kubeless_events_in_flight")
    received = metric(engine.registry, "kubeless_events_received_total")
    assert received == offered == sum(fates.values()) + in_flight
    assert in_flight == engine.tally.in_flight == engine.deliverer.in_flight + engine.deliverer.queued
    assert sum(engine.ledger.done.values()) == received - in_flight - fates["released"]
    assert engine.letters is not None
    assert len({letter.event.id for letter in engine.letters.written}) >= fates["dead_lettered"]


@settings(max_examples=60, deadline=None)
@given(
    order=st.sampled_from(["partition", "key", "none"]),
    concurrency=st.integers(1, 4),
    events=_EVENTS,
    failures=st.integers(0, 4),
    disturbances=_DISTURBANCES,
    seed=st.integers(0, 1000),
)
def test_every_event_that_was_received_has_one_fate_or_is_in_flight(
    order: Order,
    concurrency: int,
    events: list[tuple[int, int, list[Answer]]],
    failures: int,
    disturbances: list[tuple[float, str]],
    seed: int,
) -> None:
    draw = random.Random(seed).uniform  # repeatable, that is all

    async def main() -> None:
        policy = DeliveryPolicy(timeout=5.0, max_attempts=3, max_age=30.0, order=order, concurrency=concurrency)
        engine = Engine(policy, letters=Letters(failures=failures), draw=draw)
        async with engine.deliverer:
            for number, (key, partition, answers) in enumerate(events):
                engine.function.will(str(number), *answers)
                engine.offer(str(number), key=b"%d" % key if key else None, partition=partition)
                check(engine, number + 1)
            for after, what in disturbances:
                await watch(engine, after, len(events))
                await disturb(engine, policy, what)
                check(engine, len(events))
            await watch(engine, 3.0, len(events))
        check(engine, len(events))
        assert engine.tally.in_flight == 0

    run(main())


async def watch(engine: Engine, seconds: float, offered: int) -> None:
    """Let time pass, and look again and again."""
    until = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < until:
        await asyncio.sleep(0.7)
        check(engine, offered)


async def disturb(engine: Engine, policy: DeliveryPolicy, what: str) -> None:
    if what == "release":
        await engine.deliverer.release({0, 1}, timeout=0.5)
    elif what == "reorder":
        engine.deliverer.update(DeliveryPolicy(timeout=5.0, order="partition", concurrency=3))
    elif what == "narrow":
        engine.deliverer.update(policy)
    elif what == "wake":
        engine.deliverer.wake()
    elif what == "redirect":
        engine.deliverer.redirect(None)
    else:
        await engine.deliverer.drain(0.5)


def test_numbers_outlive_a_deliverer_and_go_when_the_pair_is_forgotten() -> None:
    counters = EventCounters(registry := CollectorRegistry())
    counters.of(TRIGGER, FUNCTION).received += 1
    counters.of(TRIGGER, FUNCTION).settled(Fate.DELIVERED, 0.02)
    assert metric(registry, "kubeless_events_received_total") == 1
    assert metric(registry, "kubeless_events_delivered_total") == 1
    counters.forget(TRIGGER, FUNCTION)
    assert b"shop" not in generate_latest(registry)


def test_pairs_are_counted_apart() -> None:
    counters = EventCounters(registry := CollectorRegistry())
    counters.of(TRIGGER, FUNCTION).received += 1
    counters.of(TriggerRef("NATSTrigger", "shop", "orders"), FUNCTION).received += 2
    counters.of(TRIGGER, ObjectKey("shop", "other")).received += 3
    assert metric(registry, "kubeless_events_received_total") == 1


def test_durations_are_a_histogram_as_prometheus_wants_it() -> None:
    counters = EventCounters(registry := CollectorRegistry())
    tally = counters.of(TRIGGER, FUNCTION)
    for seconds in (0.001, 0.0011, 5000.0):
        tally.settled(Fate.DELIVERED, seconds)
    lines = generate_latest(registry).decode().splitlines()
    buckets = [line.rsplit(" ", 1)[1] for line in lines if line.startswith("kubeless_event_duration_seconds_bucket")]
    assert buckets[:2] == ["1.0", "2.0"]
    assert buckets[-2:] == ["2.0", "3.0"]
    assert any(line.startswith("kubeless_event_duration_seconds_count") and line.endswith(" 3.0") for line in lines)


def test_sparse_counters_leave_out_what_never_happened_and_have_one_histogram() -> None:
    counters = EventCounters(registry := CollectorRegistry(), sparse=True)
    for trigger, fate in (("orders", Fate.DELIVERED), ("bills", Fate.DEAD_LETTERED)):
        tally = counters.of(TriggerRef("CronJobTrigger", "shop", trigger), FUNCTION)
        tally.received += 1
        tally.settled(fate, 0.02)
    lines = [each for each in generate_latest(registry).decode().splitlines() if not each.startswith("#")]
    labels = '{function="bill",kind="CronJobTrigger",namespace="shop",trigger="%s"}'
    assert [each for each in lines if "duration" not in each] == [
        "kubeless_events_received_total" + labels % "orders" + " 1.0",
        "kubeless_events_received_total" + labels % "bills" + " 1.0",
        "kubeless_events_delivered_total" + labels % "orders" + " 1.0",
        "kubeless_events_delivered_total" + labels % "bills" + " 0.0",
        "kubeless_events_dead_lettered_total" + labels % "bills" + " 1.0",
    ]
    assert "kubeless_event_duration_seconds_count 2.0" in lines


def test_families_may_be_collected_before_they_are_written() -> None:
    counters = EventCounters(registry := CollectorRegistry())
    counters.of(TRIGGER, FUNCTION).received += 1
    families = list(registry.collect())
    assert all(each.name.startswith(family.name) for family in families for each in family.samples)


def test_attempts_are_counted_by_how_they_went() -> None:
    async def main() -> Engine:
        engine = Engine(DeliveryPolicy(timeout=1.0))
        engine.function.will("a", NOWHERE, FAILED, Answer(None, "connection lost"), OK)
        async with engine.deliverer:
            engine.deliverer.offer(make_event("a"), engine.ledger.entry("a"))
            await engine.idle()
        return engine

    engine = run(main())
    assert nonzero(engine.tally.attempts.items()) == {"success": 1, "failure": 1, "unanswered": 1, "unsent": 1}


def nonzero(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    return {name: count for name, count in counts if count}
