"""The rows of the tables, from objects as the API server sends them. Texts stay texts: nothing here is HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from kubeless.core.jsontypes import JsonObject
from kubeless.portal.decide.samples import Rates

MESSAGE_LIMIT = 300
"""Characters of a condition's message that a table shows."""

DEFAULT_PORT = 8080


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """What the table keeps of a function: no source code, as there may be thousands."""

    namespace: str
    name: str
    runtime: str
    state: str
    """`ready`, `waiting` or `failed`, for the colour."""
    reason: str
    message: str
    ready: int
    replicas: int
    created: str
    port: int
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str, int]:
        """As `Meters` knows it."""
        return self.namespace, self.name, self.port


def function_row(function: JsonObject) -> FunctionRow:
    """The transform of the feed."""
    metadata, spec = function["metadata"], function.get("spec") or {}
    status = function.get("status") or {}
    state, reason, message = ready_state(function)
    labels = metadata.get("labels") or {}
    return FunctionRow(
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata["name"]),
        runtime=str(spec.get("runtime") or ""),
        state=state,
        reason=reason,
        message=message[:MESSAGE_LIMIT],
        ready=_count(status.get("readyReplicas")),
        replicas=_count(status.get("replicas")),
        created=str(metadata.get("creationTimestamp") or ""),
        port=service_port(spec),
        labels=tuple(sorted((str(key), str(value)) for key, value in labels.items())),
    )


def ready_state(thing: JsonObject) -> tuple[str, str, str]:
    """State, reason and message of what has a condition Ready."""
    status = thing.get("status") or {}
    conditions = status.get("conditions") or []
    ready: JsonObject = next((each for each in conditions if each.get("type") == "Ready"), {})
    reason, message = str(ready.get("reason") or ""), str(ready.get("message") or "")
    generation = _count((thing.get("metadata") or {}).get("generation"))
    observed = _count(ready.get("observedGeneration") or status.get("observedGeneration"))
    if not ready or observed < generation:
        return "waiting", "Submitted", "not looked at yet"
    states = {"True": "ready", "False": "failed"}
    return states.get(str(ready.get("status")), "waiting"), reason or "Ready", message


def service_port(spec: JsonObject) -> int:
    """The port that a function's Service has."""
    ports = (spec.get("service") or {}).get("ports") or [{}]
    return _count(ports[0].get("port")) or DEFAULT_PORT


def function_path(namespace: str, name: str) -> str:
    """The address of a function's page."""
    return f"/functions/{quote(namespace, safe='')}/{quote(name, safe='')}"


def function_cells(row: FunctionRow, rates: Rates | None, *, now: datetime) -> dict[str, object]:
    """What the table shows of a function."""
    return {
        "id": f"{row.namespace}/{row.name}",
        "href": function_path(row.namespace, row.name),
        "name": row.name,
        "namespace": row.namespace,
        "runtime": row.runtime,
        "status": row.reason,
        "state": row.state,
        "message": row.message,
        "replicas": f"{row.ready}/{row.replicas}",
        "calls": rate_text(rates.calls) if rates else "",
        "errors": rate_text(rates.failures) if rates else "",
        "failing": bool(rates and rates.failures),
        "p95": seconds_text(rates.p95) if rates else "",
        "age": age_text(row.created, now=now),
    }


def page_of(
    rows: Sequence[FunctionRow], *, text: str, sort: str, descending: bool, page: int, size: int
) -> tuple[list[FunctionRow], int]:
    """The rows of one page, and how many there are on all. `text` must be in a name, a runtime, a reason or a label."""
    words = text.lower().split()
    found = [row for row in rows if all(word in _searched(row) for word in words)] if words else list(rows)
    found.sort(key=lambda row: (_sort_key(row, sort), row.namespace, row.name), reverse=descending)
    size = size or len(found) or 1
    page = max(min(page, (len(found) + size - 1) // size), 1)
    return found[(page - 1) * size : page * size], len(found)


def _searched(row: FunctionRow) -> str:
    labels = " ".join(f"{key}={value}" for key, value in row.labels)
    return f"{row.name} {row.namespace} {row.runtime} {row.reason} {labels}".lower()


def _sort_key(row: FunctionRow, column: str) -> object:
    match column:
        case "namespace" | "runtime":
            return str(getattr(row, column))
        case "status":
            return {"failed": 0, "waiting": 1}.get(row.state, 2)
        case "replicas":
            return row.ready
        case "age":
            return row.created
    return row.name


def rate_text(value: float) -> str:
    """Calls per second."""
    if value == 0:
        return "0"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def seconds_text(value: float | None) -> str:
    """A duration as people say it."""
    if value is None:
        return ""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def age_text(created: str, *, now: datetime) -> str:
    """How long ago, as kubectl says it."""
    try:
        then = datetime.fromisoformat(created)
    except ValueError:
        return ""
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    seconds = max(int((now - then).total_seconds()), 0)
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _count(value: object) -> int:
    try:
        return int(str(value or 0))
    except ValueError:
        return 0
