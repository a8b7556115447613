"""
How it went: the answer to one attempt, the outcome of all attempts of an event, and the fate the event meets.

An outcome says what the function did; the fate says what became of the event, and each event that was received meets
exactly one. The two differ: a refused event may become a dead letter, or be let go where the trigger asks for that.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

MAX_ERROR = 1024
"""Characters of an error that are kept: it travels in a header of the dead letter."""


class Answer(NamedTuple):
    """What came of one attempt."""

    status: int | None
    """None: no complete response came."""

    error: str = ""
    """Why there was no response, or what the function said about its failure; bounded."""

    retry_after: float | None = None
    """Seconds the function asks to be left alone."""

    sent: bool = True
    """False if the function can have had no part in the failure, such as no endpoint: no attempt was used up."""

    hopeless: bool = False
    """True if no attempt can ever succeed, such as an event that is no valid request."""

    headers: tuple[tuple[bytes, bytes], ...] = ()
    """Headers of the response, as received."""

    body: bytes = b""
    """The beginning of the response's body, up to the sender's bound."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What all attempts came to."""

    answer: Answer
    """That of the last attempt."""

    attempts: int
    """How many reached, or tried to reach, the function."""

    duration: float
    """Seconds from the start of the first attempt."""

    @property
    def status(self) -> int | None:
        """The last status; None if there was no response."""
        return self.answer.status

    @property
    def error(self) -> str:
        """The last error; empty after a success."""
        return self.answer.error


@dataclass(frozen=True, slots=True)
class Delivered(Outcome):
    """The function answered 2xx."""


@dataclass(frozen=True, slots=True)
class Refused(Outcome):
    """The function said that it will never take this event."""


@dataclass(frozen=True, slots=True)
class Exhausted(Outcome):
    """No attempts, or no time, are left."""


class Fate(StrEnum):
    """
    What became of an event. At any moment, per trigger and function:
    received = delivered + refused + dead-lettered + dropped + released + in flight.
    """

    DELIVERED = "delivered"
    """The function answered 2xx."""

    REFUSED = "refused"
    """The function refused it, and the trigger disables dead letters."""

    DEAD_LETTERED = "dead_lettered"
    """Refused or exhausted, and durably kept as a dead letter."""

    DROPPED = "dropped"
    """Let go by policy for another reason, see `DropReason`."""

    RELEASED = "released"
    """Given back to the source unacknowledged, which delivers it again: here or, after a rebalance, elsewhere."""


class DropReason(StrEnum):
    """Why an event was dropped."""

    EXHAUSTED = "exhausted"
    """Attempts or time ran out, and the trigger disables dead letters."""

    NO_DEAD_LETTER = "no_dead_letter"
    """It could not be delivered, and the source has no place where dead letters could be kept (core NATS alone)."""

    SLOW_CONSUMER = "slow_consumer"
    """More came than is held, from a source that cannot hold it back (core NATS)."""

    INTERRUPTED = "interrupted"
    """Delivery ended before it had a fate, and the source cannot deliver it again (core NATS)."""
