"""
A local copy of a collection in the Kubernetes API that keeps itself current.

The informer lists once, in pages, and then watches; nothing is polled. Objects pass a transform on arrival and only its
result is kept, so what nobody needs (function sources, managed fields) never stays in memory. While the API server is
away the copy stays as it is and readers go on with it. When the server returns, the watch continues where it broke off;
if that version is gone, a new list is compared with the copy and only the differences are told, deletions included.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Generic, NoReturn, Protocol, Self, TypeVar

import structlog

from kubeless.api.resource import Resource
from kubeless.core.backoff import Backoff
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import IndexedCache, Indexer, ObjectKey
from kubeless.kube.client import Page
from kubeless.kube.errors import Gone, Invalid, KubeError
from kubeless.kube.watch import WatchEvent

T = TypeVar("T")

Handler = Callable[[ObjectKey, T | None, T | None], None]
"""Called with key, old and new object: no old one for a new object, no new one for a deleted object."""

log = structlog.get_logger(__name__)

FIRST_PAGE = 100
LARGEST_PAGE = 500
PAGE_BYTES = 4 << 20
"""Pages are sized to be about this long: a page of large objects must not set the memory of the process."""

WATCH_TIMEOUT = 290.0
"""Seconds that a watch is asked to last; below the five minutes after which idle connections are often cut."""

SHORT_WATCH = 1.0
"""Seconds; a watch that ends sooner is followed by a pause, or a server that ends each at once makes a busy loop."""

LONGEST_PAUSE = 10.0
"""Seconds between two attempts to reach a server that is away; it bounds how stale the copy is when it returns."""


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


class Informer(Generic[T]):
    """
    The copy of one collection.

    `run` must run in a task of the owner for as long as the copy is to stay current (`running` arranges that).
    Everything else is called on the same loop and, but for `wait_synced`, never waits. What a handler or the transform
    raises ends `run`: a copy that silently stopped being current is worse than a restart.
    """

    def __init__(
        self,
        client: Source,
        resource: Resource,
        *,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
        transform: Callable[[JsonObject], T | None],
        indexers: Mapping[str, Indexer[T]] | None = None,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep what `transform` makes of each object; those it turns into None are left out."""
        self._client = client
        self._resource = resource
        self._namespace = namespace
        self._label_selector = label_selector
        self._field_selector = field_selector
        self._transform = transform
        self._cache: IndexedCache[T] = IndexedCache(indexers or {})
        self._backoff = backoff or Backoff(maximum=LONGEST_PAUSE)
        self._clock = clock
        self._handlers: list[Handler[T]] = []
        self._synced = asyncio.Event()
        self._version: str | None = None
        self.last_contact: float | None = None
        """When the server was last heard of, in seconds of `clock`. Bookmarks come about once a minute."""

    def __len__(self) -> int:
        return len(self._cache)

    @property
    def synced(self) -> bool:
        """Whether the first list is complete; stays true while the server is away."""
        return self._synced.is_set()

    async def wait_synced(self) -> None:
        """Wait until the first list is complete."""
        await self._synced.wait()

    def get(self, key: ObjectKey) -> T | None:
        """The object, if it is known."""
        return self._cache.get(key)

    def values(self) -> list[T]:
        """All objects."""
        return self._cache.values()

    def by_index(self, name: str, value: Hashable) -> list[T]:
        """The objects that the indexer `name` put under `value`."""
        return self._cache.by_index(name, value)

    def count(self, name: str, value: Hashable) -> int:
        """How many objects `by_index` would return."""
        return self._cache.count(name, value)

    def subscribe(self, handler: Handler[T]) -> None:
        """Call `handler` on the loop for each object that is known, and from now on for each change."""
        self._handlers.append(handler)
        for key, value in self._cache.items():
            handler(key, None, value)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Run while the body does; if the informer fails, the body is cancelled and an exception group raised."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.run(), name=f"informer {self._resource.qualified_name}")
            yield self
            task.cancel()

    async def run(self) -> NoReturn:
        """
        Keep the copy current until cancelled.

        Raises `Invalid` if the server does not understand what is asked of it. All else that the server does is waited
        out: a kind that is not there yet, an account that may not read it yet.
        """
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
                log.warning("cannot follow a collection", resource=self._resource.qualified_name, error=str(error))
                await asyncio.sleep(error.retry_after or 0.0)
            await asyncio.sleep(self._backoff.next())

    async def _list(self) -> str:
        """Bring the copy to the state of a new list and return its version."""
        seen: set[ObjectKey] = set()
        token, limit = "", FIRST_PAGE
        while True:
            page = await self._client.list_page(
                self._resource,
                namespace=self._namespace,
                label_selector=self._label_selector,
                field_selector=self._field_selector,
                limit=limit,
                token=token,
            )
            self.last_contact = self._clock()
            for obj in page.items:
                key = key_of(obj)
                seen.add(key)
                self._arrived(key, obj)
            if not page.next:
                break
            token, limit = page.next, next_limit(objects=len(page.items), size=page.size)
        for key in [known for known in self._cache if known not in seen]:
            self._left(key)
        if not self._synced.is_set():
            log.debug("copy is complete", resource=self._resource.qualified_name, objects=len(self._cache))
            self._synced.set()
        return page.resource_version

    async def _watch(self, version: str) -> bool:
        """Follow events until the watch ends; False if it ended so soon that a pause is due."""
        started = self._clock()
        events = self._client.watch(
            self._resource,
            namespace=self._namespace,
            label_selector=self._label_selector,
            field_selector=self._field_selector,
            resource_version=version,
            timeout=WATCH_TIMEOUT,
        )
        async with aclosing(events):
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
        if event.type != "BOOKMARK":
            key = key_of(event.object)
            if event.type == "DELETED":
                self._left(key)
            else:
                self._arrived(key, event.object)
        # Only now: if a handler raised, the event is not counted as seen.
        self._version = event.object["metadata"]["resourceVersion"]

    def _arrived(self, key: ObjectKey, obj: JsonObject) -> None:
        value = self._transform(obj)
        if value is None:
            self._left(key)
            return
        old = self._cache.put(key, value)
        if old != value:
            self._tell(key, old, value)

    def _left(self, key: ObjectKey) -> None:
        old = self._cache.remove(key)
        if old is not None:
            self._tell(key, old, None)

    def _tell(self, key: ObjectKey, old: T | None, new: T | None) -> None:
        for handler in self._handlers:
            handler(key, old, new)


def key_of(obj: JsonObject) -> ObjectKey:
    """The key of an object as the API server sends it."""
    metadata = obj["metadata"]
    return ObjectKey(metadata.get("namespace") or "", metadata["name"])


def next_limit(*, objects: int, size: int) -> int:
    """How many objects to ask for next, when a page of `objects` was `size` bytes long."""
    return max(1, min(LARGEST_PAGE, objects * PAGE_BYTES // max(size, 1)))
