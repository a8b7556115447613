"""Triggers as rows of a table and as a form, whatever their kind."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from re import compile as pattern
from zoneinfo import ZoneInfo

from kubeless.api.natssubject import name_problem, subject_problem
from kubeless.api.resource import CRONJOB_TRIGGERS, HTTP_TRIGGERS, KAFKA_TRIGGERS, NATS_TRIGGERS, Resource
from kubeless.api.selector import LabelSelector
from kubeless.core.errors import InvalidInput
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.kafkanames import check_topic
from kubeless.manage.selecting import selector_fields
from kubeless.portal.decide.rows import MESSAGE_LIMIT, ready_state
from kubeless.schedules.schedule import Schedule

RESOURCES: Mapping[str, Resource] = {
    "HTTP": HTTP_TRIGGERS,
    "Schedule": CRONJOB_TRIGGERS,
    "Kafka": KAFKA_TRIGGERS,
    "NATS": NATS_TRIGGERS,
}
"""By what people call the kind."""

TITLES = {resource.kind: title for title, resource in RESOURCES.items()}

_HOST = pattern(r"(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PATH = pattern(r"/?[A-Za-z0-9._~!$&'()*+,;=:@%/-]{0,1024}")


@dataclass(frozen=True, slots=True)
class TriggerRow:
    """What a table keeps of a trigger."""

    kind: str
    """HTTP, Schedule, Kafka or NATS."""
    namespace: str
    name: str
    source: str
    """Where its events come from: a topic, a subject, a schedule, a host and path."""
    functions: str
    """A name, or a selector."""
    state: str
    reason: str
    message: str
    suspended: bool
    next: str
    last: str
    stream: str
    spec: JsonObject

    @property
    def id(self) -> str:
        """Unlike any other."""
        return f"{self.kind}/{self.namespace}/{self.name}"


def trigger_row(trigger: JsonObject) -> TriggerRow:
    """The transform of a feed."""
    metadata, spec = trigger["metadata"], trigger.get("spec") or {}
    status = trigger.get("status") or {}
    kind = TITLES.get(str(trigger.get("kind")), str(trigger.get("kind")))
    state, reason, message = ready_state(trigger)
    suspended = bool(spec.get("suspend"))
    return TriggerRow(
        kind=kind,
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata["name"]),
        source=source_text(kind, spec),
        functions=functions_text(spec),
        state="waiting" if suspended else state,
        reason="Suspended" if suspended else reason,
        message=message[:MESSAGE_LIMIT],
        suspended=suspended,
        next="" if suspended or kind != "Schedule" else next((text for text in next_times(spec, 1)), "never"),
        last=str(status.get("lastError") or status.get("lastScheduleTime") or "")[:MESSAGE_LIMIT],
        stream=str(spec.get("stream") or ""),
        spec=spec,
    )


def source_text(kind: str, spec: JsonObject) -> str:
    """Where events come from."""
    match kind:
        case "HTTP":
            return f"{spec.get('host-name') or '*'}/{str(spec.get('path') or '').lstrip('/')}"
        case "Schedule":
            zone = f" ({spec['timeZone']})" if spec.get("timeZone") else ""
            return f"{spec.get('schedule') or ''}{zone}"
    stream = f" (stream {spec['stream']})" if spec.get("stream") else ""
    return f"{spec.get('topic') or ''}{stream}"


def functions_text(spec: JsonObject) -> str:
    """The function that is named, or the labels of those that are selected."""
    if spec.get("functionSelector") is None:
        return str(spec.get("function-name") or "")
    try:
        return LabelSelector.parse(spec["functionSelector"]).to_string() or "every function"
    except InvalidInput:
        return "an invalid selector"


def next_times(spec: JsonObject, count: int, *, now: float | None = None) -> list[str]:
    """When a schedule is due next, in its own zone; none if it cannot be used. `now` is seconds since the epoch."""
    zone = str(spec.get("timeZone") or "")
    try:
        schedule = Schedule.parse(str(spec.get("schedule") or ""), zone)
    except InvalidInput:
        return []
    found: list[str] = []
    moment: float | None = datetime.now(UTC).timestamp() if now is None else now
    while moment is not None and len(found) < count and (moment := schedule.next(moment)) is not None:
        local = datetime.fromtimestamp(moment, ZoneInfo(zone) if zone else UTC)
        found.append(local.strftime("%Y-%m-%d %H:%M:%S %Z"))
    return found


FIELDS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "HTTP": (("host", "Host", "any host"), ("path", "Path", "/"), ("function", "Function", "hello")),
    "Schedule": (
        ("schedule", "Schedule", "*/10 * * * *"),
        ("zone", "Time zone", "UTC"),
        ("payload", "Body (JSON or text)", "none"),
        ("function", "Function", "hello"),
    ),
    "Kafka": (("topic", "Topic", "orders"), ("selector", "Functions (labels)", "function=hello")),
    "NATS": (
        ("subject", "Subject", "orders.>"),
        ("stream", "Stream (empty: core NATS)", ""),
        ("selector", "Functions (labels)", "function=hello"),
    ),
}
"""By kind: name, label and hint of the form's fields."""


