"""
Dead letters as they lie in a topic, and the notes that say one is done.

A letter is never changed. That it was redriven or purged is a note behind it in the same partition: an empty record
with the header `kubeless-done` that holds the letter's offset. So whoever reads the partition to its end knows all
there is to know; a crash between a delivery and its note means that the letter is delivered again, never that it is
lost; and as retention removes the front of a partition, a note outlives its letter.
"""

from dataclasses import dataclass
from typing import Any

from kubeless.core.errors import InvalidField
from kubeless.core.event import Event
from kubeless.delivery import deadletter
from kubeless.delivery.admin.letters import StoredLetter, number
from kubeless.kafka_consumer.records import letter_value, to_event
from kubeless.manage.kafkanames import LetterId

DONE = "kubeless-done"
"""Header of a note: the offset of the letter that is done."""
DONE_REASON = "kubeless-done-reason"
"""`redriven` or `purged`."""

REDRIVEN = "redriven"
PURGED = "purged"


@dataclass(frozen=True, slots=True)
class Letter(StoredLetter[LetterId]):
    """A record of a dead-letter topic."""

    @property
    def done(self) -> int | None:
        """The offset this record is a note about; None if it is a letter."""
        return number(self.fact(DONE))


def read_letter(record: Any) -> Letter:
    """From aiokafka's record. A header without a value counts as empty."""
    headers = tuple((str(name), value or b"") for name, value in record.headers)
    value = letter_value(record.value, headers)
    return Letter(
        LetterId(record.partition, record.offset), max(record.timestamp, 0) / 1000, record.key, value, headers
    )


def note(offset: int, reason: str) -> list[tuple[str, bytes]]:
    """The headers of the note that the letter at `offset` is done."""
    return [(DONE, str(offset).encode()), (DONE_REASON, reason.encode())]


def original_event(letter: Letter) -> Event:
    """The event that the letter holds, as it was made of the original record: same id, time and headers."""
    topic, partition, offset = _origin(letter)
    timestamp = round(letter.event_time * 1000)
    return to_event(_Original(topic, partition, offset, timestamp, letter.key, letter.value, letter.original_headers))


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
    match [number(each) for each in place]:
        case [int(partition), int(offset)] if topic:
            return topic, partition, offset
    raise InvalidField(
        deadletter.EVENT_ID, event_id, problem="is not <topic>/<partition>/<offset>", remedy="purge this dead letter"
    )
