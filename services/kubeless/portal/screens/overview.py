"""The overview: what needs attention, and what flows where, live."""

from nicegui import ui

from kubeless.api.resource import FUNCTIONS
from kubeless.portal.decide.flows import Flow
from kubeless.portal.decide.picture import MOST, arrows_of, attention, chart_of
from kubeless.portal.decide.rows import function_row
from kubeless.portal.decide.triggers import RESOURCES, trigger_row
from kubeless.portal.feeds import Feed
from kubeless.portal.screens.frame import attribute, frame
from kubeless.portal.screens.namespaces import NamespaceChoice
from kubeless.portal.screens.tab import Tab

_COLUMNS = [
    {"name": name, "label": label, "field": name, "align": "left"}
    for name, label in (
        ("source", "Events from"),
        ("trigger", "Trigger"),
        ("function", "Function"),
        ("rate", "Rate"),
        ("flight", "In flight"),
    )
]


def overview(tab: Tab, namespace: str | None) -> None:
    """Build the screen."""
    with frame(tab, "/overview", heading="Overview"):
        Overview(tab, namespace)


class Overview:
    """One in one tab."""

    def __init__(self, tab: Tab, namespace: str | None) -> None:
        self._tab = tab
        self._functions: Feed | None = None
        self._triggers: list[Feed] = []
        self._refresh = tab.view(self._show, at_least=3.0)
        NamespaceChoice(tab, namespace, self._follow)
        with ui.element("h2").classes("title"):
            ui.label("Needs attention")
        self._problems = ui.label("Looking …").classes("pre wide").mark("attention")
        attribute(self._problems, role="status")
        with ui.element("h2").classes("title"):
            ui.label("Events")
        self._chart = ui.echart(chart_of([])).classes("wide").style("height: 24rem")
        attribute(
            self._chart, role="img", aria_label="Events from sources over triggers to functions; the table has the same"
        )
        self._table = ui.table(rows=[], columns=_COLUMNS, row_key="id", pagination=25).classes("wide")
        self._table.props("dense flat bordered")
        attribute(self._table, aria_label="Events from sources over triggers to functions", no_data_label="No triggers")
        tab.session.scores.look(tab)

    def _follow(self, namespace: str) -> None:
        tab = self._tab
        tab.unfollow()
        self._functions = tab.follow(FUNCTIONS, namespace=namespace, transform=function_row, changed=self._refresh)
        self._triggers = [
            tab.follow(resource, namespace=namespace, transform=trigger_row, changed=self._refresh)
            for resource in RESOURCES.values()
        ]

    def _show(self) -> None:
        if self._functions is None:
            return
        functions, triggers = self._functions.values(), [row for feed in self._triggers for row in feed.values()]
        scores = self._tab.session.scores
        arrows = arrows_of(triggers, scores.flows())
        problems = attention(functions, triggers, arrows)
        problems += [f"No numbers of {kind} triggers: {why}" for kind, why in scores.problems.items()]
        more = f"\nand {len(problems) - 20} more" if len(problems) > 20 else ""
        self._problems.text = "\n".join(problems[:20]) + more or f"Nothing: {len(functions)} functions are well"
        options = chart_of(arrows)
        if options != self._chart.options:
            self._chart.options.clear()
            self._chart.options.update(options)
            self._chart.update()
        rows = [
            {
                "id": f"{each.kind} {each.trigger} {each.function}",
                "source": f"{each.kind}: {each.source}",
                "trigger": each.trigger,
                "function": each.function,
                "rate": each.label if each.flow != Flow() else "",
                "flight": f"{each.flow.in_flight:.0f}",
            }
            for each in arrows[: MOST * 10]
        ]
        if rows != self._table.rows:
            self._table.rows = rows
