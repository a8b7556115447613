"""
HTTP and cron triggers go with the function they name.

A trigger may come before its function, and may name one that never comes; that is no reason to delete it. So the
controller notes in the trigger's status which function it has seen it with, by uid. When that very function is gone,
the trigger is deleted, however long nobody was looking and whatever took the name since. The note is in the status and
not an owner reference, because a backup restores owner references but no statuses: a restored trigger with the uid of
a function from before would be taken away at once.
"""

from enum import Enum

import structlog

from kubeless.api.resource import FUNCTIONS, Resource
from kubeless.controller.packed import Packed
from kubeless.controller.requests import Requests
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.errors import NotFound
from kubeless.kube.informer import Informer

log = structlog.get_logger(__name__)


class Step(Enum):
    """What to do about a trigger."""

    KEEP = "keep"
    BIND = "bind"
    DELETE = "delete"


def decide(trigger: JsonObject, function_uid: str | None) -> Step:
    """What becomes of a trigger, given the uid of the function that has the name it names; None if there is none."""
    name = named_function(trigger)
    bound = (trigger.get("status") or {}).get("boundFunction") or {}
    if not name:
        return Step.KEEP
    if bound.get("name") == name and bound.get("uid") != function_uid:
        return Step.DELETE
    return Step.BIND if function_uid and bound.get("name") != name else Step.KEEP


def named_function(trigger: JsonObject) -> str:
    """What `spec.function-name` says; empty for a trigger that selects by label."""
    return str((trigger.get("spec") or {}).get("function-name") or "")


class Bindings:
    """Binds the triggers of one kind to their functions, and deletes those whose function is gone."""

    def __init__(self, client: Requests, functions: Informer[Packed], triggers: Resource) -> None:
        self._client = client
        self._functions = functions
        self._triggers = triggers

    async def settle(self, key: ObjectKey, trigger: JsonObject) -> bool:
        """
        Look at one trigger; whether it is settled. If not, it will be told of again, changed or gone.

        Raises KubeError.
        """
        name = named_function(trigger)
        function = self._functions.get(ObjectKey(key.namespace, name))
        uid = function.uid if function else None
        match decide(trigger, uid):
            case Step.KEEP:
                return True
            case Step.DELETE:
                await self._delete(key)
            case Step.BIND:
                await self._bind(key, {"name": name, "uid": uid})
        return False

    async def _bind(self, key: ObjectKey, function: JsonObject) -> None:
        # Without a version: should the trigger name another function by now, this note does not count.
        body = {"status": {"boundFunction": function}}
        try:
            await self._client.patch(self._triggers, key.name, body, namespace=key.namespace, subresource="status")
        except NotFound:
            return

    async def _delete(self, key: ObjectKey) -> None:
        """Delete the trigger unless the copies we decided by were behind: what is lost was written by a person."""
        try:
            trigger = await self._client.get(self._triggers, key.name, namespace=key.namespace)
            uid = await self._uid_now(key.namespace, named_function(trigger))
            if decide(trigger, uid) is not Step.DELETE:
                return
            await self._client.delete(self._triggers, key.name, namespace=key.namespace, uid=trigger["metadata"]["uid"])
        except NotFound:
            return
        log.info("trigger deleted with its function", kind=self._triggers.kind, trigger=key)

    async def _uid_now(self, namespace: str, name: str) -> str | None:
        if not name:
            return None
        try:
            function = await self._client.get(FUNCTIONS, name, namespace=namespace)
        except NotFound:
            return None
        return str(function["metadata"]["uid"])
