"""Events that could not be delivered: list them, look inside, deliver them again, or let them go."""

import base64
from collections import Counter
from typing import Any

from nicegui import ui

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import Forbidden, NotFound
from kubeless.manage.letterbox import LetterBox, place_of
from kubeless.manage.letterkind import KINDS, LetterKind
from kubeless.manage.serviceadmin import OperationFailed
from kubeless.portal.decide.answers import show_body
from kubeless.portal.screens.frame import attribute, frame
from kubeless.portal.screens.namespaces import NamespaceChoice
from kubeless.portal.screens.tab import Tab

LIMIT = 200
"""Letters of one trigger that are listed."""

BATCH = 8
"""Letters that are sent for at once; each may take as long as its function."""

PATIENCE = 604_800.0

_CELL = 200
_HEADERS = 50
_COLUMNS = [
    {"name": name, "label": label, "field": name, "align": "left", "sortable": True}
    for name, label in (
        ("trigger", "Trigger"),
        ("letter", "ID"),
        ("function", "Function"),
        ("event", "Event"),
        ("error", "Error"),
        ("attempts", "Attempts"),
        ("status", "Status"),
        ("time", "Time"),
    )
]


def letter_cells(letter: JsonObject) -> dict[str, Any]:
    """What the table shows of a letter; its text is what others wrote, so it is cut."""
    texts = {"event": "eventId", "error": "error", "attempts": "attempts", "status": "status", "time": "lastTime"}
    cells = {name: str(letter.get(field) or "")[:_CELL] for name, field in texts.items()}
    trigger, number = str(letter.get("trigger") or ""), str(letter.get("id") or "")
    function = str(letter.get("function") or "").rpartition("/")[2]
    return {"id": f"{trigger} {number}", "trigger": trigger, "letter": number, "function": function, **cells}


def letter_headers(letter: JsonObject) -> str:
    """Its headers, one in each line."""
    lines = []
    for name, value in (letter.get("headers") or [])[:_HEADERS]:
        data = base64.b64decode(value) if isinstance(value, str) else b""
        lines.append(f"{name}: {data[:1000].decode(errors='replace')}")
    return "\n".join(lines)


def dead_letters(tab: Tab, namespace: str | None) -> None:
    """Build the screen."""
    with frame(tab, "/dead-letters", heading="Dead letters"):
        DeadLetters(tab, namespace)


