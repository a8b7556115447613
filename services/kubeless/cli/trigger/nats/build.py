"""The NATSTrigger objects that the commands write."""

from dataclasses import dataclass

from kubeless.api.resource import NATS_TRIGGERS
from kubeless.cli.trigger.selector import read_selector
from kubeless.core.jsontypes import JsonObject
from kubeless.nats_subscriber.admin_names import check_stream, check_subject


@dataclass(frozen=True, slots=True)
class Wanted:
    """What flags say of a trigger; None: nothing."""

    topic: str | None = None
    selector: str | None = None
    stream: str | None = None
    durable: str | None = None
    order: str | None = None
    concurrency: int | None = None
    timeout: float | None = None
    max_attempts: int | None = None
    dead_letter_subject: str | None = None
    dead_letters: bool | None = None

    def check(self) -> None:
        """Raises `InvalidField` for what NATS does not take, before anybody is asked."""
        if self.topic:
            check_subject(self.topic, wildcards=True, field="--trigger-topic")
        if self.dead_letter_subject:
            check_subject(self.dead_letter_subject, field="--dead-letter-subject")
        for flag, name in (("--stream", self.stream), ("--durable", self.durable)):
            if name:
                check_stream(name, field=flag)


def new_nats_trigger(name: str, namespace: str, wanted: Wanted) -> JsonObject:
    """The object that `trigger nats create` creates."""
    empty: JsonObject = {"topic": wanted.topic, "functionSelector": {}}
    return {
        "apiVersion": NATS_TRIGGERS.api_version,
        "kind": NATS_TRIGGERS.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": {"created-by": "kubeless"}},
        "spec": empty | changes(empty, wanted),
    }


def changes(spec: JsonObject, wanted: Wanted) -> JsonObject:
    """
    The fields of a spec that the flags change. A new selector takes the place of all of the old, the rest of `delivery`
    stays; empty texts are as if they had not been given.
    """
    fields: JsonObject = {
        "topic": wanted.topic or None,
        "functionSelector": read_selector(wanted.selector) if wanted.selector else None,
        "stream": wanted.stream or None,
        "durable": wanted.durable or None,
        "delivery": _delivery(spec.get("delivery") or {}, wanted),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _delivery(current: JsonObject, wanted: Wanted) -> JsonObject | None:
    """The whole of `delivery`; None if no flag changes it."""
    given: JsonObject = {
        "timeout": wanted.timeout,
        "order": wanted.order,
        "concurrency": wanted.concurrency,
        "retry": _merged(current.get("retry"), {"maxAttempts": wanted.max_attempts}),
        "deadLetter": _dead_letter(wanted),
    }
    return _merged(current, given)


def _merged(current: JsonObject | None, given: JsonObject) -> JsonObject | None:
    """`current` with what is given; None if that is nothing."""
    known = {name: value for name, value in given.items() if value is not None}
    return (current or {}) | known if known else None


def _dead_letter(wanted: Wanted) -> JsonObject | None:
    """One choice takes the place of the other: letters on a subject, or none."""
    if wanted.dead_letters is False:
        return {"disabled": True}
    if wanted.dead_letter_subject:
        return {"subject": wanted.dead_letter_subject}
    return {} if wanted.dead_letters else None
