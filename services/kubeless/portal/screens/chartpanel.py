"""The last minutes of one function: calls, errors, durations, calls under way."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from nicegui import ui

from kubeless.portal.decide.rows import FunctionRow
from kubeless.portal.decide.samples import Rates
from kubeless.portal.screens.frame import attribute
from kubeless.portal.screens.tab import Tab

_CHARTS: tuple[tuple[str, Callable[[Rates], float | None], str], ...] = (
    ("Calls per second", lambda rates: rates.calls, "#2f81d0"),
    ("Errors per second", lambda rates: rates.failures, "#d1453b"),
    ("95 % took at most (ms)", lambda rates: None if rates.p95 is None else rates.p95 * 1000, "#b7791f"),
    ("In flight", lambda rates: rates.in_flight, "#3d8b5f"),
)

_GREY = "#808890"


class ChartPanel:
    """Of one function."""

    def __init__(self, tab: Tab, row: FunctionRow) -> None:
        self._tab = tab
        self._row = row
        self._charts: list[tuple[ui.echart, Callable[[Rates], float | None]]] = []

    def build(self) -> None:
        """Where the caller is."""
        self._note = ui.label("The first numbers come in a moment.").classes("faint")
        with ui.element("div").classes("charts"):
            for title, pick, colour in _CHARTS:
                chart = ui.echart(_options(title, colour)).classes("chart")
                attribute(chart, role="img", aria_label=title)
                self._charts.append((chart, pick))
        self._tab.session.meters.want(self._tab, [self._row.key])
        self._tab.view(self._show, at_least=2.0)

    def _show(self) -> None:
        series = self._tab.session.meters.series(self._row.key)
        if not series:
            return
        latest = series[-1]
        self._note.text = f"{latest.calls:.2f} calls and {latest.failures:.2f} errors per second; of one replica"
        for chart, pick in self._charts:
            points = [[_moment(rates.time), pick(rates)] for rates in series]
            if points != chart.options["series"][0]["data"]:
                chart.options["series"][0]["data"] = points
                chart.update()


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _options(title: str, colour: str) -> dict[str, Any]:
    return {
        "title": {"text": title, "textStyle": {"fontSize": 13, "color": _GREY}},
        "animation": False,
        "grid": {"left": 45, "right": 12, "top": 36, "bottom": 24},
        "xAxis": {"type": "time", "axisLabel": {"color": _GREY}},
        "yAxis": {"type": "value", "min": 0, "axisLabel": {"color": _GREY}},
        "series": [{"type": "line", "showSymbol": False, "color": colour, "areaStyle": {"opacity": 0.15}, "data": []}],
    }
