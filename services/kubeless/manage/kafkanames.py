"""
Names that the admin operations take, checked the same way by the command and by the service.

Light on purpose: the command imports this before it talks to anybody.
"""

import re
from typing import NamedTuple, Self

from kubeless.core.errors import InvalidField

SERVICE = "kafka-trigger-controller"
"""The Kubernetes Service where the operations are served."""

_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_LETTER = re.compile(r"([0-9]{1,9})/([0-9]{1,18})")


def check_topic(name: str) -> str:
    """The name, if Kafka allows it (org.apache.kafka.common.internals.Topic); raises `InvalidField`."""
    if not _TOPIC.fullmatch(name) or name in {".", ".."}:
        raise InvalidField(
            "topic",
            name,
            problem="is not a name of a Kafka topic",
            remedy="use at most 249 letters, digits, '.', '_' and '-'",
        )
    return name


class LetterId(NamedTuple):
    """A dead letter's place in its topic; people write `<partition>/<offset>`."""

    partition: int
    offset: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `InvalidField`."""
        found = _LETTER.fullmatch(text)
        if found is None:
            raise InvalidField(
                "dead letter",
                text,
                problem="is not <partition>/<offset>",
                remedy="take the ID that 'kubeless deadletter list' shows, such as 0/12",
            )
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.partition}/{self.offset}"


def dead_letter_topic(topic: str, namespace: str, trigger: str) -> str:
    """Where the dead letters of a trigger go that names no topic for them."""
    return f"{topic}.{namespace}.{trigger}.dlq"
