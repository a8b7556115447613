"""The deliverer in virtual time: order, retries, dead letters, shutdown."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from kubeless.core.event import Event
from kubeless.delivery import deadletter
from kubeless.delivery.carrier import WRITE_TIMEOUT
from kubeless.delivery.deliverer import QUEUE_BYTES
from kubeless.delivery.outcome import Answer, Delivered, DropReason, Exhausted, Fate, Outcome, Refused
from kubeless.delivery.policy import DeliveryPolicy
from support.deliveries import FAILED, NOWHERE, OK, REFUSED, Engine, Letters, make_event
from support.virtualtime import run

POLICY = DeliveryPolicy(timeout=10.0, max_attempts=3, initial_delay=8.0, max_delay=60.0, concurrency=4)
PARTITION = replace(POLICY, order="partition")
KEY = replace(POLICY, order="key")


def scenario(
    policy: DeliveryPolicy,
    story: Callable[[Engine], Awaitable[None]],
    letters: Letters | None = None,
    *,
    on_outcome: Callable[[Event, Outcome], None] | None = None,
) -> Engine:
    """Live through `story` with a running engine; return what is left of it."""

    async def main() -> Engine:
        engine = Engine(policy, letters=letters, on_outcome=on_outcome)
        async with engine.deliverer:
            await story(engine)
        return engine

    return run(main())


def test_an_event_is_acknowledged_after_its_success_and_not_before() -> None:
    async def story(engine: Engine) -> None:
        engine.offer("a")
        await asyncio.sleep(0.9)
        assert not engine.ledger.done
        await asyncio.sleep(0.2)
        assert engine.ledger.order == ["a"]

    scenario(POLICY, story)


def test_offering_never_starts_more_than_the_concurrency() -> None:
    async def story(engine: Engine) -> None:
        engine.offer(*map(str, range(20)))
        await engine.idle()
        assert engine.function.most == 4
        assert engine.function.calls == [(float(number // 4), str(number)) for number in range(20)]

    scenario(POLICY, story)


def test_a_partition_keeps_its_order_while_others_go_on() -> None:
    async def story(engine: Engine) -> None:
        engine.function.will("1a", FAILED, OK)
        engine.offer("1a", "1b", partition=1)
        engine.offer("2a", "2b", "2c", partition=2)
        await engine.idle()
        assert engine.ledger.order == ["2a", "2b", "2c", "1a", "1b"]
        assert engine.function.calls == [
            (0.0, "1a"),
            (0.0, "2a"),
            (1.0, "2b"),
            (2.0, "2c"),
            (9.0, "1a"),
            (10.0, "1b"),
        ]

    scenario(PARTITION, story)


def test_a_retrying_event_holds_its_key_and_one_slot() -> None:
    async def story(engine: Engine) -> None:
        engine.function.will("bad", FAILED, OK)
        engine.offer("bad", "after bad", key=b"bad")
        for number in range(6):
            engine.offer(f"good {number}", key=b"%d" % number)
        await asyncio.sleep(2.5)
        assert set(engine.ledger.done) == {f"good {number}" for number in range(6)}
        assert (engine.deliverer.in_flight, engine.deliverer.queued) == (1, 1)
        await engine.idle()
        assert engine.ledger.order[-2:] == ["bad", "after bad"]

    scenario(KEY, story)


def test_the_next_event_of_a_key_starts_in_the_moment_its_predecessor_is_done() -> None:
    async def story(engine: Engine) -> None:
        engine.offer("a", "b", "c", key=b"k")
        await engine.idle()
        assert engine.function.calls == [(0.0, "a"), (1.0, "b"), (2.0, "c")]

    scenario(KEY, story)


def test_attempts_follow_the_policy_and_end_in_a_dead_letter() -> None:
    letters = Letters()

    async def story(engine: Engine) -> None:
        engine.function.default = FAILED
        engine.offer("a")
        await engine.idle()
        assert engine.function.calls == [(0.0, "a"), (9.0, "a"), (26.0, "a")]
        assert engine.ledger.done["a"] == 1

    engine = scenario(POLICY, story, letters)
    (letter,) = letters.written
    assert dict(letter.headers()) == {
        deadletter.EVENT_ID: b"a",
        deadletter.EVENT_TIME: b"1970-01-01T00:00:00.000Z",
        deadletter.FUNCTION: b"shop/bill",
        deadletter.TRIGGER: b"KafkaTrigger/shop/orders",
        deadletter.REASON: b"exhausted",
        deadletter.ATTEMPTS: b"3",
        deadletter.STATUS: b"500",
        deadletter.ERROR: b"status 500",
        deadletter.FIRST_TIME: b"1970-01-12T13:46:40.000Z",
        deadletter.LAST_TIME: b"1970-01-12T13:47:07.000Z",
    }
    assert engine.tally.fates[Fate.DEAD_LETTERED] == 1


def test_a_refused_event_is_attempted_once() -> None:
    letters = Letters()

    async def story(engine: Engine) -> None:
        engine.function.default = REFUSED
        engine.offer("a")
        await engine.idle()

    engine = scenario(POLICY, story, letters)
    assert len(engine.function.calls) == 1
    assert dict(letters.written[0].headers())[deadletter.REASON] == b"refused"


def test_without_dead_letters_events_are_let_go_and_counted_by_why() -> None:
    async def story(engine: Engine) -> None:
        engine.function.will("refused", REFUSED)
        engine.function.will("exhausted", FAILED, FAILED, FAILED)
        engine.offer("refused", "exhausted")
        await engine.idle()

    engine = scenario(POLICY, story)
    assert engine.ledger.done == {"refused": 1, "exhausted": 1}
    assert engine.tally.fates[Fate.REFUSED] == 1
    assert {reason: count for reason, count in engine.tally.dropped.items() if count} == {DropReason.EXHAUSTED: 1}


def test_retry_after_is_waited_for() -> None:
    async def story(engine: Engine) -> None:
        engine.function.will("a", Answer(429, "slow down", retry_after=300.0), OK)
        engine.offer("a")
        await asyncio.sleep(400)
        assert engine.function.calls == [(0.0, "a"), (301.0, "a")]

    scenario(POLICY, story)


def test_a_function_without_endpoints_uses_up_time_but_no_attempts() -> None:
    letters = Letters()

    async def story(engine: Engine) -> None:
        engine.function.default = NOWHERE
        engine.function.takes = 0.0
        engine.offer("a")
        await asyncio.sleep(3599)
        assert not letters.written
        await asyncio.sleep(2)
        assert dict(letters.written[0].headers())[deadletter.ATTEMPTS] == b"0"
        assert engine.function.calls[-1] == (3600.0, "a")

    scenario(POLICY, story, letters)


def test_an_endpoint_that_appears_ends_the_wait_for_it_but_no_other() -> None:
    async def story(engine: Engine) -> None:
        engine.function.will("a", NOWHERE)
        engine.function.will("b", FAILED)
        engine.offer("a", "b")
        await asyncio.sleep(2)
        engine.deliverer.wake()
        await asyncio.sleep(2)
        assert engine.ledger.order == ["a"]

    scenario(POLICY, story)


def test_a_dead_letter_that_cannot_be_written_stops_its_lane_until_it_can() -> None:
    letters = Letters(failures=6)

    async def story(engine: Engine) -> None:
        engine.function.will("1a", REFUSED)
        engine.offer("1a", "1b", partition=1)
        engine.offer("2a", "2b", partition=2)
        await asyncio.sleep(5)
        assert engine.deliverer.stuck == "the topic orders.dlq is not writable"
        assert engine.ledger.order == ["2a", "2b"]
        await engine.idle()
        assert engine.deliverer.stuck is None
        assert engine.ledger.order == ["2a", "2b", "1a", "1b"]

    scenario(PARTITION, story, letters)
    assert letters.tries == 7
    assert len(letters.written) == 1


def test_a_sink_that_hangs_counts_as_one_that_fails() -> None:
    letters = Letters(takes=10 * WRITE_TIMEOUT)

    async def story(engine: Engine) -> None:
        engine.function.default = REFUSED
        engine.offer("a")
        await asyncio.sleep(WRITE_TIMEOUT + 2)
        assert engine.deliverer.stuck == "not written within 30 s"
        letters.takes = 0.0
        await engine.idle()
        assert engine.ledger.done["a"] == 1

    scenario(POLICY, story, letters)


def test_a_stuck_lane_goes_on_where_dead_letters_go_elsewhere_or_nowhere() -> None:
    async def story(engine: Engine) -> None:
        engine.function.default = REFUSED
        engine.offer("a")
        await asyncio.sleep(1.1)
        elsewhere = Letters()
        engine.deliverer.redirect(elsewhere)
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        assert [letter.event.id for letter in elsewhere.written] == ["a"]
        engine.deliverer.redirect(Letters(failures=10**6))
        engine.offer("b")
        await asyncio.sleep(10)
        assert "b" not in engine.ledger.done
        engine.deliverer.redirect(None)
        await asyncio.sleep(0.01)
        assert engine.ledger.done["b"] == 1

    scenario(POLICY, story, Letters(failures=10**6))


def test_draining_finishes_what_is_attempted_and_gives_back_the_rest_at_once() -> None:
    async def story(engine: Engine) -> None:
        engine.function.will("pausing", FAILED)
        engine.offer("pausing", partition=1)
        await asyncio.sleep(1.5)
        engine.offer("attempted", "waiting", partition=2)
        await asyncio.sleep(0.1)
        assert await engine.deliverer.drain(30.0)
        assert asyncio.get_running_loop().time() == pytest.approx(2.5)
        engine.offer("late", partition=3)
        assert engine.deliverer.free == 0

    engine = scenario(PARTITION, story)
    assert engine.ledger.order == ["attempted"]
    assert engine.function.order() == ["pausing", "attempted"]
    assert engine.tally.fates[Fate.RELEASED] == 2
    assert engine.tally.received == 3


def test_a_drain_does_not_wait_for_an_attempt_beyond_one_that_fails_meanwhile() -> None:
    async def story(engine: Engine) -> None:
        engine.function.default = FAILED
        engine.offer("a")
        await asyncio.sleep(0.5)
        assert await engine.deliverer.drain(30.0)
        assert asyncio.get_running_loop().time() == pytest.approx(1.0)

    assert not scenario(POLICY, story).ledger.done


def test_a_drain_that_takes_too_long_cuts_off_and_acknowledges_nothing() -> None:
    async def story(engine: Engine) -> None:
        engine.function.takes = 100.0
        engine.offer("a")
        await asyncio.sleep(0.5)
        assert not await engine.deliverer.drain(5.0)
        assert asyncio.get_running_loop().time() == pytest.approx(5.5)
        assert engine.deliverer.in_flight == 0

    engine = scenario(POLICY, story)
    assert not engine.ledger.done
    assert engine.tally.fates[Fate.RELEASED] == 1


def test_leaving_acknowledges_nothing_that_has_no_fate() -> None:
    async def story(engine: Engine) -> None:
        engine.function.takes = 100.0
        engine.offer(*map(str, range(10)))
        await asyncio.sleep(1)

    engine = scenario(POLICY, story)
    assert not engine.ledger.done
    assert not engine.function.running
    assert engine.tally.fates[Fate.RELEASED] == 10


def test_one_partition_is_let_go_and_the_others_never_notice() -> None:
    async def story(engine: Engine) -> None:
        engine.function.takes = 3.0
        engine.offer("1a", "1b", partition=1)
        engine.offer("2a", "2b", partition=2)
        await asyncio.sleep(1)
        assert not await engine.deliverer.release({1}, timeout=1.0)
        await engine.idle()
        assert engine.ledger.order == ["2a", "2b"]
        assert engine.function.calls[-1] == (3.0, "2b")
        engine.offer("1a", partition=1)  # it comes back
        await engine.idle()
        assert engine.ledger.order == ["2a", "2b", "1a"]

    engine = scenario(PARTITION, story)
    assert engine.tally.fates[Fate.RELEASED] == 2


def test_a_slot_freed_by_a_released_partition_is_used_by_others() -> None:
    async def story(engine: Engine) -> None:
        engine.function.takes = 50.0
        engine.offer("1a", partition=1)
        engine.offer("2a", partition=2)
        await asyncio.sleep(1)
        await engine.deliverer.release({1}, timeout=1.0)
        await engine.idle()
        assert engine.function.calls[-1] == (2.0, "2a")

    scenario(replace(PARTITION, concurrency=1), story)


def test_a_policy_changes_while_events_are_under_way() -> None:
    async def story(engine: Engine) -> None:
        engine.offer(*map(str, range(6)))
        await asyncio.sleep(0.5)
        engine.deliverer.update(replace(POLICY, concurrency=6))
        await asyncio.sleep(0)
        assert engine.deliverer.in_flight == 6
        engine.offer(*map(str, range(6, 12)))
        engine.deliverer.update(replace(POLICY, concurrency=1))
        await asyncio.sleep(1.2)
        assert engine.deliverer.in_flight == 1
        await engine.idle()
        assert len(engine.ledger.order) == 12

    scenario(POLICY, story)


def test_another_order_holds_for_everything_that_has_not_started() -> None:
    async def story(engine: Engine) -> None:
        engine.offer(*map(str, range(8)))
        await asyncio.sleep(0.5)
        engine.deliverer.update(PARTITION)
        engine.offer("8")
        await engine.idle()
        assert [at for at, _ in engine.function.calls] == [0.0] * 4 + [1.0, 2.0, 3.0, 4.0, 5.0]
        assert engine.ledger.order[4:] == ["4", "5", "6", "7", "8"]

    scenario(POLICY, story)


def test_no_more_events_are_wanted_than_fit() -> None:
    async def story(engine: Engine) -> None:
        wanted = engine.deliverer.free
        engine.offer("a")
        assert engine.deliverer.free == wanted - 1
        huge = make_event("huge", data=bytes(QUEUE_BYTES))
        engine.deliverer.offer(huge, engine.ledger.entry("huge"))
        assert engine.deliverer.free == 0
        await engine.idle()
        assert engine.deliverer.free == wanted

    scenario(POLICY, story)


def test_sources_that_reply_see_every_outcome_with_its_response() -> None:
    seen: list[tuple[str, Outcome]] = []

    def remember(event: Event, outcome: Outcome) -> None:
        seen.append((event.id, outcome))

    async def story(engine: Engine) -> None:
        engine.function.will("good", FAILED, Answer(200, body=b"thanks"))
        engine.function.will("bad", REFUSED)
        engine.function.will("ugly", FAILED, FAILED, FAILED)
        engine.offer("good", "bad", "ugly")
        await engine.idle()

    scenario(POLICY, story, on_outcome=remember)
    outcomes = dict(seen)
    assert outcomes["good"] == Delivered(Answer(200, body=b"thanks"), attempts=2, duration=10.0)
    assert outcomes["bad"] == Refused(REFUSED, attempts=1, duration=1.0)
    assert outcomes["ugly"] == Exhausted(FAILED, attempts=3, duration=27.0)


def test_the_last_error_is_there_until_an_attempt_succeeds() -> None:
    async def story(engine: Engine) -> None:
        engine.function.will("a", FAILED, OK)
        engine.offer("a")
        await asyncio.sleep(2)
        assert engine.deliverer.last_error == "status 500"
        await engine.idle()
        assert engine.deliverer.last_error is None

    scenario(POLICY, story)


def test_a_defect_ends_the_deliverer_loudly_and_acknowledges_nothing_after_it() -> None:
    engines: list[Engine] = []

    async def story(engine: Engine) -> None:
        engines.append(engine)
        engine.function.defects.add("a")
        engine.offer("a", "b", "c", partition=1)
        await asyncio.sleep(1000)

    with pytest.raises(ExceptionGroup) as raised:
        scenario(PARTITION, story)
    assert raised.group_contains(ZeroDivisionError)
    assert not engines[0].ledger.done
    assert engines[0].function.order() == ["a"]
    assert engines[0].tally.in_flight == 0


def test_the_error_of_whoever_uses_it_passes_as_it_is() -> None:
    async def story(engine: Engine) -> None:
        engine.offer("a")
        raise LookupError("of the source")

    with pytest.raises(LookupError, match="of the source"):
        scenario(POLICY, story)
