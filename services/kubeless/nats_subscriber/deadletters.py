"""
Dead letters as messages of a JetStream stream: body and headers of the original, and our headers.

A write returns when the server has stored the letter. The stream is made when the first letter needs it. A letter that
is written twice, since the answer to the first write was lost, is stored once: it carries the id of its event and
function, which the server compares for some minutes. Without JetStream there is no place for letters at all.
"""

from typing import Protocol

import structlog

from kubeless.core.errors import KubelessError
from kubeless.delivery.deadletter import DeadLetter, DeadLetterFailed, NoPlace
from kubeless.nats_subscriber.foreign import BrokerUnavailable
from kubeless.nats_subscriber.jetstream import JetStream, JetStreamRefused, JetStreamUnavailable
from kubeless.nats_subscriber.names import DEAD_LETTER_STREAM, DEAD_LETTER_SUBJECTS
from kubeless.nats_subscriber.records import KEY

log = structlog.get_logger(__name__)

DUPLICATE_WINDOW = 600.0
"""Seconds in which the server knows a letter again."""

MESSAGE_ID = "Nats-Msg-Id"
SUBJECT = "kubeless-subject"
"""The subject that the event was published on."""

_FOREIGN = frozenset({"nats-msg-id", "nats-expected-stream", "nats-expected-last-sequence", "nats-rollup", "nats-ttl"})
"""Headers of the original that would mean something to the server again; kept behind `kubeless-original-`."""
ORIGINAL = "kubeless-original-"


class Places(Protocol):
    """What is used of `kubeless.nats_subscriber.connection.Connection`."""

    @property
    def has_jetstream(self) -> bool | None: ...

    def jetstream(self) -> JetStream: ...


class DeadLetters:
    """Where the letters of all triggers are stored."""

    def __init__(self, connection: Places, *, replicas: int) -> None:
        """`replicas` are those of the stream, if it has to be made."""
        self._connection = connection
        self._replicas = replicas

    def sink(self, subject: str) -> "SubjectSink":
        """Where the letters of one trigger go."""
        return SubjectSink(self, subject)

    async def write(self, letter: DeadLetter, subject: str) -> None:
        """Store `letter`. Raises as `DeadLetterSink`."""
        if self._connection.has_jetstream is False:
            raise NoPlace
        try:
            await self._store(self._connection.jetstream(), letter, subject)
        except KubelessError as error:
            raise DeadLetterFailed(f"cannot write to subject {subject}: {error}") from error

    async def _store(self, jetstream: JetStream, letter: DeadLetter, subject: str) -> None:
        headers = letter_headers(letter)
        try:
            await jetstream.publish(subject, letter.event.data, headers)
        except JetStreamUnavailable:
            # Nobody listens on the subject: the stream is missing, or JetStream is.
            await self._make_stream(jetstream, subject)
            await jetstream.publish(subject, letter.event.data, headers)

    async def _make_stream(self, jetstream: JetStream, subject: str) -> None:
        if not subject.startswith(DEAD_LETTER_SUBJECTS.removesuffix(">")):
            raise DeadLetterFailed(
                f"no stream takes subject {subject}; add it to one, or remove spec.delivery.deadLetter.subject"
            )
        if await jetstream.stream(DEAD_LETTER_STREAM) is not None:
            raise BrokerUnavailable(f"stream {DEAD_LETTER_STREAM} does not answer")
        try:
            await jetstream.request(f"STREAM.CREATE.{DEAD_LETTER_STREAM}", stream_config(self._replicas))
        except JetStreamRefused as error:
            if await jetstream.stream(DEAD_LETTER_STREAM) is None:
                raise DeadLetterFailed(f"cannot make stream {DEAD_LETTER_STREAM}: {error}") from error
        else:
            log.info("dead-letter stream made", stream=DEAD_LETTER_STREAM, replicas=self._replicas)


class SubjectSink:
    """A `DeadLetterSink`."""

    def __init__(self, letters: DeadLetters, subject: str) -> None:
        self.subject = subject
        self._letters = letters

    async def write(self, letter: DeadLetter) -> None:
        """See `DeadLetterSink`."""
        await self._letters.write(letter, self.subject)


def stream_config(replicas: int) -> dict[str, object]:
    """The stream of dead letters: kept in files until somebody purges them."""
    return {
        "name": DEAD_LETTER_STREAM,
        "subjects": [DEAD_LETTER_SUBJECTS],
        "description": "Events that Kubeless could not deliver",
        "storage": "file",
        "retention": "limits",
        "num_replicas": replicas,
        "duplicate_window": int(DUPLICATE_WINDOW * 10**9),
        "allow_direct": True,
    }


def letter_headers(letter: DeadLetter) -> dict[str, str]:
    """The headers to store, where the letter says which event it is."""
    found: dict[str, str] = {}
    for name, value in letter.headers():
        text = value.decode(errors="replace")
        found[f"{ORIGINAL}{name}" if name.lower() in _FOREIGN else name] = text
    # The one header with our prefix that is the publisher's: order by key depends on it.
    found |= {name: value.decode(errors="replace") for name, value in letter.event.headers if name.lower() == KEY}
    found[SUBJECT] = letter.event.topic
    stored = getattr(letter.event, "identity", None)
    found[MESSAGE_ID] = "/".join((letter.event.id, str(stored or ""), str(letter.trigger), str(letter.function)))
    return found
