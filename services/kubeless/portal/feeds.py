"""
Collections that several tabs of one person look at: watched once, and only while somebody looks.

A collection is followed by an informer with the person's own account, so that a view never shows what its person may
not read. A closed tab lets go of its collections; a moment after the last one, the watch ends.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from kubeless.api.resource import Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import KubeError
from kubeless.kube.informer import Informer

LINGER = 5.0
"""Seconds that a watch outlives the last tab that looks: the next page often wants the same."""

log = structlog.get_logger(__name__)

Transform = Callable[[JsonObject], Any]
Listener = Callable[[], None]


class Feed:
    """One collection, current while it is open."""

    def __init__(self, informer: Informer[Any], close: Callable[["Feed"], None]) -> None:
        self._informer = informer
        self._close = close
        self.listeners: set[Listener] = set()

    @property
    def synced(self) -> bool:
        """Whether all of it is known."""
        return self._informer.synced

    def values(self) -> list[Any]:
        """What the transform made of the objects."""
        return self._informer.values()

    def get(self, namespace: str, name: str) -> Any | None:
        """Of one object."""
        return self._informer.get(ObjectKey(namespace, name))

    def listen(self, listener: Listener) -> None:
        """Call `listener` after each change."""
        self.listeners.add(listener)

    def changed(self) -> None:
        """Tell the listeners."""
        for listener in list(self.listeners):
            listener()

    def close(self, listener: Listener) -> None:
        """A listener has seen enough."""
        self.listeners.discard(listener)
        if not self.listeners:
            self._close(self)


class Feeds:
    """Of one account. The group owns the tasks."""

    def __init__(self, client: KubeClient, group: asyncio.TaskGroup) -> None:
        self._client = client
        self._group = group
        self._open: dict[tuple[object, ...], tuple[Feed, asyncio.Task[None]]] = {}
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._open)

    def open(
        self,
        resource: Resource,
        *,
        namespace: str,
        transform: Transform,
        listener: Listener,
        name: str = "",
        label_selector: str = "",
    ) -> Feed:
        """
        Follow a collection, or one object of it by `name`; an empty namespace is all of them.

        Whoever opens it must close it with the same listener.
        """
        key = (resource, namespace, transform, name, label_selector)
        if key not in self._open:
            informer: Informer[Any] = Informer(
                self._client,
                resource,
                namespaces=(namespace,) if namespace else (),
                field_selector=f"metadata.name={name}" if name else "",
                label_selector=label_selector,
                transform=transform,
            )
            feed = Feed(informer, lambda _: self._left(key))
            if self._is_closed:  # a page was still being built when its session ended
                return feed
            informer.subscribe(lambda *_: feed.changed())
            task = self._group.create_task(_follow(informer, feed), name=f"feed {resource.qualified_name}")
            self._open[key] = feed, task
        feed, _ = self._open[key]
        feed.listen(listener)
        return feed

    def close(self) -> None:
        """End all watches; none begins from now on."""
        self._is_closed = True
        for _, task in self._open.values():
            task.cancel()
        self._open.clear()

    def _left(self, key: tuple[object, ...]) -> None:
        asyncio.get_running_loop().call_later(LINGER, self._end_unused, key)

    def _end_unused(self, key: tuple[object, ...]) -> None:
        entry = self._open.get(key)
        if entry is not None and not entry[0].listeners:
            entry[1].cancel()
            del self._open[key]


async def _follow(informer: Informer[Any], feed: Feed) -> None:
    async def tell_synced() -> None:
        await informer.wait_synced()
        feed.changed()

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(informer.run())
            group.create_task(tell_synced())
    except* KubeError as errors:  # one view that cannot be followed must not end the others
        log.warning("cannot follow a collection", error=str(errors.exceptions[0]))
