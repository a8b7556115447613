"""
Tell of calls that came to nothing: an Event on the trigger.

A trigger that fails every second must not fill the cluster with Events: there is one per trigger and function, which
counts, and is written at most once per interval.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from kubeless.api.metadata import Metadata, format_time
from kubeless.api.resource import CRONJOB_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.deadletter import DeadLetter, DeadLetterFailed, reason
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import AlreadyExists, KubeError, NotFound
from kubeless.kube.resources import EVENTS

INTERVAL = 10.0
"""Seconds between two writes of one Event."""

COMPONENT = "cronjob-trigger-controller"
_MESSAGE = 1024
"""Characters; a limit of the API."""


@dataclass(slots=True)
class _Told:
    at: float
    untold: int = 0


class FailureEvents:
    """The Events of all triggers."""

    def __init__(self, client: KubeClient, *, wall: Callable[[], float] = time.time) -> None:
        self._client = client
        self._wall = wall
        self._told: dict[tuple[str, str], _Told] = {}

    def sink(self, trigger: Metadata) -> "FailureSink":
        """Where the engine puts what it could not deliver for a trigger."""
        return FailureSink(self, trigger)

    def forget(self, uid: str) -> None:
        """The trigger is gone."""
        for key in [key for key in self._told if key[0] == uid]:
            del self._told[key]

    async def tell(self, trigger: Metadata, letter: DeadLetter) -> None:
        """Write or update the Event; raises KubeError."""
        now = self._wall()
        told = self._told.setdefault((trigger.uid, letter.function.name), _Told(float("-inf")))
        told.untold += 1
        if 0 <= now - told.at < INTERVAL:
            return
        count, before, told.untold, told.at = told.untold, told.at, 0, now
        try:
            await self._write(trigger, letter, count, datetime.fromtimestamp(now, UTC))
        except BaseException:
            # This failure is told of again; those before it still are not.
            told.untold, told.at = told.untold + count - 1, before
            raise

    async def _write(self, trigger: Metadata, letter: DeadLetter, count: int, now: datetime) -> None:
        event = _event(trigger, letter, count, now)
        name = event["metadata"]["name"]
        try:
            await self._client.create(EVENTS, event)
        except AlreadyExists:
            try:
                current = await self._client.get(EVENTS, name, namespace=trigger.namespace)
                changes = {key: event[key] for key in ("message", "lastTimestamp")}
                changes["count"] = int(current.get("count") or 0) + count
                await self._client.patch(EVENTS, name, changes, namespace=trigger.namespace)
            except NotFound:  # it expired in between
                await self._client.create(EVENTS, event)


class FailureSink:
    """A DeadLetterSink of one trigger."""

    def __init__(self, events: FailureEvents, trigger: Metadata) -> None:
        self._events = events
        self._trigger = trigger

    async def write(self, letter: DeadLetter) -> None:
        """See `DeadLetterSink`."""
        try:
            await self._events.tell(self._trigger, letter)
        except NotFound:
            return  # the namespace is gone, and whoever would read it
        except KubeError as error:
            raise DeadLetterFailed(f"cannot write an Event: {error}") from error


def _event(trigger: Metadata, letter: DeadLetter, count: int, now: datetime) -> JsonObject:
    digest = hashlib.blake2b(f"{trigger.uid} {letter.function}".encode(), digest_size=8).hexdigest()
    moment = format_time(now)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{trigger.name[:200]}.{digest}", "namespace": trigger.namespace},
        "involvedObject": {
            "apiVersion": CRONJOB_TRIGGERS.api_version,
            "kind": CRONJOB_TRIGGERS.kind,
            "name": trigger.name,
            "namespace": trigger.namespace,
            "uid": trigger.uid,
        },
        "type": "Warning",
        "reason": "CallFailed",
        "message": _message(letter)[:_MESSAGE],
        "count": count,
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
    }


def _message(letter: DeadLetter) -> str:
    said = "".join(each if each.isprintable() else " " for each in letter.outcome.error)
    return (
        f"call {letter.event.id} of function {letter.function.name} {reason(letter.outcome)} "
        f"after {letter.outcome.attempts} attempts: {said}"
    )
