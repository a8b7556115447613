"""The form of a trigger, which says what is wrong while it is typed, and when a schedule is due."""

from collections.abc import Callable
from functools import partial

from nicegui import ui

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.portal.decide.triggers import (
    FIELDS,
    RESOURCES,
    TriggerRow,
    field_problem,
    form_of,
    next_times,
    route_conflict,
    spec_of,
    trigger_object,
)
from kubeless.portal.screens.deploy import name_problem
from kubeless.portal.screens.frame import attribute
from kubeless.portal.screens.tab import Tab

TIMES = 5


class TriggerForm:
    """One dialog for all kinds. `others` are the triggers that are known, for conflicts of routes."""

    def __init__(self, tab: Tab, *, function: str, others: Callable[[], list[TriggerRow]]) -> None:
        self._tab = tab
        self._function = function
        self._others = others
        self._namespace = tab.session.client.namespace
        self._dialog = ui.dialog()
        self._inputs: dict[str, ui.input] = {}
        self._row: TriggerRow | None = None

    def set_namespace(self, namespace: str) -> None:
        """Where a new trigger goes unless the person says otherwise; empty is all."""
        self._namespace = namespace or self._tab.session.client.namespace

    def new(self, kind: str) -> None:
        """Open it for a new trigger."""
        self._row = None
        fields = dict.fromkeys((name for name, _, _ in FIELDS[kind]), "")
        if self._function:
            fields |= (
                {"function": self._function} if "function" in fields else {"selector": f"function={self._function}"}
            )
        self._open(kind, fields)

    def edit(self, row: TriggerRow) -> None:
        """Open it for one there is."""
        self._row = row
        self._open(row.kind, form_of(row.kind, row.spec))

    def _open(self, kind: str, fields: dict[str, str]) -> None:
        self._kind = kind
        self._inputs = {}
        self._dialog.clear()
        with self._dialog, ui.card().style("min-width: min(30rem, 92vw)"):
            with ui.element("h2").classes("title"):
                ui.label(f"{kind} trigger {self._row.name}" if self._row else f"New {kind} trigger")
            if self._row is None:
                self._name = ui.input("Name", validation=name_problem).classes("wide").props("autofocus")
                self._where = ui.input("Namespace", value=self._namespace, validation=name_problem).classes("wide")
            for name, label, hint in FIELDS[kind]:
                self._inputs[name] = ui.input(
                    label,
                    value=fields[name],
                    placeholder=hint,
                    validation=partial(self._check, name),
                    on_change=self._typed,
                ).classes("wide")
            self._hint = ui.label().classes("pre faint").mark("hint")
            attribute(self._hint, role="status", aria_live="polite")
            self._problem = ui.label().classes("bad")
            attribute(self._problem, role="alert")
            with ui.row().classes("justify-end wide"):
                ui.button("Cancel", on_click=self._dialog.close).props("flat no-caps")
                ui.button("Save" if self._row else "Create", on_click=self._write).props("no-caps")
        self._typed()
        self._dialog.open()

    def _fields(self) -> dict[str, str]:
        return {name: str(each.value or "") for name, each in self._inputs.items()}

    def _check(self, name: str, value: str | None) -> str | None:
        return field_problem(name, value or "", self._fields())

    def _typed(self) -> None:
        fields = self._fields()
        if len(fields) < len(FIELDS[self._kind]):
            return  # not all of it is built yet
        match self._kind:
            case "Schedule":
                times = next_times({"schedule": fields["schedule"], "timeZone": fields["zone"].strip()}, TIMES)
                self._hint.text = "Due next:\n" + "\n".join(times) if times else ""
            case "HTTP":
                own = self._row.id if self._row else ""
                self._hint.text = route_conflict(fields, self._others(), own=own)

    async def _write(self) -> None:
        checked = [each.validate() for each in self._inputs.values()]
        if self._row is None:
            checked += [self._name.validate(), self._where.validate()]
        if not all(checked):
            return
        try:
            done = await (self._create() if self._row is None else self._change(self._row))
        except KubelessError as error:
            self._problem.text = str(error)
            return
        self._dialog.close()
        self._tab.tell(done)

    async def _create(self) -> str:
        name, namespace = str(self._name.value).strip(), str(self._where.value).strip()
        spec = spec_of(self._kind, self._fields())
        await self._tab.session.client.create(RESOURCES[self._kind], trigger_object(self._kind, namespace, name, spec))
        return f"{name} was created"

    async def _change(self, row: TriggerRow) -> str:
        client, resource = self._tab.session.client, RESOURCES[row.kind]
        current: JsonObject = await client.get(resource, row.name, namespace=row.namespace)
        spec = spec_of(row.kind, self._fields(), before=current.get("spec") or {})
        changed = {name: value for name, value in current.items() if name != "status"} | {"spec": spec}
        await client.replace(resource, changed)
        return f"{row.name} was changed"
