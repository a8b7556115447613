"""The specs of NATSTriggers that the commands write."""

from dataclasses import dataclass
from typing import Any

from kubeless.api.natssubject import token_problem
from kubeless.cli.failure import Fatal
from kubeless.cli.trigger.selector import read_selector
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.natsnames import check_stream, check_subject


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsWanted:
    """See `Wanted`; None is "not given"."""

    topic: str | None = None
    selector: str | None = None
    stream: str | None = None
    durable: str | None = None
    order: str | None = None
    key_token: int | None = None
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
        if self.key_token:
            self._check_token(self.key_token)

    def new_spec(self, _server: str, /) -> JsonObject:
        """See `Wanted`."""
        if self.durable and not self.stream:
            raise Fatal("--durable: is the name of a consumer of a stream; give --stream with it")
        if self.key_token and not self.order:
            raise Fatal("--key-token: needs order by key; give --order key with it")
        return self.changed_spec({"topic": self.topic, "functionSelector": {}})

    def changed_spec(self, spec: JsonObject, /) -> JsonObject:
        """
        See `Wanted`. A new selector takes the place of all of the old, the rest of `delivery` stays; empty texts are as
        if they had not been given.
        """
        fields: JsonObject = {
            "topic": self.topic or None,
            "functionSelector": read_selector(self.selector) if self.selector else None,
            "stream": self.stream or None,
            "durable": self.durable or None,
            "delivery": _delivery(spec.get("delivery") or {}, self),
        }
        return spec | {name: value for name, value in fields.items() if value is not None}

    def _check_token(self, token: int) -> None:
        if self.order and self.order != "key":
            raise InvalidField(
                "--key-token",
                token,
                problem=f"means nothing with order {self.order}",
                remedy="give --order key with it",
            )
        wrong, _, remedy = (token_problem(self.topic, token) if self.topic else "").partition("; ")
        if wrong:
            raise InvalidField("--key-token", token, problem=wrong, remedy=remedy)


def read_wanted(given: dict[str, Any]) -> NatsWanted:
    """Raises InvalidField and Fatal: a mistake is told before anybody is asked."""
    wanted = NatsWanted(**given)
    wanted.check()
    if wanted.selector:
        read_selector(wanted.selector)
    return wanted


def read_new(given: dict[str, Any]) -> NatsWanted:
    """The same for a trigger that does not exist yet."""
    wanted = read_wanted(given)
    wanted.new_spec("")
    return wanted


def _delivery(current: JsonObject, wanted: NatsWanted) -> JsonObject | None:
    """The whole of `delivery`; None if no flag changes it."""
    given: JsonObject = {
        "timeout": wanted.timeout,
        "order": wanted.order,
        # Another order has no key, so what the key was goes with the one that had it.
        "keyToken": 0 if wanted.order not in (None, "key") and current.get("keyToken") else wanted.key_token,
        "concurrency": wanted.concurrency,
        "retry": _merged(current.get("retry"), {"maxAttempts": wanted.max_attempts}),
        "deadLetter": _dead_letter(wanted),
    }
    return _merged(current, given)


def _merged(current: JsonObject | None, given: JsonObject) -> JsonObject | None:
    """`current` with what is given; None if that is nothing."""
    known = {name: value for name, value in given.items() if value is not None}
    return (current or {}) | known if known else None


def _dead_letter(wanted: NatsWanted) -> JsonObject | None:
    """One choice takes the place of the other: letters on a subject, or none."""
    if wanted.dead_letters is False:
        return {"disabled": True}
    if wanted.dead_letter_subject:
        return {"subject": wanted.dead_letter_subject}
    return {} if wanted.dead_letters else None
