"""
A local copy of a collection in the Kubernetes API that keeps itself current.

The informer lists once, in pages, and then watches; nothing is polled. Objects pass a transform on arrival and only its
result is kept, so what nobody needs (function sources, managed fields) never stays in memory. While the API server is
away the copy stays as it is and readers go on with it. When the server returns, the watch continues where it broke off;
if that version is gone, a new list is compared with the copy and only the differences are told, deletions included.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Mapping
from contextlib import asynccontextmanager
from copy import copy
from typing import Generic, Self, TypeVar

import structlog

from kubeless.api.resource import Resource
from kubeless.core.backoff import Backoff
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import IndexedCache, Indexer, ObjectKey
from kubeless.kube.follower import Collection, Follower, Source, key_of

T = TypeVar("T")

Handler = Callable[[ObjectKey, T | None, T | None], None]
"""Called with key, old and new object: no old one for a new object, no new one for a deleted object."""

log = structlog.get_logger(__name__)

LONGEST_PAUSE = 10.0
"""Seconds between two attempts to reach a server that is away; it bounds how stale the copy is when it returns."""


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
            Follower(
                Collection(client, resource, namespace, label_selector, field_selector),
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
