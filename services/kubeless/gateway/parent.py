"""
A worker's side of the link to its parent: it tells when it is ready, and answers what the parent asks.

A parent that is gone is a signal to stop: nobody would restart this worker, or count what it does.
"""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from kubeless.gateway.frames import Link, LinkBroken
from kubeless.gateway.snapshot import snapshot


class Parent:
    """A `Readiness`."""

    def __init__(self, link: Link, registry: CollectorRegistry) -> None:
        self._link = link
        self._registry = registry
        self._ready = False

    @property
    def ready(self) -> bool:
        """Whether this worker takes requests."""
        return self._ready

    @ready.setter
    def ready(self, ready: bool) -> None:
        self._ready = ready
        self._link.send({"ready": ready})

    def forgotten(self, label: str, name: str) -> None:
        """What was counted under this value of a label is to be forgotten."""
        self._link.send({"forget": [label, name]})

    async def answer_forever(self) -> None:
        """Answer until the parent is gone, then stop this process as a signal would."""
        try:
            while True:
                asked = await self._link.receive()
                families = await asyncio.to_thread(snapshot, self._registry) if asked["ask"] == "metrics" else None
                self._link.send({"answer": families})
        except LinkBroken:
            os.kill(os.getpid(), signal.SIGTERM)


@asynccontextmanager
async def linked_to_parent(descriptor: int, registry: CollectorRegistry) -> AsyncIterator[Parent]:
    """The link over an inherited socket, answered while entered."""
    link = await Link.over(socket.socket(fileno=descriptor))
    parent = Parent(link, registry)
    async with asyncio.TaskGroup() as group:
        answering = group.create_task(parent.answer_forever(), name="answers to the parent")
        try:
            yield parent
        finally:
            answering.cancel()
            link.close()
