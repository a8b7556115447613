"""Names, subjects, consumers, pulling and stalls: decided without a server."""

import asyncio
from dataclasses import replace

import pytest

from kubeless.api.errors import InvalidObject
from kubeless.api.natssubject import covers, overlap, subject_problem
from kubeless.api.natstrigger import parse_nats_trigger
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.sources.pair import Pair
from kubeless.nats_subscriber.claims import Claims
from kubeless.nats_subscriber.consumers import MARK, ConsumerPlan, ack_wait, check_stream, new_config, wanted_config
from kubeless.nats_subscriber.foreign import ask
from kubeless.nats_subscriber.held import Holding
from kubeless.nats_subscriber.intake import Trouble
from kubeless.nats_subscriber.names import MAX_CONSUMER, consumer_name, queue_group
from kubeless.nats_subscriber.pins import Pin, forsaken
from kubeless.nats_subscriber.pulling import Limits, Pulling, Signal, judge
from kubeless.nats_subscriber.stallwatch import StallWatch
from kubeless.nats_subscriber.stream import nak

PLAN = ConsumerPlan(
    stream="ORDERS",
    name="c",
    topic="orders.*",
    owner="shop/orders/greet",
    order="partition",
    concurrency=8,
    since=0.0,
    ack_wait=30.0,
    expiry=0.0,
    pinned=True,
)


@pytest.mark.parametrize(
    ("subject", "problem"),
    [
        ("orders.new", ""),
        ("orders.*.new.>", ""),
        (">", ""),
        ("", "is empty"),
        ("orders new", "white space"),
        ("orders\tnew", "white space"),
        ("orders\x00", "control"),
        (".orders", "empty token"),
        ("orders..new", "empty token"),
        ("orders.n*", "within a token"),
        ("orders.>.new", "before its end"),
        ("o" * 513, "more than 512"),
    ],
)
def test_subjects_are_checked(subject: str, problem: str) -> None:
    found = subject_problem(subject, wildcards=True)
    assert problem in found
    assert bool(found) == bool(problem)


def test_a_bad_subject_is_refused_with_field_and_remedy() -> None:
    with pytest.raises(InvalidObject, match=r"topic.*white space.*dots"):
        parse_nats_trigger({"spec": {"topic": "a b", "functionSelector": {}}})
    letter = {"deadLetter": {"subject": "a.*"}}
    with pytest.raises(InvalidObject, match=r"subject.*wildcard"):
        parse_nats_trigger({"spec": {"topic": "a", "functionSelector": {}, "delivery": letter}})


@pytest.mark.parametrize("field", ["stream", "durable"])
def test_a_name_that_jetstream_does_not_take_is_refused_in_words(field: str) -> None:
    spec = {"topic": "a", "functionSelector": {}, "stream": "S"} | {field: "a.b"}
    with pytest.raises(InvalidObject, match=rf"spec.{field}: is no name in JetStream, got 'a.b'; .*without.* dots"):
        parse_nats_trigger({"spec": spec})


@pytest.mark.parametrize(
    ("first", "second", "overlaps", "covered"),
    [
        ("a.b", "a.b", True, True),
        ("a.*", "a.b", True, True),
        ("a.b", "a.*", True, False),
        ("a.>", "a.b.c", True, True),
        ("a.>", "a", False, False),
        ("a.*", "a.>", True, False),
        ("*.b", "a.*", True, False),
        ("a.b", "a.c", False, False),
        (">", "a.>", True, True),
    ],
)
def test_patterns_are_compared(first: str, second: str, overlaps: bool, covered: bool) -> None:
    assert overlap(first, second) is overlap(second, first) is overlaps
    assert covers(first, second) is covered


def test_names_hold_no_dots_and_never_collide() -> None:
    dotted, dashed = Pair("ns", "a.b", "f"), Pair("ns", "a-b", "f")
    assert consumer_name(dotted) != consumer_name(dashed)
    assert "." not in consumer_name(dotted)
    long, longer = Pair("n" * 63, "t" * 253, "f"), Pair("n" * 63, "t" * 253, "g")
    assert len(consumer_name(long)) == MAX_CONSUMER
    assert consumer_name(long) != consumer_name(longer)
    assert queue_group(Pair("ns", "t", "f"), "a.>") == "ns_t_f_a.>"


def test_a_consumer_of_ours_begins_where_the_trigger_did_and_never_gives_up() -> None:
    config = new_config(PLAN, resume=None)
    assert (config["deliver_policy"], config["opt_start_time"]) == ("by_start_time", "1970-01-01T00:00:00.000000Z")
    assert config["max_deliver"] == -1
    assert config["priority_policy"] == "pinned_client"
    assert "priority_policy" not in new_config(replace(PLAN, order="none"), resume=None)