class DeadLetters:
    """One table in one tab; read when asked for, as brokers have no watch for it."""

    def __init__(self, tab: Tab, namespace: str | None) -> None:
        self._tab = tab
        self._namespace = ""
        self._boxes: dict[str, LetterBox] = {}
        with ui.row().classes("items-center wide"):
            NamespaceChoice(tab, namespace, self._chosen)
            ui.button("Refresh", icon="refresh", on_click=self._read).props("flat no-caps")
            ui.element("div").classes("grow")
            self._redrive = ui.button("Deliver again", on_click=self._deliver).props("no-caps").mark("redrive")
            self._show = ui.button("Look inside", on_click=self._look).props("flat no-caps")
            self._purge = ui.button("Purge", on_click=self._ask_purge).props("flat no-caps color=negative")
        self._note = ui.label().classes("faint").mark("letters-note")
        attribute(self._note, role="status", aria_live="polite")
        self._progress = ui.linear_progress(0.0, show_value=False).classes("wide")
        attribute(self._progress, aria_label="Progress")
        self._progress.visible = False
        self._table = ui.table(
            rows=[], columns=_COLUMNS, row_key="id", selection="multiple", pagination=25, on_select=self._selected
        ).classes("wide")
        self._table.props("dense flat bordered")
        attribute(self._table, aria_label="Dead letters", no_data_label="No dead letters")
        self._inside = ui.dialog()
        self._selected()

    async def _chosen(self, namespace: str) -> None:
        self._namespace = namespace
        await self._read()

    async def _read(self) -> None:
        self._note.text = "Reading …"
        rows: list[dict[str, Any]] = []
        problems: list[str] = []
        self._boxes = {}
        for kind in KINDS.values():
            try:
                await self._read_kind(kind, rows)
            except KubelessError as error:
                problems.append(str(error))
        with self._tab.client:
            self._table.selected = []
            self._table.rows = rows
            self._note.text = "\n".join(problems) or f"{len(rows)} dead letters"
            self._selected()

    async def _read_kind(self, kind: LetterKind, rows: list[dict[str, Any]]) -> None:
        client = self._tab.session.client
        try:
            triggers = (await client.list(kind.resource, namespace=self._namespace or None)).items
        except (NotFound, Forbidden):
            return
        admin = kind.admin(client, self._tab.settings.kubeless_namespace)
        for trigger in triggers:
            place = place_of(kind, trigger, str(trigger["metadata"]["namespace"]))
            if place is None:
                continue
            box = LetterBox(place, admin)
            self._boxes[place.trigger] = box
            rows += [letter_cells(letter) for letter in await box.letters(limit=LIMIT)]

    def _selected(self) -> None:
        count = len(self._table.selected)
        self._redrive.set_enabled(count > 0)
        self._purge.set_enabled(count > 0)
        self._show.set_enabled(count == 1)

    def _chosen_letters(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for row in self._table.selected:
            found.setdefault(str(row["trigger"]), []).append(str(row["letter"]))
        return found

    async def _deliver(self) -> None:
        chosen = self._chosen_letters()
        total, results = sum(map(len, chosen.values())), Counter[str]()
        self._progress.visible = True
        try:
            for trigger, letters in chosen.items():
                for start in range(0, len(letters), BATCH):
                    batch = letters[start : start + BATCH]
                    for result in await self._boxes[trigger].redrive(batch, timeout=PATIENCE):
                        results[str(result.get("result"))] += 1
                    self._progress.value = results.total() / total
                    self._note.text = f"{results.total()} of {total}"
        except KubelessError as error:
            self._tab.tell(str(error), problem=True)
        self._progress.visible = False
        self._tab.tell(
            f"{results['delivered']} of {total} delivered"
            + (f", {results['failed']} failed again and stay" if results["failed"] else ""),
            problem=bool(results["failed"]),
        )
        await self._read()

    async def _look(self) -> None:
        ((trigger, (number,)),) = self._chosen_letters().items()
        try:
            letter = await self._boxes[trigger].show(number)
        except KubelessError as error:
            self._tab.tell(str(error), problem=True)
            return
        value = letter.get("valueBase64")
        shown = show_body(base64.b64decode(value) if isinstance(value, str) else b"")
        self._inside.clear()
        with self._inside, ui.card().style("min-width: min(44rem, 92vw)"):
            with ui.element("h2").classes("title"):
                ui.label(f"{letter.get('eventId')}")
            ui.label(f"{letter.get('error')} after {letter.get('attempts')} attempts").classes("bad")
            ui.label(letter_headers(letter)).classes("pre box wide scroll")
            ui.label(f"Body ({shown.kind}, {shown.size} bytes)")
            ui.label(shown.text + ("\n…" if shown.cut else "")).classes("pre box wide scroll").mark("letter-body")
            ui.button("Close", on_click=self._inside.close).props("flat no-caps")
        self._inside.open()

    async def _ask_purge(self) -> None:
        chosen = self._chosen_letters()
        self._inside.clear()
        with self._inside, ui.card():
            with ui.element("h2").classes("title"):
                ui.label("Delete dead letters?")
            for trigger, letters in chosen.items():
                ui.label(f"{trigger}: {len(letters)} that you chose, and all that are older than the last of them")
            ui.label("There is no way back.")
            with ui.row().classes("justify-end wide"):
                ui.button("Cancel", on_click=self._inside.close).props("flat no-caps")
                ui.button("Delete them", on_click=self._do_purge).props("no-caps color=negative")
        self._inside.open()

    async def _do_purge(self) -> None:
        self._inside.close()
        purged = 0
        try:
            for trigger, letters in self._chosen_letters().items():
                purged += await self._boxes[trigger].purge(letters)
        except (KubelessError, OperationFailed) as error:
            self._tab.tell(str(error), problem=True)
        self._tab.tell(f"{purged} dead letters were deleted")
        await self._read()
