"""
What differs between brokers in how dead letters are found, named and asked for.

Kafka keeps them in a topic, each with the ID `<partition>/<offset>`. NATS keeps them on a subject of a stream, each
with its sequence as ID.
"""

from collections.abc import Sequence
from typing import ClassVar, Protocol
from urllib.parse import quote, urlencode

from kubeless.api.resource import KAFKA_TRIGGERS, NATS_TRIGGERS, Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.kafkanames import LetterId, check_topic, dead_letter_topic
from kubeless.manage.natsnames import check_subject, dead_letter_subject, parse_sequence
from kubeless.manage.serviceadmin import KafkaAdmin, NatsAdmin, ServiceAdmin


class LetterKind(Protocol):
    """The dead letters of one kind of trigger."""

    name: ClassVar[str]
    """On the command line."""
    place: ClassVar[str]
    """What the place is called where they are kept: topic, subject."""
    resource: ClassVar[Resource]
    """Of the triggers."""
    title: ClassVar[str]
    """How messages call the kind."""
    admin: ClassVar[type[ServiceAdmin]]

    def check_place(self, name: str) -> str:
        """The name of a place; raises `InvalidField`."""

    def default_place(self, spec: JsonObject, namespace: str, name: str) -> str:
        """Where the letters of a trigger are kept that does not say."""

    def check_id(self, text: str) -> str:
        """The ID of a letter; raises `InvalidField`."""

    def path(self, place: str, operation: str, query: dict[str, str]) -> str:
        """Of a request; `operation` is empty for the list."""

    def is_up_to(self, letter: str, last: str) -> bool:
        """Whether one letter is `last` or stands before it in the same order."""

    def up_to(self, letters: Sequence[str]) -> object:
        """How a purge says that it means no more than these."""


class KafkaLetters:
    """In topics."""

    name: ClassVar[str] = "kafka"
    place: ClassVar[str] = "topic"
    resource: ClassVar[Resource] = KAFKA_TRIGGERS
    title: ClassVar[str] = "Kafka"
    admin: ClassVar[type[ServiceAdmin]] = KafkaAdmin

    def check_place(self, name: str) -> str:
        """See `LetterKind`."""
        return check_topic(name)

    def default_place(self, spec: JsonObject, namespace: str, name: str) -> str:
        """See `LetterKind`."""
        return dead_letter_topic(str(spec.get("topic")), namespace, name)

    def check_id(self, text: str) -> str:
        """See `LetterKind`."""
        return str(LetterId.parse(text))

    def path(self, place: str, operation: str, query: dict[str, str]) -> str:
        """See `LetterKind`."""
        path = "/".join(part for part in ("deadletters", place, operation) if part)
        return f"{path}?{urlencode(query)}" if query else path

    def is_up_to(self, letter: str, last: str) -> bool:
        """See `LetterKind`: each partition has an order of its own."""
        one, end = LetterId.parse(letter), LetterId.parse(last)
        return one.partition == end.partition and one.offset <= end.offset

    def up_to(self, letters: Sequence[str]) -> object:
        """The last offset of each partition."""
        offsets: dict[str, int] = {}
        for partition, offset in map(LetterId.parse, letters):
            offsets[str(partition)] = max(offset, offsets.get(str(partition), 0))
        return offsets


class NatsLetters:
    """On subjects of a stream."""

    name: ClassVar[str] = "nats"
    place: ClassVar[str] = "subject"
    resource: ClassVar[Resource] = NATS_TRIGGERS
    title: ClassVar[str] = "NATS"
    admin: ClassVar[type[ServiceAdmin]] = NatsAdmin

    def check_place(self, name: str) -> str:
        """See `LetterKind`."""
        return check_subject(name)

    def default_place(self, spec: JsonObject, namespace: str, name: str) -> str:  # noqa: ARG002 - that of the kind
        """See `LetterKind`."""
        return dead_letter_subject(namespace, name)

    def check_id(self, text: str) -> str:
        """See `LetterKind`."""
        return str(parse_sequence(text))

    def path(self, place: str, operation: str, query: dict[str, str]) -> str:
        """See `LetterKind`."""
        path = f"deadletters/{quote(operation)}" if operation else "deadletters"
        return f"{path}?{urlencode({'subject': place} | query)}"

    def is_up_to(self, letter: str, last: str) -> bool:
        """See `LetterKind`."""
        return parse_sequence(letter) <= parse_sequence(last)

    def up_to(self, letters: Sequence[str]) -> object:
        """The last sequence."""
        return max(map(parse_sequence, letters))


KINDS: dict[str, LetterKind] = {"kafka": KafkaLetters(), "nats": NatsLetters()}
"""By name."""
