"""
A table of triggers of all kinds, kept current by watches: for a namespace, or for one function.

What a row can do (edit, suspend, fire, send a test event, delete) is in a menu of its own, open to those who may.
"""

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.portal.decide.flows import Flow
from kubeless.portal.decide.rows import rate_text
from kubeless.portal.decide.triggers import RESOURCES, TriggerRow, trigger_row
from kubeless.portal.feeds import Feed
from kubeless.portal.screens.deletion import DeleteDialog
from kubeless.portal.screens.deploy import allow
from kubeless.portal.screens.frame import attribute
from kubeless.portal.screens.tab import Tab
from kubeless.portal.screens.testevent import TestEventDialog
from kubeless.portal.screens.triggerform import TriggerForm

SHOWN = 200
"""Rows of a table; the filter finds the others."""

_COLUMNS = [
    {"name": name, "label": label, "field": name, "align": align, "sortable": True}
    for name, label, align in (
        ("kind", "Kind", "left"),
        ("name", "Name", "left"),
        ("namespace", "Namespace", "left"),
        ("source", "Events from", "left"),
        ("functions", "Functions", "left"),
        ("state", "State", "left"),
        ("next", "Lag or next", "left"),
        ("rate", "Events/s", "right"),
        ("last", "Last", "left"),
    )
]

_STATE_CELL = (
    '<q-td :props="props"><span :class="\'state-\' + props.row.colour">{{ props.row.state }}</span>'
    '<div v-if="props.row.colour == \'failed\'" class="faint">{{ props.row.message }}</div></q-td>'
)
_NAME_CELL = (
    '<q-td :props="props"><q-btn flat dense no-caps align="left" :label="props.row.name"'
    " @click=\"$parent.$emit('open', props.row.id)\" /></q-td>"
)


def trigger_cells(row: TriggerRow, flow: Flow | None) -> dict[str, object]:
    """What the table shows of a trigger."""
    lag = "" if flow is None or flow.lag is None else f"{flow.lag:.0f} waiting"
    failing = f", {rate_text(flow.bad)} failed" if flow and flow.bad else ""
    return {
        "id": row.id,
        "kind": row.kind,
        "name": row.name,
        "namespace": row.namespace,
        "source": row.source,
        "functions": row.functions,
        "state": row.reason,
        "colour": row.state,
        "message": row.message,
        "next": row.next or lag,
        "rate": "" if flow is None else f"{rate_text(flow.good)}{failing}",
        "last": row.last,
    }


