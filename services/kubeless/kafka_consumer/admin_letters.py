"""
Dead letters as they lie in a topic, and the notes that say one is done.

A letter is never changed. That it was redriven or purged is a note behind it in the same partition: an empty record
with the header `kubeless-done` that holds the letter's offset. So whoever reads the partition to its end knows all
there is to know; a crash between a delivery and its note means that the letter is delivered again, never that it is
lost; and as retention removes the front of a partition, a note outlives its letter.
"""

import base64
from dataclasses import dataclass
from typing import Any

from kubeless.core.errors import InvalidField
from kubeless.core.event import Event
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery import deadletter
from kubeless.delivery.trigger import TriggerRef
from kubeless.kafka_consumer.admin_names import LetterId
from kubeless.kafka_consumer.records import to_event
from kubeless.kube.cache import ObjectKey

DONE = "kubeless-done"
"""Header of a note: the offset of the letter that is done."""
DONE_REASON = "kubeless-done-reason"
"""`redriven` or `purged`."""

REDRIVEN = "redriven"
PURGED = "purged"


@dataclass(frozen=True, slots=True)
class Letter:
    """A record of a dead-letter topic."""

    id: LetterId
    time: float
    """Seconds since the Unix epoch: when it was written."""
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def fact(self, name: str) -> str:
        """What a `kubeless-` header says; "" if there is none. The last one counts: we write ours behind the rest."""
        found = [value for header, value in self.headers if header == name]
        return found[-1].decode(errors="replace") if found else ""

    @property
    def done(self) -> int | None:
        """The offset this record is a note about; None if it is a letter."""
        return _number(self.fact(DONE))

    @property
    def trigger(self) -> TriggerRef | None:
        """The trigger it failed for; None if the record does not say."""
        parts = self.fact(deadletter.TRIGGER).split("/")
        return TriggerRef(*parts) if len(parts) == 3 and all(parts) else None

    @property
    def function(self) -> ObjectKey | None:
        """The function it failed for; None if the record does not say."""
        parts = self.fact(deadletter.FUNCTION).split("/")
        return ObjectKey(*parts) if len(parts) == 2 and all(parts) else None


def read_letter(record: Any) -> Letter:
    """From aiokafka's record. A header without a value counts as empty."""
    headers = tuple((str(name), value or b"") for name, value in record.headers)
    return Letter(
        LetterId(record.partition, record.offset), max(record.timestamp, 0) / 1000, record.key, record.value, headers
    )


def note(offset: int, reason: str) -> list[tuple[str, bytes]]:
    """The headers of the note that the letter at `offset` is done."""
    return [(DONE, str(offset).encode()), (DONE_REASON, reason.encode())]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters are meant; empty fields mean all."""

    trigger: str = ""
    """`<kind>/<namespace>/<name>`"""
    function: str = ""
    """`<namespace>/<name>`"""

    def holds(self, letter: Letter) -> bool:
        """Whether a record is a letter that is meant. Records without our headers never are: they are not ours."""
        trigger, function = letter.fact(deadletter.TRIGGER), letter.fact(deadletter.FUNCTION)
        return (
            bool(trigger) and letter.done is None and self.trigger in ("", trigger) and self.function in ("", function)
        )


def summary(letter: Letter) -> JsonObject:
    """What lists say about a letter. Bodies are left out: a list of large ones would be no list."""
    return {
        "id": str(letter.id),
        "trigger": letter.fact(deadletter.TRIGGER),
        "function": letter.fact(deadletter.FUNCTION),
        "eventId": letter.fact(deadletter.EVENT_ID),
        "reason": letter.fact(deadletter.REASON),
        "error": letter.fact(deadletter.ERROR),
        "attempts": _number(letter.fact(deadletter.ATTEMPTS)),
        "status": _number(letter.fact(deadletter.STATUS)),
        "firstTime": letter.fact(deadletter.FIRST_TIME),
        "lastTime": letter.fact(deadletter.LAST_TIME),
        "size": len(letter.value or b""),
    }


def details(letter: Letter) -> JsonObject:
    """All of a letter. Bytes are base64, for they may be anything."""
    return summary(letter) | {
        "keyBase64": _encode(letter.key),
        "valueBase64": _encode(letter.value),
        "headers": [[name, _encode(value)] for name, value in letter.headers],
    }


def original_event(letter: Letter) -> Event:
    """The event that the letter holds, as it was made of the original record: same id, same headers."""
    topic, partition, offset = _origin(letter)
    headers = tuple(header for header in letter.headers if not header[0].lower().startswith(deadletter.PREFIX))
    return to_event(_Original(topic, partition, offset, round(letter.time * 1000), letter.key, letter.value, headers))


@dataclass(frozen=True, slots=True)
class _Original:
    """What `to_event` reads of aiokafka's record."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def _origin(letter: Letter) -> tuple[str, int, int]:
    """Where the record came from; raises InvalidField for a letter that does not say."""
    event_id = letter.fact(deadletter.EVENT_ID)
    topic, *place = event_id.rsplit("/", 2)
    match [_number(each) for each in place]:
        case [int(partition), int(offset)] if topic:
            return topic, partition, offset
    raise InvalidField(
        deadletter.EVENT_ID, event_id, problem="is not <topic>/<partition>/<offset>", remedy="purge this dead letter"
    )


def _number(text: str) -> int | None:
    """A number of ours; None for anything else that a header may hold."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _encode(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