def form_of(kind: str, spec: JsonObject) -> dict[str, str]:
    """The fields of a trigger as it is."""
    payload = spec.get("payload")
    known = {
        "host": str(spec.get("host-name") or ""),
        "path": str(spec.get("path") or ""),
        "function": str(spec.get("function-name") or ""),
        "schedule": str(spec.get("schedule") or ""),
        "zone": str(spec.get("timeZone") or ""),
        "payload": payload if isinstance(payload, str) else "" if payload is None else json.dumps(payload),
        "topic": str(spec.get("topic") or ""),
        "subject": str(spec.get("topic") or ""),
        "stream": str(spec.get("stream") or ""),
        "selector": "" if not spec.get("functionSelector") else functions_text(spec),
    }
    return {name: known[name] for name, _, _ in FIELDS[kind]}


def spec_of(kind: str, fields: Mapping[str, str], *, before: JsonObject | None = None) -> JsonObject:
    """The spec that a form asks for; what the form does not know stays as it was. Raises `InvalidField`."""
    spec = dict(before or {})
    text = {name: value.strip() for name, value in fields.items()}
    match kind:
        case "HTTP":
            given: JsonObject = {"host-name": text["host"], "path": text["path"].lstrip("/")}
        case "Schedule":
            given = {"schedule": text["schedule"], "timeZone": text["zone"], "payload": _payload(text["payload"])}
        case "Kafka":
            given = {"topic": text["topic"], "functionSelector": selector_fields(text["selector"])}
        case _:
            given = {
                "topic": text["subject"],
                "stream": text["stream"],
                "functionSelector": selector_fields(text["selector"]),
            }
    if "function" in text:
        spec.pop("functionSelector", None)
        given["function-name"] = text["function"]
    for name, value in given.items():
        if value in ("", None):
            spec.pop(name, None)
        else:
            spec[name] = value
    return spec


def field_problem(name: str, value: str, fields: Mapping[str, str]) -> str | None:
    """What is wrong with a field as it is typed; `fields` are all of the form."""
    value = value.strip()
    match name:
        case "topic":
            return _problem(lambda: check_topic(value))
        case "subject":
            return subject_problem(value, wildcards=True) or None
        case "stream":
            return (name_problem(value) or None) if value else None
        case "schedule":
            return _problem(lambda: Schedule.parse(value, fields.get("zone", "").strip()))
        case "zone":
            return _problem(lambda: Schedule.parse("@daily", value)) if value else None
        case "selector":
            return _problem(lambda: selector_fields(value))
        case "host":
            is_good = not value or (len(value) <= 253 and _HOST.fullmatch(value))
            return None if is_good else "Give a name such as shop.example or *.example"
        case "path":
            return None if _PATH.fullmatch(value) else "Give a path such as /orders"
        case "function":
            return None if value else "Name a function"
    return None


def route_conflict(fields: Mapping[str, str], others: Iterable[TriggerRow], *, own: str) -> str:
    """Which other trigger has the same host and path; the oldest one of them wins. `own` is the id of this one."""
    path = fields.get("path", "").strip().strip("/")
    host = fields.get("host", "").strip().lower()
    for other in others:
        same_host = str(other.spec.get("host-name") or "").lower() == host
        if (
            other.kind == "HTTP"
            and other.id != own
            and same_host
            and str(other.spec.get("path") or "").strip("/") == path
        ):
            return f"{other.namespace}/{other.name} has this host and path already; the older trigger wins"
    return ""


def trigger_object(kind: str, namespace: str, name: str, spec: JsonObject) -> JsonObject:
    """A new trigger."""
    resource = RESOURCES[kind]
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": {"created-by": "kubeless"}},
        "spec": spec,
    }


def _payload(text: str) -> object:
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _problem(check: Callable[[], object]) -> str | None:
    try:
        check()
    except InvalidInput as error:
        return str(error)[:MESSAGE_LIMIT]
    return None
