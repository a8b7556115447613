"""
One open page: its tasks, the collections it looks at and what it shows, all of which end with it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from nicegui import Client, ui

from kubeless.api.resource import Resource
from kubeless.core.errors import KubelessError
from kubeless.portal.feeds import Feed, Transform
from kubeless.portal.screens.look import Look
from kubeless.portal.sessions import Session
from kubeless.portal.settings import Settings

log = structlog.get_logger(__name__)

QUIET = 0.2
"""Seconds between two refreshes of a view, however often what it shows changes."""


class Tab:
    """Made by the page that it belongs to. The group owns its tasks."""

    def __init__(self, client: Client, session: Session, settings: Settings, group: asyncio.TaskGroup) -> None:
        self.client = client
        self.session = session
        self.settings = settings
        self._group = group
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._feeds: list[tuple[Feed, Callable[[], None]]] = []
        self.look = Look(client, session)
        self.start(self.look.learn(), "look")
        session.contact.opened()
        session.listeners.append(self._leave)
        client.on_delete(self._close)

    def start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Work for as long as the page is open."""
        task = self._group.create_task(self._guarded(work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def view(self, refresh: Callable[[], Any], *, at_least: float | None = None) -> Callable[[], None]:
        """
        A function that asks for `refresh`, which is then called soon, and not more often than can be seen.

        `at_least`: it is called after so many seconds in any case.
        """
        dirty = asyncio.Event()

        async def work() -> None:
            while True:
                try:
                    async with asyncio.timeout(at_least):
                        await dirty.wait()
                except TimeoutError:
                    pass
                dirty.clear()
                with self.client:
                    result = refresh()
                    if asyncio.iscoroutine(result):
                        await result
                await asyncio.sleep(QUIET)

        self.start(work(), "view")
        return dirty.set

    def follow(
        self,
        resource: Resource,
        *,
        namespace: str,
        transform: Transform,
        changed: Callable[[], None],
        name: str = "",
        label_selector: str = "",
    ) -> Feed:
        """A collection, for as long as the page is open."""

        def listener() -> None:
            changed()

        feed = self.session.feeds.open(
            resource,
            namespace=namespace,
            transform=transform,
            listener=listener,
            name=name,
            label_selector=label_selector,
        )
        self._feeds.append((feed, listener))
        changed()
        return feed

    def unfollow(self) -> None:
        """Let go of all collections, as those of another namespace come in their place."""
        for feed, listener in self._feeds:
            feed.close(listener)
        self._feeds.clear()

    def tell(self, text: str, *, problem: bool = False) -> None:
        """A message that goes by itself; read out by screen readers."""
        with self.client:
            ui.notify(
                text[:500],
                type="negative" if problem else "positive",
                position="bottom",
                timeout=8000 if problem else 3000,
                multi_line=len(text) > 80,
                close_button="Close" if problem else False,
            )

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except KubelessError as error:
            if not self.client.is_deleted:
                self.tell(str(error), problem=True)
        except Exception as error:  # a defect of one page must not end the pages of everybody
            log.exception("a page's task failed", error=str(error))

    def _leave(self) -> None:
        """The session is over: the page goes elsewhere, and what it looked at ends at once."""
        if not self.client.is_deleted:
            self.client.open("/sign-in?ended=1")
        self._close()

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self.session.contact.closed()
        self.session.meters.want(self, ())
        self.session.scores.leave(self)
        if self._leave in self.session.listeners:
            self.session.listeners.remove(self._leave)
        self.unfollow()
        for task in list(self._tasks):
            task.cancel()
