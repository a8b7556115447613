"""
Names that the admin operations take, checked the same way by the command and by the service.

Light on purpose: the command imports this before it talks to anybody.
"""

import re

from kubeless.api.natssubject import name_problem, subject_problem
from kubeless.core.errors import InvalidField

SERVICE = "nats-trigger-controller"
"""The Kubernetes Service where the operations are served."""

_SEQUENCE = re.compile(r"[1-9][0-9]{0,17}")


def check_subject(subject: str, *, wildcards: bool = False, field: str = "subject") -> str:
    """The subject, if NATS allows it; raises `InvalidField`."""
    problem, _, remedy = subject_problem(subject, wildcards=wildcards).partition("; ")
    if problem:
        raise InvalidField(field, subject, problem=problem, remedy=remedy)
    return subject


def check_stream(name: str, *, field: str = "stream") -> str:
    """The name of a stream, or of a durable consumer, if NATS allows it (ADR-6); raises `InvalidField`."""
    problem, _, remedy = (name_problem(name) if name else "is empty; name a stream").partition("; ")
    if problem:
        raise InvalidField(field, name, problem=problem, remedy=remedy)
    return name


def parse_sequence(text: str) -> int:
    """A dead letter's sequence number in its stream; raises `InvalidField`."""
    if not _SEQUENCE.fullmatch(text):
        raise InvalidField(
            "dead letter",
            text,
            problem="is no sequence number",
            remedy="take the ID that 'kubeless deadletter list' shows, such as 12",
        )
    return int(text)


def dead_letter_subject(namespace: str, trigger: str) -> str:
    """Where letters go if the trigger does not say."""
    return f"kubeless.dlq.{namespace}.{trigger}"
