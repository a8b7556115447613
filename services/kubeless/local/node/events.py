"""
Events for people: what `kubectl describe` shows below an object.

Reporting must never hold up the work, so events are put into a bounded queue and lost when the API server cannot keep
up. The same event of the same object is counted rather than repeated, and only the newest few hundred stay in the API.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

import structlog

from kubeless.api.metadata import format_time
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import KubeError, NotFound
from kubeless.kube.resources import EVENTS

log = structlog.get_logger(__name__)

_QUEUE = 500
_KEPT = 500
_PAUSE = 5.0
"""Seconds between two updates of the same event."""
_MESSAGE = 1024


@dataclass(frozen=True, slots=True)
class _Happening:
    """What makes two events the same."""

    uid: str
    reason: str
    message: str


@dataclass(slots=True)
class _Known:
    namespace: str
    name: str
    count: int
    written: float


class EventRecorder:
    """Writes events in the name of `component`. `run` must run in a task of the owner."""

    def __init__(
        self, client: KubeClient, *, component: str, host: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._component = component
        self._host = host
        self._clock = clock
        self._queue: asyncio.Queue[tuple[_Happening, JsonObject]] = asyncio.Queue(_QUEUE)
        self._known: OrderedDict[_Happening, _Known] = OrderedDict()

    def record(self, obj: JsonObject, reason: str, message: str, *, warning: bool = False) -> None:
        """Tell people about `obj`. Never waits and never fails."""
        metadata = obj["metadata"]
        now = datetime.now(UTC)
        happening = _Happening(metadata["uid"], reason, message[:_MESSAGE])
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{metadata['name'][:200]}.{time.time_ns():x}",
                "namespace": metadata["namespace"],
            },
            "involvedObject": {
                "apiVersion": obj.get("apiVersion", "v1"),
                "kind": obj.get("kind", "Pod"),
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
            "type": "Warning" if warning else "Normal",
            "reason": reason,
            "message": happening.message,
            "source": {"component": self._component, "host": self._host},
            "reportingComponent": self._component,
            "reportingInstance": self._host,
            "firstTimestamp": format_time(now),
            "lastTimestamp": format_time(now),
            "count": 1,
        }
        try:
            self._queue.put_nowait((happening, event))
        except asyncio.QueueFull:
            log.debug("event lost", reason=reason, object=metadata["name"])

    async def run(self) -> NoReturn:
        """Write events until cancelled."""
        while True:
            happening, event = await self._queue.get()
            try:
                await self._write(happening, event)
            except KubeError as error:
                log.debug("event not written", reason=happening.reason, error=str(error))

    async def _write(self, happening: _Happening, event: JsonObject) -> None:
        known = self._known.get(happening)
        if known is None:
            await self._create(happening, event)
            return
        known.count += 1
        self._known.move_to_end(happening)
        if self._clock() - known.written < _PAUSE:
            return
        known.written = self._clock()
        change = {"count": known.count, "lastTimestamp": event["lastTimestamp"]}
        try:
            await self._client.patch(EVENTS, known.name, change, namespace=known.namespace)
        except NotFound:
            del self._known[happening]

    async def _create(self, happening: _Happening, event: JsonObject) -> None:
        metadata = event["metadata"]
        await self._client.create(EVENTS, event)
        self._known[happening] = _Known(metadata["namespace"], metadata["name"], 1, self._clock())
        if len(self._known) > _KEPT:
            _, oldest = self._known.popitem(last=False)
            await self._client.delete(EVENTS, oldest.name, namespace=oldest.namespace)
