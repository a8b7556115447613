"""What two people changed at once, as a difference; the one who saves second decides."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from kubeless.portal.decide.difference import Conflict

_CLASSES = {"+": "diff-add", "-": "diff-del", "@": "diff-at"}


class ConflictDialog:
    """Shown when a save would undo what somebody else did."""

    def __init__(self, *, mine: Callable[[], Awaitable[None]], theirs: Callable[[], None]) -> None:
        self._mine = mine
        self._theirs = theirs
        with ui.dialog() as self._dialog, ui.card().style("min-width: min(50rem, 92vw)"):
            with ui.element("h2").classes("title"):
                ui.label("Somebody changed this function meanwhile")
            ui.label("Lines with - are theirs, lines with + are yours.")
            self._place = ui.column().classes("wide scroll").mark("conflict")
            with ui.row().classes("justify-end wide"):
                ui.button("Keep editing", on_click=self._dialog.close).props("flat no-caps")
                ui.button("Load theirs", on_click=self._take).props("flat no-caps")
                ui.button("Save mine", on_click=self._keep).props("no-caps color=negative")

    def show(self, conflicts: Sequence[Conflict]) -> None:
        """Open it."""
        self._place.clear()
        with self._place:
            for conflict in conflicts:
                with ui.element("h3").classes("title"):
                    ui.label(conflict.what)
                with ui.column().classes("wide").style("gap: 0"):
                    for line in conflict.lines[:400]:
                        ui.label(line or " ").classes(f"pre {_CLASSES.get(line[:1], '')}")
        self._dialog.open()

    async def _keep(self) -> None:
        self._dialog.close()
        await self._mine()

    def _take(self) -> None:
        self._dialog.close()
        self._theirs()
