"""
Keep CronJobTriggers no longer than the functions they name.

The cron scheduler does everything else about them.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from kubeless.api.resource import CRONJOB_TRIGGERS
from kubeless.controller.bindings import Bindings, named_function
from kubeless.controller.labels import key_of
from kubeless.controller.packed import Packed
from kubeless.controller.requests import Requests
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.informer import Informer

_BY_FUNCTION = "function"


class CronTriggers:
    """Reconciles CronJobTriggers by key; enter `running` to keep its cache current."""

    def __init__(
        self, client: KubeClient, requests: Requests, functions: Informer[Packed], *, namespaces: tuple[str, ...]
    ) -> None:
        """Look at these namespaces, or at all of them if none are named."""
        self._functions = functions
        self._bindings = Bindings(requests, functions, CRONJOB_TRIGGERS)
        self._triggers = Informer[JsonObject](
            client,
            CRONJOB_TRIGGERS,
            namespaces=namespaces,
            transform=_read,
            indexers={_BY_FUNCTION: lambda obj: [ObjectKey(obj["metadata"]["namespace"], named_function(obj))]},
        )

    @property
    def informers(self) -> Sequence[Informer[JsonObject]]:
        """What keeps it current."""
        return (self._triggers,)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["CronTriggers"]:
        """Follow the cluster while the body runs; on entry everything is known."""
        async with self._triggers.running():
            await self._triggers.wait_synced()
            yield self

    def subscribe(self, notice: Callable[[ObjectKey], None]) -> None:
        """Call `notice` with a trigger's key whenever the trigger or its function has changed."""

        def on_function(function: ObjectKey, old: Packed | None, new: Packed | None) -> None:
            if old is None or new is None or old.uid != new.uid:
                for trigger in self._triggers.by_index(_BY_FUNCTION, function):
                    notice(key_of(trigger))

        self._triggers.subscribe(lambda key, _old, _new: notice(key))
        self._functions.subscribe(on_function)

    def keys(self) -> list[ObjectKey]:
        """All triggers."""
        return self._triggers.keys()

    async def reconcile(self, key: ObjectKey) -> bool:
        """Look at one trigger; never to be looked at again by itself. Raises a KubeError that is worth repeating."""
        trigger = self._triggers.get(key)
        if trigger is not None and not trigger["metadata"].get("deletionTimestamp"):
            await self._bindings.settle(key, trigger)
        return False


def _read(obj: JsonObject) -> JsonObject:
    """What is needed of a trigger. Not its version, so that the scheduler's statuses wake nobody here."""
    metadata = obj["metadata"]
    kept = ("namespace", "name", "deletionTimestamp")
    bound = (obj.get("status") or {}).get("boundFunction")
    return {
        "metadata": {key: metadata[key] for key in kept if key in metadata},
        "spec": {"function-name": named_function(obj)},
        "status": {"boundFunction": bound} if bound else {},
    }
