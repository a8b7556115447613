"""What was measured of function servers, as lines of the table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.report import Row
from bench.wrk import Measured

OLD = "forked per request"
"""The old way, which stands beside Python's server."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one server."""

    hello: Measured
    echo: Measured
    start: float
    """Seconds from the start of the process to its first answer, the median."""
    memory: float | None
    """Resident MiB of all its processes after it said hello often; None where the system does not tell."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a language has to reach."""

    rate: float
    start: float


BUDGETS = {"python": Budget(8000, 0.150), "nodejs": Budget(10_000, 0.150)}


def rows(found: Mapping[str, Figures]) -> Sequence[Row]:
    """The lines for servers by name; one has the name OLD, and no lines of its own."""
    lines: list[Row] = []
    for name, ours in found.items():
        if name != OLD:
            lines += _rows(name, ours, found.get(OLD) if name == "python" else None)
    return lines


def _rows(name: str, ours: Figures, old: Figures | None) -> list[Row]:
    budget = BUDGETS.get(name)
    lines = [
        _rate(f"runtime {name}, hello", ours.hello, old.hello if old else None, budget.rate if budget else None),
        _rate(f"runtime {name}, 1 kB echo", ours.echo, old.echo if old else None, None),
        _start(f"runtime {name}, cold start", ours.start, old.start if old else None, budget.start if budget else None),
    ]
    if ours.memory is not None:
        other = old.memory if old else None
        lines.append(Row(f"runtime {name}, memory", ours.memory, "MiB", other, OLD, note="less is better"))
    return lines


def _rate(what: str, ours: Measured, old: Measured | None, at_least: float | None) -> Row:
    budget, met = (f">= {at_least:,.0f}/s", ours.rate >= at_least) if at_least is not None else ("", None)
    note = f"p99 {ours.p99 * 1000:.1f} ms" + (f" ({old.p99 * 1000:.1f} ms)" if old else "")
    return Row(what, ours.rate, "requests/s", old.rate if old else None, OLD, budget, met, note)


def _start(what: str, ours: float, old: float | None, at_most: float | None) -> Row:
    budget, met = (f"<= {at_most * 1000:.0f} ms", ours <= at_most) if at_most is not None else ("", None)
    return Row(what, ours * 1000, "ms", old * 1000 if old is not None else None, OLD, budget, met, "less is better")
