"""
The counters of one function at one time, and what two such samples say of the time between them.

The text is Prometheus's, from a function, so it is bounded and anything in it that is not understood is passed over.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from kubeless.core.errors import KubelessError

MAX_BYTES = 2 << 20

_LINE = re.compile(r"(function_[a-z_]+)(?:\{([^}]*)\})? (\S+)")
_BOUND = re.compile(r'(?:^|,)le="([^"]+)"')


class UnreadableMetrics(KubelessError):
    """The function's metrics are too long to read."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Totals since the function's server started, over all methods."""

    time: float
    """Seconds since the Unix epoch."""
    calls: float = 0.0
    failures: float = 0.0
    seconds: float = 0.0
    buckets: Counter[float] = field(default_factory=Counter)
    """Calls that took at most so many seconds."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Of the time between two samples."""

    time: float
    """When it ended."""
    calls: float
    """Per second."""
    failures: float
    """Per second."""
    p95: float | None
    """Seconds; None if nothing was called."""
    in_flight: float
    """Calls under way at a time, on average (Little's law)."""


def read_sample(text: bytes, *, time: float) -> Sample:
    """Raises `UnreadableMetrics` for a text that is longer than metrics ever are."""
    if len(text) > MAX_BYTES:
        raise UnreadableMetrics
    totals: Counter[str] = Counter()
    buckets: Counter[float] = Counter()
    for line in text.decode(errors="replace").splitlines():
        found = _LINE.match(line)
        value = _number(found[3]) if found else None
        if found is None or value is None:
            continue
        if found[1] == "function_duration_seconds_bucket":
            bound = _BOUND.search(found[2] or "")
            limit = _number(bound[1]) if bound else None
            buckets[math.inf if limit is None else limit] += value  # type: ignore[assignment]  # counts may be floats
        else:
            totals[found[1]] += value  # type: ignore[assignment]  # counts may be floats
    return Sample(
        time,
        calls=totals["function_calls_total"],
        failures=totals["function_failures_total"],
        seconds=totals["function_duration_seconds_sum"],
        buckets=buckets,
    )


def rates_between(before: Sample, after: Sample) -> Rates:
    """A counter that went back was begun anew with the function's server: then it counts from zero."""
    if after.calls < before.calls:
        before = Sample(before.time)
    span = max(after.time - before.time, 0.001)
    grown = {bound: count - before.buckets[bound] for bound, count in after.buckets.items()}
    return Rates(
        after.time,
        calls=(after.calls - before.calls) / span,
        failures=max(after.failures - before.failures, 0.0) / span,
        p95=quantile(0.95, grown),
        in_flight=max(after.seconds - before.seconds, 0.0) / span,
    )


def quantile(share: float, buckets: Mapping[float, float]) -> float | None:
    """As Prometheus's `histogram_quantile`: linear inside a bucket, the last finite bound above all of them."""
    bounds = sorted(buckets)
    total = max(buckets.values(), default=0.0)
    if total <= 0:
        return None
    rank, lower, below = share * total, 0.0, 0.0
    for bound in bounds:
        count = buckets[bound]
        if count >= rank:
            if math.isinf(bound):
                return lower
            return lower + (bound - lower) * ((rank - below) / (count - below) if count > below else 1.0)
        lower, below = bound, count
    return lower


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
