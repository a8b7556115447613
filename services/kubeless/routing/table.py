"""
Which functions does a selector mean, and where do they live: answered from memory.

Fed by informers of Functions and of the EndpointSlices of their Services. A look-up never waits and never asks the API
server; while that is away, the table stays as it was.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any, Self

from kubeless.api.resource import FUNCTIONS
from kubeless.api.selector import LabelSelector
from kubeless.core.settings import SettingError
from kubeless.kube.cache import ObjectKey
from kubeless.kube.follower import Source
from kubeless.kube.informer import Informer
from kubeless.kube.resources import ENDPOINT_SLICES
from kubeless.routing.endpoints import SELECTOR, Endpoint, SliceRecord, by_service, merge, record_slice
from kubeless.routing.functions import FunctionRecord, by_label, by_namespace, record_function

Listener = Callable[[ObjectKey], None]
"""Called with the key of a function when it, or where it lives, has changed."""


class RoutingMode(StrEnum):
    """The values of `ROUTING_MODE`."""

    ENDPOINTS = "endpoints"
    """Requests go to pods; we balance, and notice at once when one is not ready."""
    SERVICE = "service"
    """Requests go to the Service's name; the cluster (kube-proxy, a mesh) balances connections."""

    @classmethod
    def of(cls, text: str) -> "RoutingMode":
        """The mode an operator means. Raises SettingError."""
        try:
            return cls(text)
        except ValueError as error:
            raise SettingError("ROUTING_MODE", text, problem="is unknown", remedy="use endpoints or service") from error


class RoutingTable:
    """The functions of some namespaces, or of all if none are named."""

    def __init__(
        self,
        client: Source,
        *,
        namespaces: Iterable[str] = (),
        mode: RoutingMode = RoutingMode.ENDPOINTS,
        cluster_domain: str = "cluster.local",
    ) -> None:
        self._mode = mode
        namespaces = tuple(namespaces)
        self._cluster_domain = cluster_domain
        self._listeners: list[Listener] = []
        self.version = 0
        """Rises with every change: what was looked up at the same version still holds."""
        self._merged: dict[ObjectKey, tuple[Endpoint, ...]] = {}
        self._functions: Informer[FunctionRecord] = Informer(
            client,
            FUNCTIONS,
            namespaces=namespaces,
            transform=record_function,
            indexers={"namespace": by_namespace, "label": by_label},
        )
        self._slices: Informer[SliceRecord] = Informer(
            client,
            ENDPOINT_SLICES,
            namespaces=namespaces,
            label_selector=SELECTOR,
            transform=record_slice,
            indexers={"service": by_service},
        )
        self._functions.subscribe(lambda key, _old, _new: self._tell(key))
        self._slices.subscribe(self._slice_changed)
        self._informers: list[Informer[Any]] = [self._functions]
        if mode is RoutingMode.ENDPOINTS:
            self._informers.append(self._slices)

    @property
    def informers(self) -> Sequence[Informer[Any]]:
        """What keeps the table current."""
        return self._informers

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Keep the table current while the body runs; if that fails, the body is cancelled."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(informer.run()) for informer in self._informers]
            yield self
            for task in tasks:
                task.cancel()

    async def wait_synced(self) -> None:
        """Wait until the table is complete."""
        await asyncio.gather(*(informer.wait_synced() for informer in self._informers))

    @property
    def last_contact(self) -> float | None:
        """When the quieter of the informers last heard of the API server (`time.monotonic()`); None: never."""
        contacts = [informer.last_contact for informer in self._informers]
        return None if None in contacts else min(contact for contact in contacts if contact is not None)

    def __len__(self) -> int:
        """The number of functions."""
        return len(self._functions)

    def function(self, namespace: str, name: str) -> FunctionRecord | None:
        """The function, if it exists."""
        return self._functions.get(ObjectKey(namespace, name))

    def select(self, namespace: str, selector: LabelSelector) -> list[FunctionRecord]:
        """
        The functions of `namespace` that `selector` means, by name.

        The smallest set that a `matchLabels` pair or an `In` requirement gives is looked up and only that is checked; a
        selector with neither is checked against all functions of the namespace.
        """
        chosen = [record for record in self._candidates(namespace, selector) if selector.matches(record.labels)]
        return sorted(chosen, key=lambda record: record.name)

    def endpoints(self, namespace: str, name: str) -> tuple[Endpoint, ...]:
        """Where the function can be called now; empty if it is unknown or nothing is ready."""
        key = ObjectKey(namespace, name)
        if self._mode is RoutingMode.ENDPOINTS:
            return self._merged.get(key, ())
        record = self._functions.get(key)
        return () if record is None else (Endpoint(f"{name}.{namespace}.svc.{self._cluster_domain}", record.port),)

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` for every known function, and from now on after each change."""
        self._listeners.append(listener)
        for record in self._functions.values():
            listener(ObjectKey(record.namespace, record.name))

    def _candidates(self, namespace: str, selector: LabelSelector) -> list[FunctionRecord]:
        alternatives = [[(namespace, label, value)] for label, value in selector.match_labels.items()]
        alternatives += [
            [(namespace, requirement.key, value) for value in set(requirement.values)]
            for requirement in selector.match_expressions
            if requirement.operator == "In"
        ]
        if not alternatives:
            return self._functions.by_index("namespace", namespace)
        smallest = min(
            alternatives, key=lambda entries: sum(self._functions.count("label", entry) for entry in entries)
        )
        return [record for entry in smallest for record in self._functions.by_index("label", entry)]

    def _slice_changed(self, _key: ObjectKey, old: SliceRecord | None, new: SliceRecord | None) -> None:
        for namespace, service in {(record.namespace, record.service) for record in (old, new) if record is not None}:
            key = ObjectKey(namespace, service)
            before = self._merged.get(key, ())
            after = merge(self._slices.by_index("service", (namespace, service)))
            if after:
                self._merged[key] = after
            else:
                self._merged.pop(key, None)
            if after != before:
                self._tell(key)

    def _tell(self, key: ObjectKey) -> None:
        self.version += 1
        for listener in self._listeners:
            listener(key)