def test_a_consumer_that_has_gone_goes_on_behind_what_was_acknowledged() -> None:
    config = new_config(PLAN, resume=42)
    assert (config["deliver_policy"], config["opt_start_seq"]) == ("by_start_sequence", 42)


def test_a_consumer_of_ours_is_changed_only_where_it_differs() -> None:
    found = {**new_config(PLAN, resume=None), "metadata": {MARK: PLAN.owner, "_nats.ver": "2.12"}}
    assert wanted_config(found, PLAN, resume=None) is None
    changed = wanted_config(found, replace(PLAN, topic="orders.>"), resume=None)
    assert changed is not None
    assert changed == {**found, "filter_subject": "orders.>"}


def test_whether_there_is_order_can_change_in_a_consumer() -> None:
    ordered, free = new_config(PLAN, resume=None), new_config(replace(PLAN, order="none"), resume=None)
    assert wanted_config(ordered, replace(PLAN, order="key"), resume=None) is None
    assert wanted_config(ordered, replace(PLAN, order="none"), resume=None) == free
    assert wanted_config(free, PLAN, resume=None) == ordered
    assert wanted_config({**free, "priority_policy": None}, replace(PLAN, order="none"), resume=None) is None


def test_a_pin_holds_over_connections_but_not_over_groups() -> None:
    pin = Pin()
    pin.configured({"priority_groups": ["g"], "priority_timeout": 2 * 10**9})
    headers = {"Nats-Pin-Id": "7", "shop": "x"}
    pin.heed(headers)
    assert headers == {"shop": "x"}
    pin.configured({"priority_groups": ["g"], "priority_timeout": 3 * 10**9})
    assert pin.fields() == {"group": "g", "id": "7"}
    assert pin.timeout == 3.0
    pin.configured({})
    assert pin.fields() == {}


@pytest.mark.parametrize(
    ("found", "waiting", "pending", "freed"),
    [
        ("ours", 3, 5, True),
        ("other", 1, 0, False),
        ("other", 0, 5, False),
        ("other", 0, 0, True),
        ("", 0, 0, False),
    ],
)
def test_only_a_pin_that_nobody_uses_is_freed(found: str, waiting: int, pending: int, freed: bool) -> None:
    group = {"group": "g"} | ({"pinned_client_id": found} if found else {})
    info = {"num_waiting": waiting, "num_ack_pending": pending, "priority_groups": [group]}
    assert forsaken(info, "ours") is freed
    assert not forsaken({"num_waiting": 0}, "")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"ack_policy": "none"}, "ConsumerUnusable"),
        ({"ack_policy": "all"}, "ConsumerUnusable"),
        ({"ack_policy": "explicit", "deliver_subject": "x"}, "ConsumerUnusable"),
        ({"ack_policy": "explicit", "metadata": {MARK: "other"}}, "ConsumerTaken"),
        ({"ack_policy": "explicit", "filter_subject": "else"}, "SubjectMismatch"),
        ({"ack_policy": "explicit", "filter_subjects": ["orders.a", "else"]}, "SubjectMismatch"),
    ],
)
def test_a_consumer_that_would_lose_events_is_not_adopted(found: JsonObject, reason: str) -> None:
    with pytest.raises(Trouble) as caught:
        wanted_config(found, PLAN, resume=None, subjects=["orders.*"])
    assert caught.value.reason == reason


def test_an_adopted_consumer_keeps_all_but_its_bound_on_deliveries() -> None:
    found = {"ack_policy": "explicit", "max_deliver": 5, "ack_wait": 10, "new_field": 1}
    assert wanted_config(found, PLAN, resume=None, subjects=["orders.*"]) == {**found, "max_deliver": -1}
    assert wanted_config({**found, "max_deliver": -1}, PLAN, resume=None, subjects=["orders.*"]) is None


def test_the_shortest_wait_of_a_consumer_counts() -> None:
    assert ack_wait({"ack_wait": 10 * 10**9}) == 10.0
    assert ack_wait({"ack_wait": 10 * 10**9, "backoff": [2 * 10**9, 10**9]}) == 1.0


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (None, "StreamNotFound"),
        ({"config": {"subjects": ["else.>"]}}, "SubjectNotInStream"),
        ({"config": {"subjects": ["orders.new"]}}, ""),
        ({"config": {"mirror": {"name": "x"}}}, ""),
    ],
)
def test_a_stream_that_cannot_hold_the_subject_is_told(info: JsonObject | None, reason: str) -> None:
    if reason:
        with pytest.raises(Trouble) as caught:
            check_stream(info, PLAN)
        assert caught.value.reason == reason
    else:
        check_stream(info, PLAN)


