"""
Watch: the changes of a type as a stream of JSON lines.

A watcher reads the type's history at its own pace. One that cannot follow gets the error 410 and the stream ends; it
then lists anew. Bookmarks tell an idle watcher how far the world has come, so that it can resume from there.
https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime

import orjson

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.cluster import Cluster
from kubeless.local.apiserver.negotiation import Form, Presentation
from kubeless.local.apiserver.present import metadata_only, present_table
from kubeless.local.apiserver.resources import ResourceType
from kubeless.local.apiserver.rest.options import ListOptions
from kubeless.local.apiserver.status import expired
from kubeless.local.apiserver.storage.history import Change, ChangeType, Expired, History
from kubeless.local.apiserver.storage.record import Record, with_revision

BOOKMARK_INTERVAL = 30.0
_SHORTEST_DEFAULT = 1800.0
_LARGEST_CHUNK = 64 * 1024
_INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}


@dataclass(frozen=True, slots=True)
class Watch:
    cluster: Cluster
    resource: ResourceType
    namespace: str
    options: ListOptions
    presentation: Presentation


async def watch(request: Watch) -> AsyncIterator[bytes]:
    """The events of a watch, some to a chunk; ends after `options.timeout` seconds, or when the type goes away."""
    renderer = _Renderer(request)
    loop = asyncio.get_running_loop()
    ends = loop.time() + (request.options.timeout or _SHORTEST_DEFAULT * (1 + random.random()))  # noqa: S311
    history = request.cluster.store.history(request.resource.key)
    with history.listening() as changed:
        position, events = _beginning(request, renderer)
        for chunk in _chunks(events):
            yield chunk
        while not history.closed and loop.time() < ends:
            changed.clear()
            try:
                changes, position = _next(history, position, request.cluster)
            except Expired as error:
                yield _line("ERROR", orjson.dumps(expired(str(error)).status()))
                return
            for chunk in _chunks(filter(None, map(renderer.event, changes))):
                yield chunk
            if not await _changed(changed, min(BOOKMARK_INTERVAL, ends - loop.time())) and request.options.bookmarks:
                yield renderer.bookmark(position)


def _beginning(request: Watch, renderer: "_Renderer") -> tuple[int, Iterable[bytes]]:
    """Where the watch takes up the history, and the events that come before that."""
    options, store = request.options, request.cluster.store
    initial = options.initial_events
    if initial is None and options.resource_version:
        return options.resource_version, ()
    if initial is False:
        return options.resource_version or store.revision, ()
    records = store.objects(request.resource.key, request.namespace)
    events = [renderer.state(record) for record in records if options.selection.matches(record.object)]
    if initial and options.bookmarks:
        events.append(renderer.bookmark(store.revision, _INITIAL_EVENTS_END))
    return store.revision, events


def _next(history: History, position: int, cluster: Cluster) -> tuple[list[Change], int]:
    """The next changes, and the revision up to which nothing else happened."""
    now = cluster.store.revision
    changes, complete = history.since(position)
    return changes, now if complete else changes[-1].revision


async def _changed(changed: asyncio.Event, patience: float) -> bool:
    """Wait for a change; False when there was none for `patience` seconds."""
    try:
        async with asyncio.timeout(max(patience, 0)):
            return await changed.wait()
    except TimeoutError:
        return False


def _chunks(lines: Iterable[bytes]) -> Iterable[bytes]:
    """Lines put together into fewer, larger writes."""
    pending: list[bytes] = []
    size = 0
    for line in lines:
        pending.append(line)
        size += len(line)
        if size >= _LARGEST_CHUNK:
            yield b"".join(pending)
            pending, size = [], 0
    if pending:
        yield b"".join(pending)


def _line(kind: str, body: bytes) -> bytes:
    return b'{"type":"' + kind.encode() + b'","object":' + body + b"}\n"


class _Renderer:
    """Changes as lines of one watch: what it selects, in the version and form it wants."""

    def __init__(self, request: Watch) -> None:
        self._resource = request.resource
        self._namespace = request.namespace
        self._matches = request.options.selection.matches
        self._presentation = request.presentation
        self._include = request.options.include
        self._now = request.cluster.now
        self._headers = True

    def state(self, record: Record) -> bytes:
        """An object that exists already when the watch begins."""
        return _line(ChangeType.ADDED, self._body(record))

    def event(self, change: Change) -> bytes | None:
        """The change as this watch sees it; an object that no longer matches is gone for it."""
        record, previous = change.record, change.previous
        if self._namespace and record.key.namespace != self._namespace:
            return None
        before = previous is not None and self._matches(previous.object)
        after = change.type is not ChangeType.DELETED and self._matches(record.object)
        if after:
            return _line(ChangeType.MODIFIED if before else ChangeType.ADDED, self._body(record))
        if not before or previous is None:
            return None
        last = Record(record.key, with_revision(previous.object, change.revision), change.revision)
        return _line(ChangeType.DELETED, self._body(record if change.type is ChangeType.DELETED else last))

    def bookmark(self, revision: int, annotations: JsonObject | None = None) -> bytes:
        metadata: JsonObject = {"resourceVersion": str(revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        obj: JsonObject = {"kind": self._resource.kind, "apiVersion": self._resource.api_version, "metadata": metadata}
        if self._presentation.form is Form.TABLE:
            version = f"meta.k8s.io/{self._presentation.meta_version}"
            obj = {"kind": "Table", "apiVersion": version, "metadata": metadata, "columnDefinitions": [], "rows": []}
        elif self._presentation.form is Form.METADATA:
            obj = metadata_only(obj, self._presentation)
        return _line("BOOKMARK", orjson.dumps(obj))

    def _body(self, record: Record) -> bytes:
        if self._presentation.form is Form.OBJECT:
            return record.body(self._resource.api_version)
        obj = record.view(self._resource.api_version)
        if self._presentation.form is Form.METADATA:
            return orjson.dumps(metadata_only(obj, self._presentation))
        rows = self._table(obj, str(record.revision), self._now())
        self._headers = False  # only the first event of a watch explains the columns
        return orjson.dumps(rows)

    def _table(self, obj: JsonObject, version: str, now: datetime) -> JsonObject:
        return present_table(
            [obj],
            self._resource,
            self._presentation,
            resource_version=version,
            include=self._include,
            now=now,
            headers=self._headers,
        )
