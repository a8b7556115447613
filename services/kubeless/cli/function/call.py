"""`kubeless function call`: through the API server, so it works wherever the function runs."""

import asyncio
import base64
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from kubeless.cli import messages, output
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.options import function_name, namespace_option
from kubeless.core.jsontypes import JsonObject

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient
    from kubeless.kube.service_proxy import ProxyResponse

EVENT_NAMESPACE = "cli.kubeless.io"

_PATIENCE = 604_800.0
"""Seconds; the longest timeout a function may have. It is the function's own that ends a call."""

_TIMED_OUT = "Request timeout exceeded"


@click.command(cls=Command)
@function_name
@click.option("-d", "--data", default="", metavar="TEXT", help="Body of the call; without one it is a GET.")
@namespace_option
def command(name: str, data: str, namespace: str | None) -> None:
    """Call a function and print its answer."""
    asyncio.run(_call(name, data, namespace))


async def _call(name: str, data: str, namespace: str | None) -> None:
    from kubeless.cli.cluster import connect

    async with connect() as client:
        response = await _send(client, name, namespace or client.namespace, data)
    if response.status < 400:
        output.write_bytes(response.body + b"\n")
        return
    if response.body:
        messages.error(response.body.decode(errors="replace"))
    raise Fatal(failure_text(response.status, response.body))


async def _send(client: "KubeClient", name: str, namespace: str, data: str) -> "ProxyResponse":
    from kubeless.kube.errors import KubeError, NotFound
    from kubeless.kube.resources import SERVICES

    try:
        service = await client.get(SERVICES, name, namespace=namespace)
    except NotFound as error:
        raise Fatal(f"Unable to find the service for {name}") from error
    try:
        return await client.proxy(
            namespace,
            name,
            port=service_port(service),
            method="POST" if data else "GET",
            headers=event_headers(data, event_id=new_event_id(), now=datetime.now(UTC)),
            body=data.encode() if data else None,
            timeout=_PATIENCE,
        )
    except KubeError as error:
        if error.status == 408:
            raise Fatal(_TIMED_OUT) from error
        raise


def service_port(service: JsonObject) -> str | int:
    """The first port of a Service, by name if it has one."""
    ports = (service.get("spec") or {}).get("ports") or []
    if not ports:
        raise Fatal(f"Service {service['metadata']['name']} has no ports; deploy the function again")
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


def failure_text(status: int, body: bytes) -> str:
    """What went wrong, in the words of the Go client."""
    if status == 408:
        return _TIMED_OUT
    shown = json.dumps(body[:2048].decode(errors="replace"), ensure_ascii=False)
    if status == 404:
        return "the server could not find the requested resource"
    if status == 503:
        return f"the server is currently unable to handle the request ({shown})"
    if status >= 500:
        return f"an error on the server ({shown}) has prevented the request from succeeding"
    return f"the server rejected our request for an unknown reason (status {status}: {shown})"
