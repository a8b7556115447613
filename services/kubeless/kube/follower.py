"""
Follow one collection of the Kubernetes API: list it in pages, watch it from then on, list it anew if the server forgot.

What comes goes into a copy. While the API server is away, the watch is tried again; when it returns, the watch goes on
where it broke off. If that version is gone, the copy is brought to the state of a new list.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import NoReturn, Protocol

import structlog

from kubeless.api.resource import Resource
from kubeless.core.backoff import Backoff
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import Page
from kubeless.kube.errors import Gone, Invalid, KubeError
from kubeless.kube.watch import WatchEvent

log = structlog.get_logger(__name__)

FIRST_PAGE = 100
LARGEST_PAGE = 500
PAGE_BYTES = 4 << 20
"""Pages are sized to be about this long: a page of large objects must not set the memory of the process."""

WATCH_TIMEOUT = 290.0
"""Seconds that a watch is asked to last; below the five minutes after which idle connections are often cut."""

SHORT_WATCH = 1.0
"""Seconds; a watch that ends sooner is followed by a pause, or a server that ends each at once makes a busy loop."""


class Source(Protocol):
    """What an informer asks of a client. `kubeless.kube.client.KubeClient` is one."""

    async def list_page(
        self,
        resource: Resource,
        *,
        namespace: str | None,
        label_selector: str,
        field_selector: str,
        limit: int,
        token: str,
    ) -> Page:
        """One page of the collection, as `KubeClient.list_page`."""

    def watch(
        self,
        resource: Resource,
        *,
        namespace: str | None,
        label_selector: str,
        field_selector: str,
        resource_version: str,
        timeout: float,
    ) -> AsyncGenerator[WatchEvent, None]:
        """Events after a version, as `KubeClient.watch`."""


class Copy(Protocol):
    """What is kept of the collection, see `kubeless.kube.informer`."""

    def arrived(self, obj: JsonObject) -> ObjectKey:
        """The server has this object."""

    def left(self, key: ObjectKey) -> None:
        """The server has this object no longer."""

    def keep_only(self, seen: set[ObjectKey], namespace: str | None) -> None:
        """Of a namespace (None: of all), the server has the objects `seen` and no others."""

    def listed(self) -> None:
        """A first list is complete."""


@dataclass(frozen=True, slots=True)
class Collection:
    """What is followed, as the client wants to be asked for it."""

    client: Source
    resource: Resource
    namespace: str | None
    label_selector: str
    field_selector: str

    async def page(self, *, limit: int, token: str) -> Page:
        """One page of it."""
        return await self.client.list_page(
            self.resource,
            namespace=self.namespace,
            label_selector=self.label_selector,
            field_selector=self.field_selector,
            limit=limit,
            token=token,
        )

    def watch(self, version: str) -> AsyncGenerator[WatchEvent, None]:
        """What happens to it after a version."""
        return self.client.watch(
            self.resource,
            namespace=self.namespace,
            label_selector=self.label_selector,
            field_selector=self.field_selector,
            resource_version=version,
            timeout=WATCH_TIMEOUT,
        )


class Follower:
    """Lists a collection once and watches it from then on, for the copy."""

    def __init__(self, collection: Collection, copy: Copy, *, backoff: Backoff, clock: Callable[[], float]) -> None:
        self._collection = collection
        self._copy = copy
        self._backoff = backoff
        self._clock = clock
        self._version: str | None = None
        self.listed = False
        """Whether a first list is complete."""
        self.last_contact: float | None = None
        """When the server was last heard of, in seconds of the clock."""

    def __repr__(self) -> str:
        where = self._collection.namespace or "all namespaces"
        return f"<follower of {self._collection.resource.qualified_name} in {where}>"

    async def run(self) -> NoReturn:
        """Until cancelled; raises `Invalid`."""
        while True:
            try:
                if self._version is None:
                    self._version = await self._list()
                if await self._watch(self._version):
                    continue
            except Invalid:
                raise
            except Gone:
                self._version = None
            except KubeError as error:
                log.warning("cannot follow a collection", collection=repr(self), error=str(error))
                await asyncio.sleep(error.retry_after or 0.0)
            await asyncio.sleep(self._backoff.next())

    async def _list(self) -> str:
        """Bring the copy to the state of a new list and return its version."""
        seen: set[ObjectKey] = set()
        token, limit = "", FIRST_PAGE
        while True:
            page = await self._collection.page(limit=limit, token=token)
            self.last_contact = self._clock()
            seen.update(self._copy.arrived(obj) for obj in page.items)
            if not page.next:
                break
            token, limit = page.next, next_limit(objects=len(page.items), size=page.size)
        self._copy.keep_only(seen, self._collection.namespace)
        self.listed = True
        self._copy.listed()
        return page.resource_version

    async def _watch(self, version: str) -> bool:
        """Follow events until the watch ends; False if it ended so soon that a pause is due."""
        started = self._clock()
        async with aclosing(self._collection.watch(version)) as events:
            async for event in events:
                self._backoff.reset()
                self.last_contact = self._clock()
                self._apply(event)
        self.last_contact = self._clock()
        if self.last_contact - started < SHORT_WATCH:
            return False
        self._backoff.reset()
        return True

    def _apply(self, event: WatchEvent) -> None:
        if event.type == "DELETED":
            self._copy.left(key_of(event.object))
        elif event.type != "BOOKMARK":
            self._copy.arrived(event.object)
        # Only now: if a handler raised, the event is not counted as seen.
        self._version = event.object["metadata"]["resourceVersion"]


def key_of(obj: JsonObject) -> ObjectKey:
    """The key of an object as the API server sends it."""
    metadata = obj["metadata"]
    return ObjectKey(metadata.get("namespace") or "", metadata["name"])


def next_limit(*, objects: int, size: int) -> int:
    """How many objects to ask for next, when a page of `objects` was `size` bytes long."""
    return max(1, min(LARGEST_PAGE, objects * PAGE_BYTES // max(size, 1)))
