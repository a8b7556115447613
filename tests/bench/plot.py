"""Horizontal bars as SVG: all that the page of benchmarks needs to draw, without a library."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH = 760
_LABEL = 170
_BAR = 18
_GAP = 6
_TITLE = 26
_COLOURS = ("#2563eb", "#6b7280", "#9ca3af", "#d1d5db")


@dataclass(frozen=True, slots=True)
class Chart:
    """A group of bars with one scale; the first bar is ours."""

    title: str
    bars: dict[str, float]


def draw(charts: Sequence[Chart]) -> str:
    """The charts below each other, as one SVG document."""
    parts: list[str] = []
    y = 10
    for chart in charts:
        parts.append(_text(10, y + 14, chart.title, "bold"))
        y += _TITLE
        highest = max(chart.bars.values(), default=0) or 1
        for number, (name, value) in enumerate(chart.bars.items()):
            parts += _bar(y, name, value, value / highest, _COLOURS[number % len(_COLOURS)])
            y += _BAR + _GAP
        y += _GAP * 2
    size = f'width="{_WIDTH}" height="{y}" viewBox="0 0 {_WIDTH} {y}"'
    style = 'font-family="sans-serif" font-size="13"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )


def _bar(y: int, name: str, value: float, share: float, colour: str) -> list[str]:
    width = share * (_WIDTH - _LABEL - 90)
    return [
        _text(10, y + 14, name),
        f'<rect x="{_LABEL}" y="{y}" width="{width:.1f}" height="{_BAR}" fill="{colour}"/>',
        _text(_LABEL + width + 6, y + 14, f"{value:,.0f}"),
    ]


def _text(x: float, y: float, text: str, weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y}" font-weight="{weight}">{escape(text)}</text>'
