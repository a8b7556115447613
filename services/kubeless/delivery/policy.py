"""
What to do after an attempt: a decision without I/O, clock or chance of its own.

2xx is success. 408, 425, 429, 5xx and no response at all are worth another attempt, after a pause with exponential full
jitter, or after the time the function asks for (`Retry-After`, RFC 9110 10.2.3) if that is longer. Everything else is
refused: a 4xx will not go away, and a 3xx is none of an event's business, for a redirect followed blindly would hand it
to somebody the trigger does not name.

An attempt that nothing was sent for (no ready endpoint, or the function is gone) uses up none of `max_attempts`: a
rollout of a minute must not turn a topic into dead letters. It is bounded by `max_age` alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from kubeless.api.delivery import Delivery, KafkaDelivery, NATSDelivery, Order
from kubeless.delivery.outcome import Answer

DEFAULT_CONCURRENCY = 64

RUNTIME_GRACE = 1.0
"""Seconds beyond a function's own timeout: its runtime answers 408 then, which says more than our silence."""

_RETRIED = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """How one trigger delivers to one function. Times are seconds."""

    timeout: float
    """For one attempt, from choosing an endpoint to the last byte of the response."""
    max_attempts: int = 5
    initial_delay: float = 0.5
    """The bound of the first pause; each further bound is twice as long."""
    max_delay: float = 60.0
    """The bound of all pauses that the function did not ask for."""
    max_age: float = 3600.0
    """Since the start of the first attempt; no attempt begins later."""
    order: Order = "none"
    concurrency: int = DEFAULT_CONCURRENCY
    """Events in flight at once; one that waits for its next attempt is in flight."""

    @classmethod
    def of(cls, delivery: Delivery, *, function_timeout: float, default_order: Order) -> "DeliveryPolicy":
        """The policy a trigger asks for; what it does not say is the function's or the source's default."""
        order: Order | None = None
        concurrency = DEFAULT_CONCURRENCY
        if isinstance(delivery, KafkaDelivery | NATSDelivery):
            order = delivery.order
            concurrency = delivery.concurrency
        return cls(
            timeout=function_timeout + RUNTIME_GRACE if delivery.timeout is None else delivery.timeout,
            max_attempts=delivery.retry.max_attempts,
            initial_delay=delivery.retry.initial_delay,
            max_delay=delivery.retry.max_delay,
            max_age=delivery.retry.max_age,
            order=order or default_order,
            concurrency=concurrency,
        )


class Verdict(Enum):
    """What one answer means."""

    SUCCESS = auto()
    REFUSAL = auto()
    RETRY = auto()


class End(Enum):
    """What all answers together mean, once there is nothing left to try."""

    DELIVERED = auto()
    REFUSED = auto()
    EXHAUSTED = auto()


def judge(answer: Answer) -> Verdict:
    """What `answer` means by itself."""
    status = answer.status
    if status is None:
        return Verdict.REFUSAL if answer.hopeless else Verdict.RETRY
    if 200 <= status < 300:
        return Verdict.SUCCESS
    return Verdict.RETRY if status >= 500 or status in _RETRIED else Verdict.REFUSAL


def decide(
    verdict: Verdict,
    policy: DeliveryPolicy,
    *,
    attempts: int,
    tries: int,
    age: float,
    retry_after: float | None,
    draw: Callable[[float, float], float],
) -> End | float:
    """
    The end, or the seconds to wait before the next attempt.

    `attempts` counts those that used up an attempt and `tries` all, the one that led to `verdict` included; `age` is
    the time since the first began; `draw(low, high)` is the source of chance.
    """
    if verdict is Verdict.SUCCESS:
        return End.DELIVERED
    if verdict is Verdict.REFUSAL:
        return End.REFUSED
    if attempts >= policy.max_attempts or age >= policy.max_age:
        return End.EXHAUSTED
    pause = max(draw(0.0, bound(policy, tries)), retry_after or 0.0)
    # The last attempt comes when time runs out, not one pause too early.
    return min(pause, policy.max_age - age)


def bound(policy: DeliveryPolicy, tries: int) -> float:
    """The longest pause after the `tries`-th try."""
    return min(policy.max_delay, policy.initial_delay * 2.0 ** min(tries - 1, 64))
