"""The table of functions, kept current by a watch; the browser holds one page of it."""

from datetime import UTC, datetime
from typing import Any

from nicegui import ui

from kubeless.api.resource import FUNCTIONS
from kubeless.portal.decide.rows import FunctionRow, function_cells, function_row, page_of
from kubeless.portal.feeds import Feed
from kubeless.portal.screens.deploy import DeployDialog
from kubeless.portal.screens.frame import attribute, frame
from kubeless.portal.screens.namespaces import NamespaceChoice
from kubeless.portal.screens.tab import Tab

PAGE_SIZE = 25

_COLUMNS = [
    {"name": name, "label": label, "field": name, "align": align, "sortable": sortable}
    for name, label, align, sortable in (
        ("name", "Name", "left", True),
        ("namespace", "Namespace", "left", True),
        ("runtime", "Runtime", "left", True),
        ("status", "Status", "left", True),
        ("replicas", "Replicas", "right", True),
        ("calls", "Calls/s", "right", False),
        ("errors", "Errors/s", "right", False),
        ("p95", "p95", "right", False),
        ("age", "Age", "right", True),
    )
]

# Templates are fixed text; what they show is put in by Vue as text.
_NAME_CELL = '<q-td :props="props"><a class="link" :href="props.row.href">{{ props.row.name }}</a></q-td>'
_STATUS_CELL = (
    '<q-td :props="props"><span :class="\'state-\' + props.row.state">{{ props.row.status }}</span>'
    '<div v-if="props.row.state == \'failed\'" class="faint">{{ props.row.message }}</div></q-td>'
)
_ERRORS_CELL = '<q-td :props="props"><span :class="{bad: props.row.failing}">{{ props.row.errors }}</span></q-td>'


def function_list(tab: Tab, namespace: str | None) -> None:
    """Build the screen."""
    with frame(tab, "/", heading="Functions"):
        FunctionTable(tab, namespace)


class FunctionTable:
    """One table in one tab."""

    def __init__(self, tab: Tab, namespace: str | None) -> None:
        self._tab = tab
        self._feed: Feed | None = None
        self._page: dict[str, Any] = {"page": 1, "rowsPerPage": PAGE_SIZE, "sortBy": "name", "descending": False}
        self._refresh = tab.view(self._show, at_least=2.0)
        self._deploy = DeployDialog(tab)
        with ui.row().classes("items-center wide"):
            self._choice = NamespaceChoice(tab, namespace, self._follow)
            self._filter = ui.input("Filter", on_change=self._filtered).props("clearable debounce=150")
            attribute(self._filter, aria_label="Filter functions by name, runtime, status or label")
            ui.element("div").classes("grow")
            self._deploy.button()
        self._table = ui.table(rows=[], columns=_COLUMNS, row_key="id", pagination=dict(self._page)).classes("wide")
        self._table.add_slot("body-cell-name", _NAME_CELL)
        self._table.add_slot("body-cell-status", _STATUS_CELL)
        self._table.add_slot("body-cell-errors", _ERRORS_CELL)
        self._table.props("dense flat bordered :rows-per-page-options=[10,25,50,100] binary-state-sort")
        attribute(self._table, aria_label="Functions", no_data_label="Loading …")
        self._table.on("request", self._request)
        # The rows of other pages are not in the browser, so Quasar must ask for them.
        self._table.props["pagination"] = {**self._page, "rowsNumber": 0}

    def _follow(self, namespace: str) -> None:
        self._tab.unfollow()
        self._deploy.set_namespace(namespace)
        self._feed = self._tab.follow(FUNCTIONS, namespace=namespace, transform=function_row, changed=self._refresh)

    def _filtered(self) -> None:
        self._page["page"] = 1
        self._refresh()

    def _request(self, event: Any) -> None:
        wanted = event.args.get("pagination") or {}
        self._page = {
            "page": int(wanted.get("page") or 1),
            "rowsPerPage": min(int(wanted.get("rowsPerPage") or PAGE_SIZE), 100),
            "sortBy": str(wanted.get("sortBy") or "name"),
            "descending": bool(wanted.get("descending")),
        }
        self._refresh()

    def _show(self) -> None:
        if self._feed is None:
            return
        all_rows: list[FunctionRow] = self._feed.values()
        rows, found = page_of(
            all_rows,
            text=self._filter.value or "",
            sort=self._page["sortBy"],
            descending=self._page["descending"],
            page=self._page["page"],
            size=self._page["rowsPerPage"],
        )
        meters, now = self._tab.session.meters, datetime.now(UTC)
        meters.want(self._tab, (row.key for row in rows if row.ready))
        cells = [function_cells(row, meters.rates(row.key), now=now) for row in rows]
        if cells != self._table.rows:
            self._table.rows = cells
        pagination = {**self._page, "rowsNumber": found}
        if pagination != self._table.props["pagination"]:
            self._table.props["pagination"] = pagination
            self._table.update()
        empty = "No function matches" if all_rows else "No functions yet: deploy one"
        label = empty if self._feed.synced else "Loading …"
        if label != self._table.props["no-data-label"]:
            self._table.props["no-data-label"] = label
            self._table.update()
