"""Decisions without I/O: where to begin, what to take, what runs, what is stalled, what the status says."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.sources.conditions import PairFacts
from kubeless.delivery.sources.pair import Pair
from kubeless.delivery.sources.subscription import State
from kubeless.kafka_consumer import intake, startfrom
from kubeless.kafka_consumer.conditions import Facts, desired_status
from kubeless.kafka_consumer.partitions import Partitions
from kubeless.kafka_consumer.progress import Progress
from kubeless.kafka_consumer.startfrom import StartRule
from kubeless.kafka_consumer.triggers import TriggerRecord, read_trigger
from kubeless.kafka_consumer.wanted import Want, group_of, want
from kubeless.kafka_consumer.watchdog import LOOKS, StallWatch
from kubeless.routing.functions import FunctionRecord

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONSUMING = State("Consuming", "consuming 1 partitions", healthy=True)


def trigger(**spec: Any) -> TriggerRecord:
    obj: JsonObject = {
        "metadata": {
            "name": "orders",
            "namespace": "shop",
            "generation": 3,
            "creationTimestamp": "2026-01-01T00:00:10Z",
        },
        "spec": {"topic": "t", "functionSelector": {"matchLabels": {"app": "x"}}} | spec,
    }
    return read_trigger(obj)


def function(**labels: str) -> FunctionRecord:
    return FunctionRecord("shop", "greet", labels, timeout=5.0, port=8080, generation=1, created=99.0)


def wants(record: TriggerRecord) -> Want:
    assert record.spec is not None
    return want(record, record.spec, function(app="x"))


# Where to begin.


@pytest.mark.parametrize(
    ("start", "began", "expected"),
    [
        ("earliest", None, "earliest"),
        ("earliest", 5.0, "earliest"),
        ("trigger", None, 20.0),
        ("trigger", 5.0, 20.0),
        ("latest", None, "latest"),
        ("latest", 5.0, 5.0),
        (NOW, None, NOW.timestamp()),
    ],
)
def test_where_a_group_begins(start: Any, began: float | None, expected: object) -> None:
    assert startfrom.decide(StartRule(start, trigger_created=10.0, function_created=20.0), began=began) == expected


def test_the_time_a_group_began_survives_in_its_commits() -> None:
    assert startfrom.read_began(["", startfrom.note(12.5), "of another client", startfrom.note(11.25)]) == 11.25
    assert startfrom.read_began(["", "kubeless-began=nonsense"]) is None


# What to take.


def held(*pending: int, limit: int = 1000) -> dict[int, Progress]:
    found = {}
    for partition, count in enumerate(pending):
        progress = Progress(0, limit=limit)
        for offset in range(count):
            progress.take(offset)
        found[partition] = progress
    return found


def take(progress: dict[int, Progress], order: Any, *, free: int) -> intake.Intake:
    capacity = free + sum(each.pending for each in progress.values())
    bounds = intake.bounds(order, capacity=capacity, partitions=len(progress))
    return intake.decide(progress, bounds, free=free)


def test_nothing_is_taken_while_there_is_little_room() -> None:
    assert take(held(300, 0), "key", free=20).partitions == []


def test_a_partition_with_a_backlog_leaves_room_for_the_others() -> None:
    assert take(held(64, 0), "partition", free=256).partitions == [1]


def test_without_order_by_partition_one_partition_may_have_all_the_room() -> None:
    assert take(held(100), "none", free=220) == intake.Intake([0], 220)


def test_a_partition_at_its_bound_is_left_alone() -> None:
    assert take(held(10, 0, limit=10), "key", free=100).partitions == [1]


@pytest.mark.parametrize("order", ["partition", "key", "none"])
@pytest.mark.parametrize("partitions", [1, 3, 1000])
def test_something_is_taken_whenever_all_is_done(order: Any, partitions: int) -> None:
    found = take(held(*[0] * partitions), order, free=2)
    assert found.partitions
    assert found.limit >= 1


# Partitions across rebalances.


def test_a_partition_that_comes_back_goes_on_and_a_lost_one_is_deaf() -> None:
    partitions = Partitions(limit=10, moved=lambda _: None)
    stays, goes = partitions.begin(0, 0), partitions.begin(1, 0)
    for one in (stays, goes):
        one.progress.take(0)
    partitions.part()
    assert partitions.resume(0, 0) is stays
    partitions.forget_parted()
    goes.done(0)
    stays.done(0)
    assert (stays.progress.committable, goes.progress.committable) == (1, 0)


def test_a_partition_another_member_has_worked_on_is_begun_where_that_one_ended() -> None:
    partitions = Partitions(limit=10, moved=lambda _: None)
    before = partitions.begin(0, 0)
    before.progress.take(0)
    partitions.part()
    after = partitions.resume(0, 5)
    before.done(0)
    assert (after.progress.position, after.progress.committable) == (5, 5)


# What should run.


def test_a_selected_function_gets_a_consumer_with_the_names_of_old() -> None:
    wanted = wants(trigger())
    assert wanted.rule == StartRule("trigger", 1767225610.0, 99.0)
    assert wanted.letters == "t.shop.orders.dlq"
    assert wanted.policy.order == "partition"
    assert group_of(Pair("shop", "orders", "greet"), "t") == "shop_orders_greet_t"


def test_dead_letters_go_where_the_trigger_says_or_nowhere() -> None:
    def letters(**delivery: Any) -> str:
        return wants(trigger(delivery={"deadLetter": delivery})).letters

    assert letters(topic="elsewhere") == "elsewhere"
    assert letters(disabled=True) == ""


# Stalls.


def looks(watch: StallWatch, ends: list[int], position: int = 5, *, wanting: bool = True) -> list[int]:
    stalled: list[int] = []
    for end in ends:
        stalled = watch.look({0: position}, {0: end}, wanting=[0] if wanting else [])
    return stalled


def test_records_that_do_not_arrive_are_a_stall() -> None:
    assert looks(StallWatch(), [6, 7, 8, 9][: LOOKS + 1]) == [0]


def test_an_idle_partition_is_none() -> None:
    assert looks(StallWatch(), [5] * 10) == []


def test_a_partition_without_room_is_none() -> None:
    assert looks(StallWatch(), [6, 7, 8, 9, 10], wanting=False) == []


def test_an_end_beyond_the_position_that_does_not_move_is_none() -> None:
    assert looks(StallWatch(), [7] * 10) == []


# Status.


def facts(record: TriggerRecord | None = None, **more: Any) -> Facts:
    known = Facts(
        trigger=record or trigger(),
        broker_asked=True,
        broker_problem="",
        pairs={"greet": PairFacts(CONSUMING, "", "")},
        functions=("greet",),
        partitions=2,
        lag=7,
    )
    return replace(known, **more)


def conditions(status: JsonObject) -> dict[str, tuple[str, str]]:
    return {each["type"]: (each["status"], each["reason"]) for each in status["conditions"]}


def test_a_trigger_that_consumes_is_ready_and_says_how_far_it_is() -> None:
    status = desired_status(facts(), now=NOW)
    assert (status["observedGeneration"], status["functions"]) == (3, ["greet"])
    assert (status["assignedPartitions"], status["lag"], status["lastError"]) == (2, 7, "")
    assert conditions(status) == {
        "Ready": ("True", "Consuming"),
        "BrokerReachable": ("True", "Reachable"),
        "DeadLetterWritable": ("True", "Writable"),
        "Suspended": ("False", "Active"),
    }


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (facts(trigger(suspend=True)), "Suspended"),
        (facts(trigger(topic="")), "InvalidSpec"),
        (facts(functions=(), pairs={}), "NoFunctions"),
        (facts(broker_problem="away"), "BrokerUnavailable"),
        (facts(pairs={}), "Starting"),
        (facts(pairs={"greet": PairFacts(CONSUMING, "no topic", "")}), "DeadLetterNotWritable"),
        (facts(pairs={"greet": PairFacts(State("TopicNotFound", "m", healthy=False), "", "")}), "TopicNotFound"),
    ],
)
def test_why_a_trigger_is_not_ready(known: Facts, reason: str) -> None:
    assert conditions(desired_status(known, now=NOW))["Ready"] == ("False", reason)


def test_nobody_claims_that_kafka_answers_before_it_was_asked() -> None:
    assert conditions(desired_status(facts(broker_asked=False), now=NOW))["BrokerReachable"] == ("Unknown", "NotAsked")


def test_numbers_the_broker_does_not_tell_stay() -> None:
    before = desired_status(facts(), now=NOW)
    record = replace(trigger(), status=before)
    assert desired_status(facts(record, partitions=None, lag=None), now=datetime.now(tz=UTC)) == before
