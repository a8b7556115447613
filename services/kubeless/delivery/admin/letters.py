"""
Dead letters as the admin operations read them, wherever they are kept.

What happened to an event is told in headers (see `delivery.deadletter`), which may hold anything: others can write to
the same place.
"""

import base64
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kubeless.core.errors import shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery import deadletter
from kubeless.delivery.admin.errors import AdminError
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey

LetterId = TypeVar("LetterId", covariant=True)


@dataclass(frozen=True, slots=True)
class StoredLetter(Generic[LetterId]):
    """What lies where dead letters are kept."""

    id: LetterId
    """Its place there; its `str` is what people write."""
    time: float
    """Seconds since the Unix epoch: when it was written."""
    key: bytes | None
    value: bytes | None
    """That of the original."""
    headers: tuple[tuple[str, bytes], ...]

    def fact(self, name: str) -> str:
        """What a `kubeless-` header says; "" if there is none. The last one counts: we write ours behind the rest."""
        found = [value for header, value in self.headers if header == name]
        return found[-1].decode(errors="replace") if found else ""

    @property
    def event_time(self) -> float:
        """Seconds since the Unix epoch: when the event happened; when the letter was written, if it does not say."""
        told = deadletter.read_time(self.fact(deadletter.EVENT_TIME))
        return self.time if told is None else told

    @property
    def trigger(self) -> TriggerRef | None:
        """The trigger it failed for; None if it does not say."""
        parts = self.fact(deadletter.TRIGGER).split("/")
        return TriggerRef(*parts) if len(parts) == 3 and all(parts) else None

    @property
    def function(self) -> ObjectKey | None:
        """The function it failed for; None if it does not say."""
        parts = self.fact(deadletter.FUNCTION).split("/")
        return ObjectKey(*parts) if len(parts) == 2 and all(parts) else None

    @property
    def original_headers(self) -> tuple[tuple[str, bytes], ...]:
        """The headers that its event had."""
        return tuple(header for header in self.headers if not header[0].lower().startswith(deadletter.PREFIX))


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters are meant; empty fields mean all."""

    trigger: str = ""
    """`<kind>/<namespace>/<name>`"""
    function: str = ""
    """`<namespace>/<name>`"""

    def holds(self, letter: StoredLetter[Any]) -> bool:
        """Whether it is a letter that is meant. What has none of our headers never is: it is not ours."""
        trigger, function = letter.fact(deadletter.TRIGGER), letter.fact(deadletter.FUNCTION)
        return bool(trigger) and self.trigger in ("", trigger) and self.function in ("", function)


def read_choice(body: JsonObject) -> Choice:
    """Which letters a request means; raises AdminError."""
    texts = [body.get(name, "") for name in ("trigger", "function")]
    for text in texts:
        if not isinstance(text, str):
            raise AdminError(400, "Invalid", f"trigger and function are texts, got {shorten(text)}; correct it")
    return Choice(*texts)


def summary(letter: StoredLetter[Any]) -> JsonObject:
    """What lists say about a letter. Bodies are left out: a list of large ones would be no list."""
    return {
        "id": str(letter.id),
        "trigger": letter.fact(deadletter.TRIGGER),
        "function": letter.fact(deadletter.FUNCTION),
        "eventId": letter.fact(deadletter.EVENT_ID),
        "eventTime": letter.fact(deadletter.EVENT_TIME),
        "reason": letter.fact(deadletter.REASON),
        "error": letter.fact(deadletter.ERROR),
        "attempts": number(letter.fact(deadletter.ATTEMPTS)),
        "status": number(letter.fact(deadletter.STATUS)),
        "firstTime": letter.fact(deadletter.FIRST_TIME),
        "lastTime": letter.fact(deadletter.LAST_TIME),
        "size": len(letter.value or b""),
    }


def details(letter: StoredLetter[Any]) -> JsonObject:
    """All of a letter. Bytes are base64, for they may be anything."""
    return summary(letter) | {
        "keyBase64": _encode(letter.key),
        "valueBase64": _encode(letter.value),
        "headers": [[name, _encode(value)] for name, value in letter.headers],
    }


def addressee(letter: StoredLetter[Any]) -> tuple[TriggerRef, ObjectKey]:
    """
    Whom a letter is for.

    Raises AdminError for one that does not say, and for one that names a function in another namespace than its
    trigger's: a trigger calls functions of its own only, so somebody else wrote that.
    """
    trigger, function = letter.trigger, letter.function
    if trigger is None or function is None or trigger.namespace != function.namespace:
        raise AdminError(422, "NoAddressee", f"dead letter {letter.id} does not say which function it failed for")
    return trigger, function


def number(text: str) -> int | None:
    """A number of ours; None for anything else that a header may hold."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _encode(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
