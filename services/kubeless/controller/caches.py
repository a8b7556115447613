"""
What the controller knows of the cluster.

Every object that a function needs or has is watched, so a look at a function asks the API server nothing.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from kubeless.api.resource import FUNCTIONS
from kubeless.controller.pods import FunctionPod, read_pod
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.informer import Informer
from kubeless.kube.resources import CONFIG_MAPS, DEPLOYMENTS, HPAS, PODS, SERVICES

OURS = "created-by=kubeless"

BY_FUNCTION = "function"
"""Index of children by the key of their function."""


class Caches:
    """Informers of functions and of all that belongs to them."""

    def __init__(self, client: KubeClient, *, namespace: str | None) -> None:
        """Look at one namespace, or at all of them for None."""
        self.functions = Informer[JsonObject](client, FUNCTIONS, namespace=namespace, transform=without_managed_fields)
        self.config_maps, self.services, self.deployments, self.autoscalers = (
            Informer[JsonObject](
                client,
                resource,
                namespace=namespace,
                label_selector=OURS,
                transform=without_managed_fields,
                indexers={BY_FUNCTION: lambda obj: [key] if (key := _owner_key(obj)) else []},
            )
            for resource in (CONFIG_MAPS, SERVICES, DEPLOYMENTS, HPAS)
        )
        self.pods = Informer[FunctionPod](
            client,
            PODS,
            namespace=namespace,
            label_selector=OURS,
            transform=read_pod,
            indexers={BY_FUNCTION: lambda pod: [ObjectKey(pod.namespace, pod.function)]},
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Caches"]:
        """Follow the cluster while the body runs; on entry everything is known."""
        informers: list[Informer[Any]] = [self.functions, *self._children(), self.pods]
        async with AsyncExitStack() as stack:
            for informer in informers:
                await stack.enter_async_context(informer.running())
            for informer in informers:
                await informer.wait_synced()
            yield self

    def function_keys(self) -> list[ObjectKey]:
        """All functions."""
        metadata = (function["metadata"] for function in self.functions.values())
        return [ObjectKey(item["namespace"], item["name"]) for item in metadata]

    def subscribe(self, notice: Callable[[ObjectKey], None]) -> None:
        """Call `notice` with a function's key whenever the function, or something of it, has changed."""

        def on_child(_: ObjectKey, old: JsonObject | None, new: JsonObject | None) -> None:
            for obj in (old, new):
                if obj is not None and (key := _owner_key(obj)):
                    notice(key)

        def on_pod(_: ObjectKey, old: FunctionPod | None, new: FunctionPod | None) -> None:
            for pod in (old, new):
                if pod is not None:
                    notice(ObjectKey(pod.namespace, pod.function))

        self.functions.subscribe(lambda key, _old, _new: notice(key))
        for informer in self._children():
            informer.subscribe(on_child)
        self.pods.subscribe(on_pod)

    def _children(self) -> list[Informer[JsonObject]]:
        return [self.config_maps, self.services, self.deployments, self.autoscalers]


def without_managed_fields(obj: JsonObject) -> JsonObject:
    """An object without the bookkeeping of server-side apply, which often is its largest part."""
    metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    return {**obj, "metadata": metadata}


def _owner_key(child: JsonObject) -> ObjectKey | None:
    """The function a child belongs to, by its owner reference, else by the label that the Go controller wrote."""
    metadata = child["metadata"]
    for reference in metadata.get("ownerReferences") or []:
        if reference.get("kind") == FUNCTIONS.kind:
            return ObjectKey(metadata["namespace"], reference["name"])
    name = (metadata.get("labels") or {}).get("function")
    return ObjectKey(metadata["namespace"], name) if name else None
