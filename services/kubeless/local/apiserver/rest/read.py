"""
Get and list.

A list that comes in pages shows all of them as they were at the first page: later pages are read from the past, as far
as the history of the type reaches.
"""

import base64
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.cluster import Cluster
from kubeless.local.apiserver.resources import ResourceType
from kubeless.local.apiserver.rest.options import ListOptions
from kubeless.local.apiserver.status import bad_request, expired, not_found, version_too_large
from kubeless.local.apiserver.storage.history import Expired
from kubeless.local.apiserver.storage.record import Key, Record

_PAGES_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You must start a new list without "
    "the continue parameter."
)


@dataclass(frozen=True, slots=True)
class Page:
    records: Sequence[Record]
    metadata: JsonObject
    """`resourceVersion`, and with more to come `continue` and `remainingItemCount`."""


def get(cluster: Cluster, resource: ResourceType, key: Key) -> Record:
    """The object. Raises ApiError 404."""
    record = cluster.store.get(key)
    if record is None:
        raise not_found(resource, key.name)
    return record


def list_page(cluster: Cluster, resource: ResourceType, namespace: str, options: ListOptions) -> Page:
    """
    One page of a list, or all of it.

    Raises:
        ApiError: 400, the token is no token; 410, it is too old; 504, the client is ahead of the server.
    """
    check_revision(cluster, options.resource_version)
    token = _Token.decode(options.token) if options.token else None
    exact = options.resource_version if options.match == "Exact" else None
    revision = token.revision if token else (exact or cluster.store.revision)
    records = _at(cluster, resource, namespace, revision, _PAGES_EXPIRED if token else "")
    if token:
        records = records[bisect_right(records, token.start, key=_place) :]
    return _page([record for record in records if options.selection.matches(record.object)], revision, options)


def check_revision(cluster: Cluster, wanted: int | None) -> None:
    """Raise ApiError 504 if the client knows of a later state than there is."""
    if wanted is not None and wanted > cluster.store.revision:
        raise version_too_large(wanted, cluster.store.revision)


def _at(cluster: Cluster, resource: ResourceType, namespace: str, revision: int, too_old: str) -> list[Record]:
    try:
        return cluster.store.objects(resource.key, namespace, at=revision)
    except Expired as error:
        raise expired(too_old or str(error)) from error


def _page(records: list[Record], revision: int, options: ListOptions) -> Page:
    metadata: JsonObject = {"resourceVersion": str(revision)}
    if not options.limit or len(records) <= options.limit:
        return Page(records, metadata)
    shown = records[: options.limit]
    metadata["continue"] = _Token(revision, _place(shown[-1])).encode()
    if options.selection.everything:
        metadata["remainingItemCount"] = len(records) - len(shown)
    return Page(shown, metadata)


def _place(record: Record) -> tuple[str, str]:
    return record.key.namespace, record.key.name


@dataclass(frozen=True, slots=True)
class _Token:
    """What `continue` says: the revision of the list, and the last object shown."""

    revision: int
    start: tuple[str, str]

    def encode(self) -> str:
        return base64.urlsafe_b64encode(orjson.dumps([self.revision, *self.start])).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "_Token":
        try:
            content = orjson.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
        except ValueError as error:
            raise bad_request("continue key is not valid") from error
        match content:
            case [int(revision), str(namespace), str(name)]:
                return cls(revision, (namespace, name))
        raise bad_request("continue key is not valid")
