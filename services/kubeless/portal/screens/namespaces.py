"""The choice of a namespace: all of them, if the person may see that, or one."""

import inspect
from collections.abc import Callable
from typing import Any

from nicegui import ui

from kubeless.api.resource import FUNCTIONS
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import NAMESPACES
from kubeless.portal.screens.tab import Tab

ALL = ""
"""The value for all namespaces."""


def name_of(thing: JsonObject) -> str:
    """The transform of a feed of names."""
    return str(thing["metadata"]["name"])


class NamespaceChoice:
    """Calls `changed` with the namespace: once at first, then whenever another one is chosen."""

    def __init__(self, tab: Tab, wanted: str | None, changed: Callable[[str], Any]) -> None:
        self._tab = tab
        self._wanted = wanted
        self._changed = changed
        self._told: str | None = None
        self._names: set[str] = {wanted} if wanted else set()
        self._select = (
            ui.select(options={}, label="Namespace", on_change=self._on_change)
            .props("stack-label")
            .style("min-width: 12rem")
        )
        tab.start(self._begin(), "namespaces")

    async def _begin(self) -> None:
        tab, session = self._tab, self._tab.session
        own = session.client.namespace
        everywhere = await session.rights.may("list", FUNCTIONS)
        if (await session.rights.may("list", NAMESPACES)).allowed:
            found = await session.client.list(NAMESPACES)
            self._names.update(name_of(each) for each in found.items)
        else:
            self._names.update(tab.settings.namespaces or (own,))
        options = {name: name for name in sorted(self._names)}
        if everywhere.allowed:
            options = {ALL: "All namespaces", **options}
        first = self._wanted if self._wanted is not None else (ALL if everywhere.allowed else None)
        if first not in options:
            first = own if own in options else next(iter(options), own)
        with tab.client:
            self._select.set_options(options)
            self._select.set_value(first)
        await self._tell(str(first))

    async def _on_change(self, event: Any) -> None:
        if event.value is not None:
            await self._tell(str(event.value))

    async def _tell(self, namespace: str) -> None:
        if namespace == self._told:
            return
        self._told = namespace
        with self._tab.client:
            result = self._changed(namespace)
        if inspect.isawaitable(result):
            await result
