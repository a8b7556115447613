"""
What the controller knows of the cluster.

Every object that a function needs or has is watched, so a look at a function asks the API server nothing.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from kubeless.api.resource import FUNCTIONS
from kubeless.controller.labels import OURS, function_of, key_of
from kubeless.controller.monitors import Monitors
from kubeless.controller.packed import Packed, packer
from kubeless.controller.pods import FunctionPod, read_pod
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import KubeClient
from kubeless.kube.informer import Informer
from kubeless.kube.resources import CONFIG_MAPS, DEPLOYMENTS, HPAS, PODS, SERVICES

BY_FUNCTION = "function"
"""Index of children by the key of their function."""


class Caches:
    """Informers of functions and of all that belongs to them."""

    def __init__(self, client: KubeClient, *, namespaces: tuple[str, ...]) -> None:
        """Look at these namespaces, or at all of them if none are named."""
        self.functions = Informer[Packed](client, FUNCTIONS, namespaces=namespaces, transform=packer(key_of))
        self.config_maps, self.services, self.deployments, self.autoscalers = (
            Informer[Packed](
                client,
                resource,
                namespaces=namespaces,
                label_selector=OURS,
                transform=packer(function_of),
                indexers={BY_FUNCTION: lambda child: [child.function] if child.function else []},
            )
            for resource in (CONFIG_MAPS, SERVICES, DEPLOYMENTS, HPAS)
        )
        self.pods = Informer[FunctionPod](
            client,
            PODS,
            namespaces=namespaces,
            label_selector=OURS,
            transform=read_pod,
            indexers={BY_FUNCTION: lambda pod: [ObjectKey(pod.namespace, pod.function)]},
        )
        self.monitors = Monitors(client, namespaces=namespaces)

    @property
    def informers(self) -> Sequence[Informer[Any]]:
        """All of them but that of monitors, whose kind may be missing."""
        return [self.functions, *self._children(), self.pods]

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Caches"]:
        """Follow the cluster while the body runs; on entry everything is known."""
        async with AsyncExitStack() as stack:
            for informer in self.informers:
                await stack.enter_async_context(informer.running())
            for informer in self.informers:
                await informer.wait_synced()
            await stack.enter_async_context(self.monitors.running())
            yield self

    def subscribe(self, notice: Callable[[ObjectKey], None]) -> None:
        """Call `notice` with a function's key whenever the function, or something of it, has changed."""

        def on_child(_: ObjectKey, old: Packed | None, new: Packed | None) -> None:
            for child in (old, new):
                if child is not None and child.function is not None:
                    notice(child.function)

        def on_pod(_: ObjectKey, old: FunctionPod | None, new: FunctionPod | None) -> None:
            for pod in (old, new):
                if pod is not None:
                    notice(ObjectKey(pod.namespace, pod.function))

        def on_arrival() -> None:
            everybody = self.functions.keys()
            for key in everybody:
                notice(key)

        for informer in (self.functions, *self._children()):
            informer.subscribe(on_child)
        self.pods.subscribe(on_pod)
        self.monitors.subscribe(notice, on_arrival)

    def _children(self) -> list[Informer[Packed]]:
        return [self.config_maps, self.services, self.deployments, self.autoscalers]
