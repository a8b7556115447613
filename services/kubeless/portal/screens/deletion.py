"""Deleting something: the name has to be typed, as there is no way back."""

from nicegui import ui

from kubeless.api.resource import Resource
from kubeless.core.errors import KubelessError
from kubeless.portal.screens.deploy import allow
from kubeless.portal.screens.frame import attribute
from kubeless.portal.screens.tab import Tab


class DeleteDialog:
    """A button and its dialog."""

    def __init__(self, tab: Tab, resource: Resource, namespace: str, name: str, *, after: str) -> None:
        """`after` is where to go then."""
        self._tab = tab
        self._resource = resource
        self._namespace = namespace
        self._name = name
        self._after = after
        button = ui.button("Delete", icon="delete", on_click=self._open).props("flat no-caps color=negative")
        with ui.dialog() as self._dialog, ui.card():
            with ui.element("h2").classes("title"):
                ui.label(f"Delete {resource.kind} {name}?")
            ui.label("There is no way back. Type its name to confirm.")
            self._typed = ui.input("Name", on_change=self._typing).classes("wide").props("autocomplete=off")
            self._problem = ui.label().classes("bad")
            attribute(self._problem, role="alert")
            with ui.row().classes("justify-end wide"):
                ui.button("Cancel", on_click=self._dialog.close).props("flat no-caps")
                self._confirm = ui.button("Delete it", on_click=self._delete).props("color=negative no-caps")
        self._typing()

        async def check() -> None:
            verdict = await tab.session.rights.may("delete", resource, namespace)
            with tab.client:
                allow(button, verdict.allowed, verdict.reason)

        tab.start(check(), "rights")

    def _open(self) -> None:
        self._typed.value = ""
        self._dialog.open()

    def _typing(self) -> None:
        self._confirm.set_enabled((self._typed.value or "").strip() == self._name)

    async def _delete(self) -> None:
        if (self._typed.value or "").strip() != self._name:
            return
        try:
            await self._tab.session.client.delete(self._resource, self._name, namespace=self._namespace)
        except KubelessError as error:
            self._problem.text = str(error)
            return
        ui.navigate.to(self._after)
