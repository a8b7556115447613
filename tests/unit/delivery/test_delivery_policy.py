"""What to do after an attempt, decided without clock and chance."""

import pytest

from kubeless.api.delivery import CronDelivery, KafkaDelivery, NATSDelivery, Retry
from kubeless.delivery.outcome import Answer
from kubeless.delivery.policy import RUNTIME_GRACE, DeliveryPolicy, End, Verdict, decide, judge

POLICY = DeliveryPolicy(timeout=1.0, max_attempts=4, initial_delay=0.5, max_delay=3.0, max_age=100.0)


def highest(_low: float, high: float) -> float:
    return high


def step(
    verdict: Verdict = Verdict.RETRY, *, attempts: int = 1, tries: int = 1, age: float = 0.0, after: float | None = None
) -> End | float:
    return decide(verdict, POLICY, attempts=attempts, tries=tries, age=age, retry_after=after, draw=highest)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_a_success(status: int) -> None:
    assert judge(Answer(status)) is Verdict.SUCCESS


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 503, 599])
def test_what_may_pass_is_tried_again(status: int) -> None:
    assert judge(Answer(status)) is Verdict.RETRY


@pytest.mark.parametrize("status", [300, 301, 304, 307, 308, 400, 401, 404, 409, 413, 422, 499])
def test_what_will_not_pass_is_refused_redirects_included(status: int) -> None:
    assert judge(Answer(status)) is Verdict.REFUSAL


def test_no_response_is_tried_again_unless_the_event_is_no_valid_request() -> None:
    assert judge(Answer(None, "connection refused")) is Verdict.RETRY
    assert judge(Answer(None, "bad header", hopeless=True)) is Verdict.REFUSAL


def test_pauses_double_up_to_their_bound() -> None:
    assert [step(tries=tries) for tries in (1, 2, 3, 4, 5, 2000)] == [0.5, 1.0, 2.0, 3.0, 3.0, 3.0]


def test_pauses_are_drawn_from_zero_on() -> None:
    drawn = decide(
        Verdict.RETRY, POLICY, attempts=1, tries=2, age=0, retry_after=None, draw=lambda low, high: low + high / 4
    )
    assert drawn == 0.25


def test_attempts_run_out() -> None:
    assert step(attempts=3) != End.EXHAUSTED
    assert step(attempts=4) is End.EXHAUSTED


def test_tries_that_reached_nobody_use_up_no_attempts_but_time() -> None:
    assert step(attempts=0, tries=50, age=99.0) == 1.0
    assert step(attempts=0, tries=51, age=100.0) is End.EXHAUSTED


def test_the_function_may_ask_for_a_longer_pause_than_ours_but_not_for_a_shorter_one() -> None:
    assert step(after=20.0) == 20.0
    assert step(after=0.0) == 0.5


def test_no_pause_goes_beyond_the_maximum_age() -> None:
    assert step(after=86_400.0, age=30.0) == 70.0
    assert step(tries=9, age=99.5) == 0.5


def test_a_success_and_a_refusal_end_it_even_at_the_last_moment() -> None:
    assert step(Verdict.SUCCESS, attempts=4, age=1000.0) is End.DELIVERED
    assert step(Verdict.REFUSAL, attempts=4, age=1000.0) is End.REFUSED


def test_what_the_trigger_leaves_open_comes_from_function_and_source() -> None:
    policy = DeliveryPolicy.of(NATSDelivery(), function_timeout=7.0, default_order="partition")
    assert (policy.timeout, policy.order, policy.concurrency) == (7.0 + RUNTIME_GRACE, "partition", 64)
    cron = DeliveryPolicy.of(CronDelivery(), function_timeout=7.0, default_order="none")
    assert (cron.order, cron.concurrency) == ("none", 64)


def test_what_the_trigger_says_counts() -> None:
    delivery = KafkaDelivery(
        timeout=2.0,
        order="key",
        concurrency=3,
        retry=Retry(max_attempts=9, initial_delay=1.0, max_delay=2.0, max_age=3.0),
    )
    policy = DeliveryPolicy.of(delivery, function_timeout=7.0, default_order="none")
    assert policy == DeliveryPolicy(2.0, 9, 1.0, 2.0, 3.0, "key", 3)
