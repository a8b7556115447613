"""
What a function counts, read from the Prometheus text that its runtime serves.

Only three families matter: calls, failures and durations, by method. Everything else in the text is passed over, but a
text that is not of this format is refused: some runtimes answer every path with the function itself.
"""

import math
import re
from dataclasses import dataclass, field

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject

NOT_EXPOSED = "Function does not expose metrics"
UNREADABLE = "Unable to get function metrics"

_FAMILIES = {
    "function_calls_total": "calls",
    "function_failures_total": "failures",
    "function_duration_seconds_sum": "duration",
}
"""By name, the attribute of `Counts`."""

_SAMPLE = re.compile(r"(?P<name>[A-Za-z_:][\w:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)(?:\s+-?\d+)?")
_METHOD = re.compile(r'(?:^|,)\s*method="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")


class UnreadableMetrics(KubelessError):
    """The text is not in the format of Prometheus."""


@dataclass(slots=True)
class Counts:
    """Of one method of one function."""

    calls: float = 0.0
    failures: float = 0.0
    duration: float = 0.0
    """Seconds, of all calls together."""

    @property
    def average(self) -> float:
        """Seconds of a call."""
        return self.duration / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class FunctionMetrics:
    """One function's counts by method, or the reason why there are none."""

    function: str
    namespace: str
    counts: dict[str, Counts] = field(default_factory=dict)
    message: str = ""

    def methods(self) -> list[tuple[str, Counts]]:
        """By name; a function that was never called has one without a name."""
        return sorted(self.counts.items()) or [("", Counts())]


def parse_metrics(text: str) -> dict[str, Counts]:
    """
    The counts by method, "" where the runtime tells no methods.

    Raises:
        UnreadableMetrics: a line is neither a sample nor a comment.
    """
    found: dict[str, Counts] = {}
    for line in text.splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            _read_sample(stripped, found)
    return found


def rows(functions: list[FunctionMetrics]) -> list[tuple[str, ...]]:
    """The cells of the table, one row per function and method."""
    return [
        (
            each.function,
            each.namespace,
            method,
            _number(counts.calls),
            _number(counts.failures),
            _number(counts.duration),
            _number(counts.average),
            each.message,
        )
        for each in functions
        for method, counts in each.methods()
    ]


def objects(functions: list[FunctionMetrics]) -> list[JsonObject]:
    """The same for programs; what is empty or zero is left out."""
    fields = [
        {
            "function": each.function,
            "namespace": each.namespace,
            "method": method,
            "message": each.message,
            "total_calls": _plain(counts.calls),
            "total_failures": _plain(counts.failures),
            "total_duration_seconds": _plain(counts.duration),
            "avg_duration_seconds": _plain(counts.average),
        }
        for each in functions
        for method, counts in each.methods()
    ]
    return [{name: value for name, value in row.items() if value} for row in fields]


def _read_sample(line: str, found: dict[str, Counts]) -> None:
    sample = _SAMPLE.fullmatch(line)
    if sample is None:
        raise UnreadableMetrics(f"{line[:80]!r} is not a line of Prometheus metrics")
    try:
        value = float(sample["value"])
    except ValueError as error:
        raise UnreadableMetrics(f"{line[:80]!r} has no number") from error
    if sample["name"] not in _FAMILIES or not math.isfinite(value):
        return
    label = _METHOD.search(sample["labels"] or "")
    counts = found.setdefault(_ESCAPED.sub(r"\1", label[1]) if label else "", Counts())
    attribute = _FAMILIES[sample["name"]]
    setattr(counts, attribute, getattr(counts, attribute) + value)


def _plain(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _number(value: float) -> str:
    return str(_plain(value))
