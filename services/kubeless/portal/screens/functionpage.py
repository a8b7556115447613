"""One function: its code and settings, calls, logs, charts, triggers, events and YAML, each in a tab."""

from collections.abc import Callable
from datetime import UTC, datetime

from nicegui import ui

from kubeless.api.resource import FUNCTIONS
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import NotFound
from kubeless.manage.selecting import selects
from kubeless.portal.decide.rows import FunctionRow, age_text, function_row, ready_state
from kubeless.portal.decide.triggers import TriggerRow
from kubeless.portal.screens.chartpanel import ChartPanel
from kubeless.portal.screens.codepanel import CodePanel
from kubeless.portal.screens.deletion import DeleteDialog
from kubeless.portal.screens.eventpanel import EventPanel
from kubeless.portal.screens.frame import attribute, frame
from kubeless.portal.screens.logpanel import LogPanel
from kubeless.portal.screens.runpanel import RunPanel
from kubeless.portal.screens.tab import Tab
from kubeless.portal.screens.triggertable import TriggerTable
from kubeless.portal.screens.yamlpanel import YamlPanel


def whole(thing: JsonObject) -> JsonObject:
    """The transform of a feed of one object."""
    return thing


async def function_page(tab: Tab, namespace: str, name: str) -> None:
    """Build the screen."""
    with frame(tab, "/functions", heading=name):
        try:
            function = await tab.session.client.get(FUNCTIONS, name, namespace=namespace)
        except NotFound:
            ui.label(f"There is no function {name} in namespace {namespace}.")
            ui.link("All functions", "/").classes("link")
            return
        except KubelessError as error:
            attribute(ui.label(str(error)).classes("banner"), role="alert")
            return
        FunctionPage(tab, function)


class FunctionPage:
    """Follows the one object and tells the panels."""

    def __init__(self, tab: Tab, function: JsonObject) -> None:
        self._tab = tab
        self._function = function
        metadata = function["metadata"]
        self.namespace, self.name = str(metadata["namespace"]), str(metadata["name"])
        self._state()
        self._panels()
        self._refresh = tab.view(self._show)
        self._feed = tab.follow(
            FUNCTIONS, namespace=self.namespace, name=self.name, transform=whole, changed=self._refresh
        )

    @property
    def row(self) -> FunctionRow:
        """The function as the table has it."""
        return function_row(self._function)

    def _state(self) -> None:
        with ui.row().classes("items-center wide"):
            self._reason = ui.label().mark("state")
            attribute(self._reason, role="status", aria_live="polite")
            self._facts = ui.label().classes("faint")
            ui.element("div").classes("grow")
            DeleteDialog(self._tab, FUNCTIONS, self.namespace, self.name, after="/")
        self._message = ui.label().classes("pre")

    def _panels(self) -> None:
        built: dict[str, Callable[[], None]] = {
            "Run": lambda: RunPanel(self._tab, self.row).build(),
            "Logs": lambda: LogPanel(self._tab, self.namespace, self.name).build(),
            "Charts": lambda: ChartPanel(self._tab, self.row).build(),
            "Triggers": self._triggers,
            "Events": lambda: EventPanel(self._tab, self.namespace, self.name).build(),
            "YAML": lambda: YamlPanel(self._tab, lambda: self._function).build(),
        }
        with ui.tabs().classes("wide").props("align=left dense no-caps outside-arrows mobile-arrows") as tabs:
            names = ["Code", *built]
            for each in names:
                ui.tab(each)
        with ui.tab_panels(tabs, value="Code").classes("wide").props("keep-alive") as panels:
            with ui.tab_panel("Code"):
                self._code = CodePanel(self._tab, self._function)
            places = {}
            for each in built:
                with ui.tab_panel(each) as place:
                    places[each] = place

        def opened(chosen: str) -> None:
            # A panel is built when it is first opened: nobody follows logs that nobody reads.
            build = built.pop(chosen, None)
            if build is not None:
                with places[chosen]:
                    build()

        panels.on_value_change(lambda event: opened(str(event.value)))

    def _triggers(self) -> None:
        def binds(row: TriggerRow) -> bool:
            return selects({"spec": row.spec}, self._function)

        TriggerTable(self._tab, function=self.name, keep=binds).follow(self.namespace)

    def _show(self) -> None:
        current = self._feed.get(self.namespace, self.name)
        if current is None:
            if self._feed.synced:
                self._reason.text = "Deleted"
                self._reason.classes(replace="state-failed")
                self._message.text = (
                    "The function was deleted. Your code is still in the editor: you can deploy it anew."
                )
                self._code.deleted()
            return
        self._function = current
        state, reason, message = ready_state(current)
        self._reason.text = reason
        self._reason.classes(replace=f"state-{state}")
        self._message.text = message if state != "ready" else ""
        row = self.row
        self._facts.text = (
            f"{row.ready} of {row.replicas} replicas ready · {row.runtime} · namespace {row.namespace} · {_age(row)}"
        )
        self._code.changed(current)


def _age(row: FunctionRow) -> str:
    return f"{age_text(row.created, now=datetime.now(UTC))} old"
