"""
Events from their sources over triggers to functions, as nodes and arrows.

Three columns; what flows most or fails comes first, and what does not fit is told as a number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kubeless.portal.decide.flows import Edge, Flow
from kubeless.portal.decide.rows import FunctionRow, rate_text
from kubeless.portal.decide.triggers import TriggerRow

MOST = 30
"""Arrows of a picture; more cannot be told apart."""

GOOD, BAD, QUIET = "#3d8b5f", "#d1453b", "#808890"


@dataclass(frozen=True, slots=True)
class Arrow:
    """From a source over a trigger to a function."""

    kind: str
    source: str
    trigger: str
    function: str
    flow: Flow

    @property
    def colour(self) -> str:
        """Red where it fails, grey where nothing flows."""
        return BAD if self.flow.bad else GOOD if self.flow.good else QUIET

    @property
    def label(self) -> str:
        """What stands on the arrow."""
        failed = f", {rate_text(self.flow.bad)} failed" if self.flow.bad else ""
        return f"{rate_text(self.flow.good)}/s{failed}"


def arrows_of(triggers: Iterable[TriggerRow], flows: Mapping[Edge, Flow]) -> list[Arrow]:
    """One per trigger and function that something was counted for, else one to what the trigger names."""
    found = []
    for row in triggers:
        own = {edge[3]: flow for edge, flow in flows.items() if edge[:3] == (row.kind, row.namespace, row.name)}
        named = own or {row.functions: Flow()}
        found += [
            Arrow(row.kind, row.source, f"{row.namespace}/{row.name}", f"{row.namespace}/{name}" if own else name, flow)
            for name, flow in named.items()
        ]
    return sorted(found, key=lambda each: (-each.flow.bad, -each.flow.good, each.trigger))


def attention(functions: Iterable[FunctionRow], triggers: Iterable[TriggerRow], arrows: Iterable[Arrow]) -> list[str]:
    """What a person should look at, the worst first."""
    found = [
        f"Function {row.namespace}/{row.name}: {row.reason}: {row.message}"
        for row in functions
        if row.state == "failed"
    ]
    found += [
        f"{row.kind} trigger {row.namespace}/{row.name}: {row.reason}: {row.message}"
        for row in triggers
        if row.state == "failed"
    ]
    found += [
        f"{arrow.kind} trigger {arrow.trigger}: {rate_text(arrow.flow.bad)} events fail each second"
        for arrow in arrows
        if arrow.flow.bad
    ]
    return found


def chart_of(arrows: list[Arrow]) -> dict[str, object]:
    """The options of a chart. Texts are drawn on a canvas; none is a template or becomes HTML."""
    shown = arrows[:MOST]
    columns = (
        list(dict.fromkeys(f"{each.kind}: {each.source}" for each in shown)),
        list(dict.fromkeys(each.trigger for each in shown)),
        list(dict.fromkeys(each.function for each in shown)),
    )
    nodes = [
        {
            "id": f"{column}{name}",
            "name": _short(name),
            "x": column * 400,
            "y": _place(row, len(names)),
            "symbolSize": 14,
        }
        for column, names in enumerate(columns)
        for row, name in enumerate(names)
    ]
    links = [link for each in shown for link in _links(each)]
    return {
        "animation": False,
        "tooltip": {"show": False},
        "series": [
            {
                "type": "graph",
                "layout": "none",
                "left": 120,
                "right": 130,
                "top": 20,
                "bottom": 20,
                "data": nodes,
                "links": links,
                "edgeSymbol": ["none", "arrow"],
                "label": {"show": True, "position": "bottom", "color": QUIET},
                "itemStyle": {"color": "#2f81d0"},
            }
        ],
    }


def _links(arrow: Arrow) -> list[dict[str, object]]:
    style = {"color": arrow.colour, "width": 3 if arrow.flow.bad or arrow.flow.good else 1, "opacity": 0.9}
    label = {"show": True, "formatter": arrow.label, "color": arrow.colour}
    return [
        {"source": f"0{arrow.kind}: {arrow.source}", "target": f"1{arrow.trigger}", "lineStyle": style},
        {"source": f"1{arrow.trigger}", "target": f"2{arrow.function}", "lineStyle": style, "label": label},
    ]


def _place(row: int, count: int) -> float:
    return (row + 0.5) * 400 / max(count, 1)


def _short(name: str) -> str:
    return name if len(name) <= 30 else name[:29] + "…"
