"""
What several processes have counted, as if it were one.

Counters and histograms are added up, and those of a worker that ended stay in the sum: a counter that went back would
look like events to whoever takes its rate. Gauges are added up as well, but for those that tell what every worker sees
for itself, where the largest counts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Metric

Snapshot = list[dict[str, Any]]
"""Families as JSON: `name`, `help`, `type`, `samples` as (name, labels, value)."""

_SEEN_BY_ALL = frozenset({"kubeless_transport_shunned"})
"""Gauges of the world outside: two workers that see one thing do not make it two."""

_NEVER_BACK = frozenset({"counter", "histogram"})

_SampleKey = tuple[str, tuple[tuple[str, str], ...]]


def snapshot(registry: CollectorRegistry) -> Snapshot:
    """All families of a registry."""
    return [
        {
            "name": family.name,
            "help": family.documentation,
            "type": family.type,
            "samples": [(sample.name, sample.labels, sample.value) for sample in family.samples],
        }
        for family in registry.collect()
    ]


@dataclass(slots=True)
class _Family:
    name: str
    help: str
    type: str
    values: dict[_SampleKey, float] = field(default_factory=dict)

    def add(self, samples: Iterable[tuple[str, dict[str, str], float]]) -> None:
        largest = self.name in _SEEN_BY_ALL
        for name, labels, value in samples:
            key = (name, tuple(labels.items()))
            before = self.values.get(key, 0.0)
            self.values[key] = max(before, value) if largest else before + value

    def forget(self, label: str, value: str) -> None:
        for key in [key for key in self.values if (label, value) in key[1]]:
            del self.values[key]

    def metric(self) -> Metric:
        metric = Metric(self.name, self.help, self.type)
        for (name, labels), value in self.values.items():
            metric.add_sample(name, dict(labels), value)
        return metric


class Sum:
    """Snapshots of several processes, added up."""

    def __init__(self) -> None:
        self._families: dict[str, _Family] = {}

    def add(self, counted: Snapshot, *, ended: bool = False) -> None:
        """Add what one process has counted; of one that `ended`, only what never goes back."""
        for family in counted:
            if ended and family["type"] not in _NEVER_BACK:
                continue
            known = self._families.get(family["name"])
            if known is None:
                known = self._families[family["name"]] = _Family(family["name"], family["help"], family["type"])
            known.add(family["samples"])

    def forget(self, label: str, value: str) -> None:
        """Drop what was counted under this value of a label."""
        for family in self._families.values():
            family.forget(label, value)

    def copy(self) -> "Sum":
        """A sum that starts from what is here."""
        copied = Sum()
        for name, each in self._families.items():
            copied._families[name] = _Family(each.name, each.help, each.type, dict(each.values))
        return copied

    def metrics(self) -> Iterator[Metric]:
        """As Prometheus wants them."""
        for family in self._families.values():
            yield family.metric()


def without(counted: Snapshot, label: str, value: str) -> Snapshot:
    """A snapshot from which one value of a label is gone."""
    return [
        {**family, "samples": [sample for sample in family["samples"] if sample[1].get(label) != value]}
        for family in counted
    ]
