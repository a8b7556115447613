"""
A call of a function by a person, as the event that the function sees.

The headers are those that the Kubeless of old sent, so a function cannot tell who called it.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import datetime

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject

EVENT_NAMESPACE = "cli.kubeless.io"

PATIENCE = 604_800.0
"""Seconds; the longest timeout a function may have. It is the function's own that ends a call."""


class NoPort(KubelessError):
    """The Service has no ports."""


def service_port(service: JsonObject) -> str | int:
    """The first port of a Service, by name if it has one."""
    ports = (service.get("spec") or {}).get("ports") or []
    if not ports:
        raise NoPort(f"Service {service['metadata']['name']} has no ports; deploy the function again")
    return str(ports[0].get("name") or "") or int(ports[0]["port"])


def event_headers(data: str, *, event_id: str, now: datetime) -> Mapping[str, str]:
    """The headers that make a request an event."""
    headers = {
        "event-id": event_id,
        "event-time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "event-namespace": EVENT_NAMESPACE,
    }
    if data:
        kind = "application/json" if is_json_object(data) else "application/x-www-form-urlencoded"
        headers |= {"event-type": kind, "Content-Type": kind}
    return headers


def is_json_object(data: str) -> bool:
    """Whether a body counts as JSON: only objects and `null` ever did."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return value is None or isinstance(value, dict)


def new_event_id() -> str:
    """15 characters of URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(11)).decode().rstrip("=")
