"""
One version of one object as it lies in the store.

A record never changes: a write makes a new one. So records, their dictionaries and their bytes are shared freely
between readers, watchers and the database, and nobody copies.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from kubeless.core.jsontypes import JsonObject


class Key(NamedTuple):
    """Where an object lies; `namespace` is empty for cluster-wide objects."""

    resource: tuple[str, str]
    namespace: str
    name: str


@dataclass(slots=True, eq=False)
class Record:
    """An object, its revision (the number in `metadata.resourceVersion`) and its JSON, encoded once per API version."""

    key: Key
    object: JsonObject
    revision: int
    _bodies: dict[str, bytes] = field(default_factory=dict)

    @property
    def uid(self) -> str:
        return str(self.object["metadata"]["uid"])

    @property
    def deleting(self) -> bool:
        return "deletionTimestamp" in self.object["metadata"]

    @property
    def size(self) -> int:
        return len(self.body(self.object["apiVersion"]))

    def view(self, api_version: str) -> JsonObject:
        """The object in a version of its type; versions differ in their name alone (conversion strategy None)."""
        if self.object["apiVersion"] == api_version:
            return self.object
        return {**self.object, "apiVersion": api_version}

    def body(self, api_version: str) -> bytes:
        """The JSON of `view(api_version)`."""
        body = self._bodies.get(api_version)
        if body is None:
            body = self._bodies[api_version] = orjson.dumps(self.view(api_version))
        return body


def with_revision(obj: JsonObject, revision: int) -> JsonObject:
    """The object carrying a resourceVersion; the given one stays as it is."""
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(revision)}}
