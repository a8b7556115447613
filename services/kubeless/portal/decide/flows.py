"""
How many events go from each trigger to each function, from what the routers count.

Routers count per trigger and function; two readings of a counter make a rate. One that went back was begun anew.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_BYTES = 8 << 20

_LINE = re.compile(r"(kubeless_[a-z_]+)\{([^\n]*)\} (\S+)")
_LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")

_GOOD = frozenset({"kubeless_events_delivered_total"})
_BAD = frozenset(
    {"kubeless_events_refused_total", "kubeless_events_dead_lettered_total", "kubeless_events_dropped_total"}
)
_IN_FLIGHT = "kubeless_events_in_flight"
_LAG = "kubeless_trigger_lag"
_REQUESTS = "kubeless_gateway_requests_total"

Edge = tuple[str, str, str, str]
"""Kind (HTTP, Schedule, Kafka, NATS), namespace, trigger, function."""

KINDS = {"KafkaTrigger": "Kafka", "NATSTrigger": "NATS", "CronJobTrigger": "Schedule", "HTTPTrigger": "HTTP"}


@dataclass(slots=True)
class Counts:
    """Of one edge."""

    good: float = 0.0
    bad: float = 0.0
    in_flight: float = 0.0
    lag: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was counted at one time, in seconds since the epoch."""

    time: float
    counts: Mapping[Edge, Counts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flow:
    """Events per second over one edge."""

    good: float = 0.0
    bad: float = 0.0
    in_flight: float = 0.0
    lag: float | None = None


def read_counts(text: bytes, *, kind: str) -> dict[Edge, Counts]:
    """From the metrics of the router whose triggers are of this kind, for series that do not say it."""
    found: dict[Edge, Counts] = {}
    for line in text[:MAX_BYTES].decode(errors="replace").splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        try:
            value = float(match[3])
        except ValueError:
            continue
        if math.isfinite(value):
            _add(found, match[1], _labels(match[2]), value, kind)
    return found


def flows_between(before: Reading, after: Reading) -> dict[Edge, Flow]:
    """Of the time between two readings."""
    span = max(after.time - before.time, 0.001)
    return {edge: _flow(before.counts.get(edge, Counts()), counts, span) for edge, counts in after.counts.items()}


def _flow(before: Counts, after: Counts, span: float) -> Flow:
    if after.good < before.good or after.bad < before.bad:
        before = Counts()
    return Flow((after.good - before.good) / span, (after.bad - before.bad) / span, after.in_flight, after.lag)


def _add(found: dict[Edge, Counts], name: str, labels: Mapping[str, str], value: float, kind: str) -> None:
    edge = _edge(name, labels, kind)
    if edge is None:
        return
    counts = found.setdefault(edge, Counts())
    if name in _GOOD:
        counts.good += value
    elif name in _BAD:
        counts.bad += value
    elif name == _IN_FLIGHT:
        counts.in_flight += value
    elif name == _LAG:
        counts.lag = (counts.lag or 0.0) + value
    elif name == _REQUESTS and labels.get("code", "").startswith("5"):
        counts.bad += value
    elif name == _REQUESTS:
        counts.good += value


def _edge(name: str, labels: Mapping[str, str], kind: str) -> Edge | None:
    if name == _REQUESTS:
        namespace, _, trigger = labels.get("route", "").partition("/")
        function = labels.get("function", "").rpartition("/")[2]
    elif name in _GOOD or name in _BAD or name in (_IN_FLIGHT, _LAG):
        namespace, trigger, function = (labels.get(each, "") for each in ("namespace", "trigger", "function"))
        kind = KINDS.get(labels.get("kind", ""), kind)
    else:
        return None
    return (kind, namespace, trigger, function.rpartition("/")[2]) if trigger else None


def _labels(text: str) -> dict[str, str]:
    return {name: _ESCAPED.sub(r"\1", value) for name, value in _LABEL.findall(text)}