def test_a_message_that_comes_again_is_recognised() -> None:
    holding = Holding()
    first, remade = (7, 100), (7, 200)
    assert holding.take(first, "ack.1", 3, delivered=1, now=0.0)
    assert not holding.take(first, "ack.2", 3, delivered=2, now=1.0)
    held = holding.done(first)
    assert held is not None
    assert held.reply == "ack.2"
    assert holding.is_done(first)
    assert not holding.take(first, "ack.3", 3, delivered=3, now=2.0)
    assert holding.take(remade, "ack.4", 3, delivered=1, now=2.0)
    assert holding.size == 3


def test_what_is_held_for_long_is_named_and_given_back_in_order() -> None:
    holding = Holding()
    for sequence in (3, 1, 2):
        holding.take((sequence, 0), f"ack.{sequence}", 1, delivered=1, now=float(sequence))
    assert [held.reply for held in holding.quiet(2.0)] == ["ack.1"]
    assert [held.reply for held in holding.clear()] == ["ack.1", "ack.2", "ack.3"]
    assert not holding.size


def test_requests_are_topped_up_but_not_for_every_message() -> None:
    pulling = Pulling(Limits(), max_payload=2**20, heartbeat=5.0)
    assert pulling.request(320, capacity=320, now=0.0) == 320
    assert pulling.request(320, capacity=320, now=0.0) == 0
    for _ in range(40):
        pulling.came()
    assert pulling.request(319, capacity=320, now=1.0) == 0
    assert pulling.request(320, capacity=320, now=1.0) == 40


def test_the_end_of_a_request_says_how_much_is_left() -> None:
    pulling = Pulling(Limits(), max_payload=2**20, heartbeat=5.0)
    pulling.request(100, capacity=100, now=0.0)
    pulling.ended({"Nats-Pending-Messages": "60"})
    assert pulling.asked == 40
    assert pulling.request(100, capacity=100, now=100.0) == 100


def test_the_limits_of_an_adopted_consumer_hold() -> None:
    limits = Limits.of({"max_batch": 10, "max_expires": 2 * 10**9, "max_bytes": 1000})
    pulling = Pulling(limits, max_payload=2**20, heartbeat=5.0)
    count = pulling.request(320, capacity=320, now=0.0)
    body = pulling.body(count)
    assert (body["batch"], body["expires"], body["max_bytes"]) == (10, 2 * 10**9, 1000)
    assert body["idle_heartbeat"] < 10**9


@pytest.mark.parametrize(
    ("status", "description", "signal"),
    [
        ("100", "Idle Heartbeat", Signal.ALIVE),
        ("408", "Request Timeout", Signal.ENDED),
        ("409", "Consumer Deleted", Signal.GONE),
        ("409", "Server Shutdown", Signal.GONE),
        ("409", "Leadership Change", Signal.ENDED),
        ("423", "Nats-Wrong-Pin-Id", Signal.UNPINNED),
        ("503", "", Signal.GONE),
    ],
)
def test_statuses_are_understood(status: str, description: str, signal: Signal) -> None:
    assert judge(status, description) is signal


def test_a_stall_needs_messages_and_room_over_several_looks() -> None:
    watch = StallWatch()
    info = {"num_pending": 5, "delivered": {"consumer_seq": 9}}
    assert [watch.look(info, wanting=True) for _ in range(4)] == [False, False, False, True]
    assert not watch.look({**info, "delivered": {"consumer_seq": 10}}, wanting=True)
    assert not any(watch.look({**info, "paused": True}, wanting=True) for _ in range(5))
    assert not any(StallWatch().look(info, wanting=False) for _ in range(5))


def test_what_is_given_back_again_and_again_waits_longer() -> None:
    policy = DeliveryPolicy(timeout=1.0, initial_delay=1.0, max_delay=5.0)
    delays = [nak(policy, delivered=count) for count in (1, 2, 3, 9)]
    assert delays == [b'-NAK {"delay": %d}' % int(seconds * 10**9) for seconds in (0.05, 1, 2, 5)]


async def test_a_cancellation_that_comes_with_an_answer_is_not_forgotten() -> None:
    answer = asyncio.get_running_loop().create_future()
    asking = asyncio.create_task(ask(asyncio.wait_for(answer, 10)))
    await asyncio.sleep(0)
    answer.set_result("here")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


def test_of_two_that_name_one_consumer_the_first_name_has_it() -> None:
    claims, place, told = Claims(), ("S", "c"), []
    late, early = Pair("ns", "b", "f"), Pair("ns", "a", "f")
    claims.claim(place, late, lambda: told.append("late"))
    claims.claim(place, early, lambda: told.append("early"))
    assert claims.holder(place) == early
    assert told == ["late"]
    claims.release(place, early)
    assert claims.holder(place) == late
    assert told == ["late", "late"]
