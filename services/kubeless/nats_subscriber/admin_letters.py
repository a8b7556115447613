"""
Dead letters as they lie in a stream, read and removed by their sequence.

A letter is a message of its own on the subject of its trigger; that it is done means that it is deleted. A crash
between a delivery and the deletion means that the letter is delivered again, never that it is lost.
"""

import base64
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from kubeless.core.errors import InvalidField
from kubeless.core.event import Event
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery import deadletter
from kubeless.delivery.admin.errors import AdminError
from kubeless.delivery.admin.letters import Choice, StoredLetter, number
from kubeless.nats_subscriber.deadletters import MESSAGE_ID, ORIGINAL, SUBJECT
from kubeless.nats_subscriber.jetstream import STREAM_NOT_FOUND, JetStream, JetStreamRefused
from kubeless.nats_subscriber.records import KEY, Position, core_event, stream_event

MESSAGE_NOT_FOUND = 10037
_DELETE_FAILED = 10057


@dataclass(frozen=True, slots=True)
class Letter(StoredLetter[int]):
    """A message on a subject of dead letters; its id is its sequence."""


class LetterStream:
    """The dead letters of one subject, in the stream that holds it."""

    def __init__(self, jetstream: JetStream, stream: str, subject: str) -> None:
        self.name = stream
        self.subject = subject
        self._jetstream = jetstream

    async def messages(self, *, after: int = 0) -> AsyncGenerator[Letter]:
        """All that lies on the subject behind `after`, letter or not, in the order it was written."""
        while (found := await self._get({"seq": after + 1, "next_by_subj": self.subject})) is not None:
            after = found.id
            yield found

    async def letters(self, choice: Choice, *, after: int = 0) -> AsyncGenerator[Letter]:
        """Those of `choice` behind `after`."""
        async with aclosing(self.messages(after=after)) as messages:
            async for message in messages:
                if choice.holds(message):
                    yield message

    async def find(self, sequence: int) -> Letter | None:
        """One letter; None if it is not there, or not on this subject."""
        letter = await self._get({"seq": sequence})
        return letter if letter is not None and Choice().holds(letter) else None

    async def gone(self, sequence: int) -> bool:
        """Whether there is no message of any subject with this sequence."""
        return await self._message({"seq": sequence}) is None

    async def last(self) -> int:
        """The highest sequence that the stream ever gave."""
        info = await self._jetstream.stream(self.name)
        return int(info["state"]["last_seq"]) if info is not None else 0

    async def delete(self, sequence: int) -> None:
        """Remove a letter; one that is gone already is fine."""
        try:
            await self._jetstream.request(f"STREAM.MSG.DELETE.{self.name}", {"seq": sequence, "no_erase": True})
        except JetStreamRefused as error:
            if error.code not in (MESSAGE_NOT_FOUND, _DELETE_FAILED) or not await self.gone(sequence):
                raise

    async def delete_to(self, sequence: int) -> int:
        """Remove all on the subject up to a sequence; how many there were."""
        body = {"filter": self.subject, "seq": sequence + 1}
        return int((await self._jetstream.request(f"STREAM.PURGE.{self.name}", body)).get("purged", 0))

    def missing(self, sequence: int) -> AdminError:
        """The error for what is no letter here."""
        return AdminError(
            404,
            "NoSuchLetter",
            f'subject "{self.subject}" has no dead letter {sequence}; see kubeless deadletter list',
        )

    async def _get(self, body: JsonObject) -> Letter | None:
        message = await self._message(body)
        return None if message is None or message.get("subject") != self.subject else read_letter(message)

    async def _message(self, body: JsonObject) -> JsonObject | None:
        try:
            message: JsonObject = (await self._jetstream.request(f"STREAM.MSG.GET.{self.name}", body))["message"]
        except JetStreamRefused as error:
            if error.code == MESSAGE_NOT_FOUND:
                return None
            raise
        return message


async def open_stream(jetstream: JetStream, subject: str) -> LetterStream:
    """The stream that holds a subject; raises AdminError 404 if there is none."""
    try:
        names = (await jetstream.request("STREAM.NAMES", {"subject": subject})).get("streams")
    except JetStreamRefused as error:
        if error.code != STREAM_NOT_FOUND:
            raise
        names = None
    if not names:
        raise AdminError(
            404, "StreamNotFound", f'no stream holds subject "{subject}": nothing was ever dead-lettered there'
        )
    return LetterStream(jetstream, str(names[0]), subject)


def read_letter(message: JsonObject) -> Letter:
    """From the answer of `STREAM.MSG.GET`: `{"seq", "time", "data"?, "hdrs"?}`, the last two in base64."""
    data = base64.b64decode(message.get("data") or "")
    headers = read_headers(base64.b64decode(message.get("hdrs") or ""))
    return Letter(int(message["seq"]), _seconds(str(message.get("time"))), None, data, headers)


def read_headers(block: bytes) -> tuple[tuple[str, bytes], ...]:
    """The headers of a message as the server keeps them: a version line, then `name: value` lines (ADR-4)."""
    pairs = (line.partition(b":") for line in block.split(b"\r\n")[1:])
    return tuple((name.decode(errors="replace"), value.strip()) for name, colon, value in pairs if colon)


def original_event(letter: Letter) -> Event:
    """The event that the letter holds, as it was made of the original message: same id, time and headers."""
    subject, event_id = letter.fact(SUBJECT), letter.fact(deadletter.EVENT_ID)
    for field, value in ((SUBJECT, subject), (deadletter.EVENT_ID, event_id)):
        if not value:
            raise InvalidField(field, value, problem="is missing on the letter", remedy="purge this dead letter")
    headers, data, time = original_headers(letter), letter.value or b"", letter.event_time
    stream, _, sequence = event_id.rpartition("/")
    position = number(sequence)
    # No stream has a slash in its name; the ids of core NATS have two.
    if stream and "/" not in stream and position is not None and str(position) == sequence:
        return stream_event(subject, data, headers, Position(stream, 1, position, round(time * 1e9), 0))
    return core_event(subject, data, headers, identity=event_id, reply="", now=time)


def original_headers(letter: Letter) -> dict[str, str]:
    """The headers of the original message, undoing `deadletters.letter_headers`."""
    found = {}
    for name, value in letter.headers:
        lower = name.lower()
        if lower.startswith(ORIGINAL):
            found[name[len(ORIGINAL) :]] = value.decode(errors="replace")
        elif lower == KEY or not lower.startswith((deadletter.PREFIX, MESSAGE_ID.lower())):
            found[name] = value.decode(errors="replace")
    return found


def _seconds(text: str) -> float:
    """An RFC 3339 time of the server, which has nanoseconds; 0 if it is none."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    try:
        return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}+00:00").timestamp()
    except ValueError:
        return 0.0
