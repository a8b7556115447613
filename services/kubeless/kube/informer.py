"""
A local copy of a collection in the Kubernetes API that keeps itself current.

The informer lists once, in pages, and then watches; nothing is polled. Objects pass a transform on arrival and only its
result is kept, so what nobody needs (function sources, managed fields) never stays in memory. While the API server is
away the copy stays as it is and readers go on with it. When the server returns, the watch continues where it broke off;
if that version is gone, a new list is compared with the copy and only the differences are told, deletions included.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, Protocol, Self, TypeVar

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
    The copy of one collection, in all namespaces or in some.

    `run` must run in a task of the owner for as long as the copy is to stay current (`running` arranges that).
    Everything else is called on the same loop and, but for `wait_synced`, never waits. What a handler or the transform
    raises ends `run`: a copy that silently stopped being current is worse than a restart.
    """

    def __init__(
        self,
        client: Source,
        resource: Resource,
        *,
        namespaces: Iterable[str] = (),
        label_selector: str = "",
        field_selector: str = "",
        transform: Callable[[JsonObject], T | None],
        indexers: Mapping[str, Indexer[T]] | None = None,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Keep what `transform` makes of each object; those it turns into None are left out.

        Without `namespaces` the collection is that of the whole cluster. Each namespace is followed by itself, so that
        one that may not be read does not hold up the others.
        """
        self.resource = resource
        self._transform = transform
        self._cache: IndexedCache[T] = IndexedCache(indexers or {})
        self._handlers: list[Handler[T]] = []
        self._synced = asyncio.Event()
        backoff = backoff or Backoff(maximum=LONGEST_PAUSE)
        self._followers = [
            _Follower(
                _Collection(client, resource, namespace, label_selector, field_selector),
                self,
                backoff=copy(backoff),
                clock=clock,
            )
            for namespace in dict.fromkeys(namespaces) or (None,)
        ]

    def __len__(self) -> int:
        return len(self._cache)

    @property
    def last_contact(self) -> float | None:
        """
        When the server was last heard of, in seconds of the clock; of several namespaces, the quietest. None: not yet.

        Bookmarks come about once a minute.
        """
        contacts = [follower.last_contact for follower in self._followers]
        return None if None in contacts else min(contact for contact in contacts if contact is not None)

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

    def keys(self) -> list[ObjectKey]:
        """The keys of all objects."""
        return list(self._cache)

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
            task = group.create_task(self.run(), name=f"informer {self.resource.qualified_name}")
            yield self
            task.cancel()

    async def run(self) -> None:
        """
        Keep the copy current until cancelled.

        Raises a group of `Invalid` if the server does not understand what is asked of it. All else that the server does
        is waited out: a kind that is not there yet, an account that may not read it yet.
        """
        async with asyncio.TaskGroup() as group:
            for follower in self._followers:
                group.create_task(follower.run(), name=repr(follower))

    # -- for the followers

    def arrived(self, obj: JsonObject) -> ObjectKey:
        """The server has this object."""
        key = key_of(obj)
        value = self._transform(obj)
        if value is None:
            self.left(key)
            return key
        old = self._cache.put(key, value)
        if old != value:
            self._tell(key, old, value)
        return key

    def left(self, key: ObjectKey) -> None:
        """The server has this object no longer."""
        old = self._cache.remove(key)
        if old is not None:
            self._tell(key, old, None)

    def keep_only(self, seen: set[ObjectKey], namespace: str | None) -> None:
        """Of a namespace (None: of all), the server has the objects `seen` and no others."""
        gone = [key for key in self._cache if key not in seen and namespace in (None, key.namespace)]
        for key in gone:
            self.left(key)

    def listed(self) -> None:
        """A first list is complete, perhaps the last of them."""
        if not self._synced.is_set() and all(follower.listed for follower in self._followers):
            log.debug("copy is complete", resource=self.resource.qualified_name, objects=len(self._cache))
            self._synced.set()

    def _tell(self, key: ObjectKey, old: T | None, new: T | None) -> None:
        for handler in self._handlers:
            handler(key, old, new)


@dataclass(frozen=True, slots=True)
class _Collection:
    """What is followed, as the client wants to be asked for it."""

    client: Source
    resource: Resource
    namespace: str | None
    label_selector: str
    field_selector: str

    async def page(self, *, limit: int, token: str) -> Page:
        return await self.client.list_page(
            self.resource,
            namespace=self.namespace,
            label_selector=self.label_selector,
            field_selector=self.field_selector,
            limit=limit,
            token=token,
        )

    def watch(self, version: str) -> AsyncGenerator[WatchEvent, None]:
        return self.client.watch(
            self.resource,
            namespace=self.namespace,
            label_selector=self.label_selector,
            field_selector=self.field_selector,
            resource_version=version,
            timeout=WATCH_TIMEOUT,
        )


class _Follower:
    """Lists a collection once and watches it from then on, for the copy."""

    def __init__(
        self, collection: _Collection, copy: Informer[Any], *, backoff: Backoff, clock: Callable[[], float]
    ) -> None:
        self._collection = collection
        self._copy = copy
        self._backoff = backoff
        self._clock = clock
        self._version: str | None = None
        self.listed = False
        self.last_contact: float | None = None

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
