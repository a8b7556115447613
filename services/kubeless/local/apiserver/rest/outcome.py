"""
What became of a write, for the answer to the client.
"""

from dataclasses import dataclass

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.storage.record import Record


@dataclass(frozen=True, slots=True)
class Outcome:
    """`object` is in the version the client spoke; `record` is what was stored, None for a dry run."""

    object: JsonObject
    record: Record | None = None
    code: int = 200
    warnings: tuple[str, ...] = ()


def stored_as(obj: JsonObject, api_version: str) -> JsonObject:
    """The object in the version of its type that is stored."""
    return obj if obj["apiVersion"] == api_version else {**obj, "apiVersion": api_version}
