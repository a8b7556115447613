"""
Where an event goes that could not be delivered, and what is written on it.

A dead letter holds the original event byte for byte; what happened to it is told in headers that begin with
`kubeless-`. Such headers of an earlier life (a dead letter that was redriven and failed again) are replaced, all others
stay.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from kubeless.core.errors import KubelessError
from kubeless.core.event import Event
from kubeless.delivery.outcome import MAX_ERROR, Exhausted, Outcome, Refused
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey

PREFIX = "kubeless-"

EVENT_ID = "kubeless-event-id"
EVENT_TIME = "kubeless-event-time"
"""When the event happened, RFC 3339 in UTC: where letters are stored they get a time of their own."""
FUNCTION = "kubeless-function"
"""`<namespace>/<name>`"""
TRIGGER = "kubeless-trigger"
"""`<kind>/<namespace>/<name>`"""
REASON = "kubeless-reason"
"""`refused` or `exhausted`"""
ATTEMPTS = "kubeless-attempts"
STATUS = "kubeless-status"
"""The last HTTP status; absent if there was no response."""
ERROR = "kubeless-error"
FIRST_TIME = "kubeless-first-time"
"""When the first attempt began, RFC 3339 in UTC."""
LAST_TIME = "kubeless-last-time"
"""When the last attempt ended, RFC 3339 in UTC."""


class DeadLetterFailed(KubelessError):
    """The dead letter could not be written."""

    retriable = True


class NoPlace(KubelessError):
    """There is no place where dead letters could be kept; the event is dropped."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event, and why it could not be delivered. Times are seconds since the Unix epoch."""

    event: Event
    trigger: TriggerRef
    function: ObjectKey
    outcome: Refused | Exhausted
    first_time: float
    last_time: float

    def headers(self) -> list[tuple[str, bytes]]:
        """The headers to store: those the event came with, then ours."""
        kept = [(name, value) for name, value in self.event.headers if not name.lower().startswith(PREFIX)]
        return kept + [(name, _encode(value)) for name, value in self._facts().items()]

    def _facts(self) -> dict[str, str]:
        outcome = self.outcome
        facts = {
            EVENT_ID: self.event.id,
            EVENT_TIME: _rfc3339(self.event.time),
            FUNCTION: str(self.function),
            TRIGGER: str(self.trigger),
            REASON: reason(outcome),
            ATTEMPTS: str(outcome.attempts),
            ERROR: outcome.error[:MAX_ERROR],
            FIRST_TIME: _rfc3339(self.first_time),
            LAST_TIME: _rfc3339(self.last_time),
        }
        if outcome.status is not None:
            facts[STATUS] = str(outcome.status)
        return facts


class DeadLetterSink(Protocol):
    """Keeps dead letters."""

    async def write(self, letter: DeadLetter) -> None:
        """
        Return once the letter is durable. May be called again with the same letter after it failed or was cancelled.

        Raises DeadLetterFailed, after which it is tried again, or NoPlace, after which the event is dropped.
        """


def reason(outcome: Outcome) -> str:
    """The word for `outcome` on a dead letter and in logs."""
    return type(outcome).__name__.lower()


def _encode(text: str) -> bytes:
    """What a function says about its failure is shown to people on terminals: it comes without controls."""
    return "".join(letter if letter.isprintable() else " " for letter in text).encode("utf-8", "replace")


def read_time(text: str) -> float | None:
    """Seconds since the Unix epoch of a time as it stands in our headers; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo is not None else None


def _rfc3339(seconds: float) -> str:
    """A time outside the calendar, which a broker may hold, is the epoch, as it is for functions."""
    try:
        moment = datetime.fromtimestamp(round(seconds, 3), UTC)
    except (ValueError, OverflowError, OSError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
