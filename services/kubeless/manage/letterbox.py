"""Where the dead letters of a trigger are, and what can be done with them, through the service that serves them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.names import MAX_LETTERS
from kubeless.manage.letterkind import LetterKind
from kubeless.manage.serviceadmin import PATIENCE, Refused, ServiceAdmin

if TYPE_CHECKING:
    pass

_NO_PLACE = frozenset({"TopicNotFound", "StreamNotFound"})
"""A place that does not exist holds no letters: it is made with the first."""


@dataclass(frozen=True, slots=True)
class Place:
    """One topic or subject, and the trigger whose letters there are meant; empty: all."""

    kind: LetterKind
    name: str
    trigger: str = ""
    """`<kind>/<namespace>/<name>`"""


class LetterBox:
    """One place."""

    def __init__(self, place: Place, admin: ServiceAdmin) -> None:
        self.place = place
        self._admin = admin

    async def letters(self, *, function: str = "", limit: int | None = None) -> list[JsonObject]:
        """What there is, oldest first (in each partition), `limit` at most."""
        found: list[JsonObject] = []
        while limit is None or len(found) < limit:
            wanted = MAX_LETTERS if limit is None else min(MAX_LETTERS, limit - len(found))
            query = {"trigger": self.place.trigger, "function": function, "limit": str(wanted)}
            if found:
                query["after"] = found[-1]["id"]
            try:
                page = await self._call("GET", query=query)
            except Refused as error:
                if error.reason not in _NO_PLACE:
                    raise
                return found
            found += page
            if len(page) < wanted:
                break
        return found

    async def show(self, letter: str) -> JsonObject:
        """All of one letter."""
        (found,) = await self._call("GET", letter)
        return found

    async def redrive(self, letters: Sequence[str], *, timeout: float) -> list[JsonObject]:
        """The result of each."""
        return await self._call("POST", "redrive", body={"letters": list(letters)}, timeout=timeout)

    async def purge(self, letters: Sequence[str], *, function: str = "") -> int:
        """How many were deleted; what came since they were listed stays."""
        body = {"upTo": self.place.kind.up_to(letters), "trigger": self.place.trigger, "function": function}
        (answer,) = await self._call("POST", "purge", body=body)
        return int(answer.get("purged", 0))

    async def _call(
        self,
        method: str,
        operation: str = "",
        *,
        query: dict[str, str] | None = None,
        body: JsonObject | None = None,
        timeout: float = PATIENCE,
    ) -> list[JsonObject]:
        path = self.place.kind.path(self.place.name, operation, query or {})
        data = None if body is None else json.dumps(body).encode()
        return await self._admin.call(method, path, body=data, timeout=timeout)


def place_of(kind: LetterKind, trigger: JsonObject, namespace: str) -> Place | None:
    """Where the dead letters of a trigger are; None if it keeps none."""
    name, spec = trigger["metadata"]["name"], trigger.get("spec") or {}
    choice = (spec.get("delivery") or {}).get("deadLetter") or {}
    if choice.get("disabled"):
        return None
    place = choice.get(kind.place) or kind.default_place(spec, namespace, name)
    return Place(kind, place, trigger_text(kind, namespace, name))


def trigger_text(kind: LetterKind, namespace: str, name: str) -> str:
    """How a dead letter names its trigger."""
    return f"{kind.resource.kind}/{namespace}/{name}"
