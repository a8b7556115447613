"""`kubeless function call`: through the API server, so it works wherever the function runs."""

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from kubeless.cli import messages, output
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.options import function_name, namespace_option
from kubeless.manage.calling import PATIENCE, event_headers, new_event_id, service_port

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient
    from kubeless.kube.service_proxy import ProxyResponse

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
            timeout=PATIENCE,
        )
    except KubeError as error:
        if error.status == 408:
            raise Fatal(_TIMED_OUT) from error
        raise


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