class TriggerTable:
    """`keep` chooses the triggers of one function; a form may begin with its name."""

    def __init__(self, tab: Tab, *, function: str = "", keep: Callable[[TriggerRow], bool] = lambda _: True) -> None:
        self._tab = tab
        self._keep = keep
        self._feeds: list[Feed] = []
        self._refresh = tab.view(self._show, at_least=2.0)
        self._form = TriggerForm(tab, function=function, others=self.rows)
        self._test = TestEventDialog(tab)
        with ui.row().classes("items-center wide"):
            self._filter = ui.input("Filter", on_change=self._refresh).props("clearable debounce=150")
            ui.element("div").classes("grow")
            with ui.button("Create a trigger", icon="add").props("no-caps") as button, ui.menu():
                for kind in RESOURCES:
                    ui.menu_item(kind, lambda kind=kind: self._form.new(kind))
            self._create = button
        self._table = ui.table(rows=[], columns=_COLUMNS, row_key="id", pagination=25).classes("wide")
        self._table.add_slot("body-cell-state", _STATE_CELL)
        self._table.add_slot("body-cell-name", _NAME_CELL)
        self._table.props("dense flat bordered")
        attribute(self._table, aria_label="Triggers", no_data_label="No triggers")
        self._table.on("open", self._open)
        self._actions = ui.dialog()
        tab.session.scores.look(tab)

    def follow(self, namespace: str) -> None:
        """The triggers of a namespace; empty is all."""
        self._form.set_namespace(namespace)
        self._feeds = [
            self._tab.follow(resource, namespace=namespace, transform=trigger_row, changed=self._refresh)
            for resource in RESOURCES.values()
        ]
        self._tab.start(self._check(namespace), "rights")

    def rows(self) -> list[TriggerRow]:
        """All that are followed."""
        return [row for feed in self._feeds for row in feed.values()]

    async def _check(self, namespace: str) -> None:
        rights = self._tab.session.rights
        verdicts = [await rights.may("create", resource, namespace) for resource in RESOURCES.values()]
        with self._tab.client:
            allow(self._create, any(verdict.allowed for verdict in verdicts), verdicts[0].reason)

    def _show(self) -> None:
        words = str(self._filter.value or "").lower().split()
        flows = self._tab.session.scores.flows()
        rows = sorted((row for row in self.rows() if self._keep(row)), key=lambda row: (row.kind, row.name))
        cells = [trigger_cells(row, flow_of(row, flows)) for row in rows]
        found = [each for each in cells if all(word in " ".join(map(str, each.values())).lower() for word in words)]
        if found[:SHOWN] != self._table.rows:
            self._table.rows = found[:SHOWN]

    def _open(self, event: Any) -> None:
        chosen = str(event.args)
        row = next((row for row in self.rows() if row.id == chosen), None)
        if row is not None:
            self._show_actions(row)

    def _show_actions(self, row: TriggerRow) -> None:
        self._actions.clear()
        with self._actions, ui.card().style("min-width: min(26rem, 90vw)"):
            with ui.element("h2").classes("title"):
                ui.label(f"{row.kind} trigger {row.name}")
            ui.label(f"{row.source} → {row.functions}")
            ui.label(row.message if row.state == "failed" else row.reason).classes(f"state-{row.state}")
            with ui.row():
                change = [
                    ui.button("Edit", on_click=lambda: self._edit(row)).props("flat no-caps"),
                    ui.button("Resume" if row.suspended else "Suspend", on_click=lambda: self._suspend(row)).props(
                        "flat no-caps"
                    ),
                ]
                if row.kind != "HTTP":
                    word = "Fire now" if row.kind == "Schedule" else "Send a test event"
                    ui.button(word, on_click=lambda: self._send(row)).props("flat no-caps")
                DeleteDialog(self._tab, RESOURCES[row.kind], row.namespace, row.name, after=self._here())
            ui.button("Close", on_click=self._actions.close).props("flat no-caps")
        self._tab.start(self._check_change(row, change), "rights")
        self._actions.open()

    async def _check_change(self, row: TriggerRow, buttons: Sequence[ui.button]) -> None:
        verdict = await self._tab.session.rights.may("patch", RESOURCES[row.kind], row.namespace)
        with self._tab.client:
            for button in buttons:
                allow(button, verdict.allowed, verdict.reason)

    def _edit(self, row: TriggerRow) -> None:
        self._actions.close()
        self._form.edit(row)

    def _send(self, row: TriggerRow) -> None:
        self._actions.close()
        self._test.open(row)

    async def _suspend(self, row: TriggerRow) -> None:
        self._actions.close()
        body: JsonObject = {"spec": {"suspend": not row.suspended}}
        try:
            await self._tab.session.client.patch(RESOURCES[row.kind], row.name, body, namespace=row.namespace)
        except KubelessError as error:
            self._tab.tell(str(error), problem=True)
        else:
            self._tab.tell(f"{row.name} {'goes on' if row.suspended else 'is suspended'}")

    def _here(self) -> str:
        return str(self._tab.client.request.url.path)


def flow_of(row: TriggerRow, flows: dict[tuple[str, str, str, str], Flow]) -> Flow | None:
    """Of a trigger to all its functions; None if nothing was counted."""
    own = [flow for edge, flow in flows.items() if edge[:3] == (row.kind, row.namespace, row.name)]
    if not own:
        return None
    lags = [flow.lag for flow in own if flow.lag is not None]
    return Flow(
        sum(flow.good for flow in own),
        sum(flow.bad for flow in own),
        sum(flow.in_flight for flow in own),
        sum(lags) if lags else None,
    )
