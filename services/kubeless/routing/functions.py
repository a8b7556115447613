"""
What a router remembers of a function: who it is, how long it may take, where its Service listens.

A Function carries its source code; a router must hold ten thousand of them. The transform here runs on arrival and
keeps a record of some hundred bytes. It never fails: a router goes on with a default where one function has nonsense in
a field, and the controller tells the owner what is wrong with it.
"""

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from sys import intern
from types import MappingProxyType
from typing import Any

from kubeless.core.jsontypes import JsonObject

DEFAULT_TIMEOUT = 180.0
DEFAULT_PORT = 8080

WEIGHT = "kubeless.io/weight"
"""Annotation or label of a function: its share where a selector spreads requests, a whole number up to 999999."""

_WEIGHT = re.compile(r"[0-9]{1,6}")

NO_LABELS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FunctionRecord:
    """A function as routers see it."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    timeout: float
    """Seconds that one call may take."""
    port: int
    """The port of the function's Service. Endpoints have their own."""
    generation: int
    created: float = 0.0
    """When the function was made, in seconds since the Unix epoch; 0: unknown."""
    weight: int = 1
    """Its share where requests are spread over several functions; 0: none."""


def record_function(obj: JsonObject) -> FunctionRecord:
    """Keep of a Function what routing needs."""
    metadata = obj["metadata"]
    spec = _mapping(obj.get("spec"))
    return FunctionRecord(
        namespace=intern(str(metadata.get("namespace") or "")),
        name=intern(str(metadata["name"])),
        labels=_labels(metadata.get("labels")),
        timeout=_timeout(spec.get("timeout")),
        port=_port(_mapping(spec.get("service")).get("ports")),
        generation=int(metadata.get("generation") or 0),
        created=_moment(metadata.get("creationTimestamp")),
        weight=_weight(metadata),
    )


def by_namespace(record: FunctionRecord) -> Iterator[Hashable]:
    """Index functions by namespace."""
    yield record.namespace


def by_label(record: FunctionRecord) -> Iterator[Hashable]:
    """Index functions by (namespace, label, value)."""
    for label, value in record.labels.items():
        yield record.namespace, label, value


def _labels(value: Any) -> Mapping[str, str]:
    # The same labels occur on thousands of functions: interned, each text is kept once.
    labels = {intern(str(label)): intern(str(text)) for label, text in _mapping(value).items()}
    return labels or NO_LABELS


def _moment(value: Any) -> float:
    try:
        return datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError):
        return 0.0


def _weight(metadata: Mapping[str, Any]) -> int:
    """From the annotation, or the label where there is none; 1 for what is no weight."""
    for place in ("annotations", "labels"):
        text = _mapping(metadata.get(place)).get(WEIGHT)
        if isinstance(text, str) and _WEIGHT.fullmatch(text):
            return int(text)
    return 1


def _timeout(value: Any) -> float:
    """The field is text in manifests (`"180"`), and empty in those of the Go client when nobody asked for anything."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return DEFAULT_TIMEOUT
    return seconds if isfinite(seconds) and seconds > 0 else DEFAULT_TIMEOUT


def _port(ports: Any) -> int:
    first = ports[0] if isinstance(ports, list) and ports else None
    port = _mapping(first).get("port")
    return port if isinstance(port, int) and 0 < port < 65536 else DEFAULT_PORT


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
