"""
`kubeless trigger nats publish`: one message, or a file of them.

Through the NATS trigger controller, so that no way to the servers is needed; or, with `--url`, straight to a server.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlencode

import click

from kubeless.cli import messages, output
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.keyvalues import pairs_callback
from kubeless.cli.natsadmin import nats_namespace_option
from kubeless.cli.options import cluster_options
from kubeless.cli.publishing import Send, input_size, publish_all
from kubeless.cli.topic.messagefile import Batch, batches, encode
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.natsnames import check_subject
from kubeless.manage.serviceadmin import NatsAdmin

if TYPE_CHECKING:
    from kubeless.nats_subscriber.admin_publish import Mode


@dataclass(frozen=True, slots=True)
class Target:
    """Where messages go, and how."""

    subject: str
    mode: "Mode"
    timeout: float
    url: str | None
    namespace: str
    """Of the NATS trigger controller, unless there is a URL."""


@click.command(cls=Command)
@click.option("--url", metavar="URL", help="NATS server to connect to (default: through the NATS trigger controller).")
@click.option("--topic", "--subject", "subject", default="kubeless", show_default=True, metavar="NAME", help="Subject.")
@click.option("--message", "-d", "--data", "data", metavar="TEXT", help="Message.")
@click.option("-f", "--file", type=click.File("rb"), help="Messages, one a line; - is stdin.")
@click.option("--json-lines", is_flag=True, help="Each line of the file is a JSON object: value, headers.")
@click.option("--header", "headers", multiple=True, callback=pairs_callback, metavar="K=V,...", help="Headers.")
@click.option("--jetstream", is_flag=True, help="Wait until a stream has stored it.")
@click.option("--request", is_flag=True, help="Wait for the reply, and print it.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, max=110, min_open=True),
    default=5.0,
    show_default=True,
    help="Seconds for the reply.",
)
@nats_namespace_option
@cluster_options
def command(
    url: str | None,
    subject: str,
    data: str | None,
    file: IO[bytes] | None,
    json_lines: bool,
    headers: tuple[tuple[str, str], ...],
    jetstream: bool,
    request: bool,
    timeout: float,
    nats_namespace: str,
) -> None:
    """Publish messages on a subject."""
    _check_choice(data, file, json_lines=json_lines, jetstream=jetstream, request=request)
    mode: Mode = "jetstream" if jetstream else "request" if request else "core"
    target = Target(check_subject(subject), mode, timeout, url, nats_namespace)
    fields: JsonObject = {"headers": [list(pair) for pair in headers]} if headers else {}
    if file is None:
        waiting = iter([Batch(encode(fields | {"value": data}), 1, 0)])
        count, answer = asyncio.run(_publish(target, waiting, 0))
    else:
        count, answer = asyncio.run(_publish(target, batches(file, fields, json_lines=json_lines), input_size(file)))
    _tell(target, data, count, answer)


def _check_choice(
    data: str | None, file: IO[bytes] | None, *, json_lines: bool, jetstream: bool, request: bool
) -> None:
    if (data is None) == (file is None):
        raise click.UsageError("give either --message or --file")
    if json_lines and file is None:
        raise click.UsageError("--json-lines says what is in --file; give one")
    if request and file is not None:
        raise click.UsageError("--request is for one message; give --message")
    if request and jetstream:
        raise click.UsageError("a stream stores, it does not reply; give either --jetstream or --request")


async def _publish(target: Target, waiting: Iterator[Batch], size: int) -> tuple[int, JsonObject]:
    async with _sender(target) as send:
        return await publish_all(waiting, size, send)


@asynccontextmanager
async def _sender(target: Target) -> AsyncIterator[Send]:
    if target.url is not None:
        async with _straight(target, target.url) as send:
            yield send
        return
    from kubeless.cli.cluster import connect

    query = {"subject": target.subject, "mode": target.mode, "timeout": str(target.timeout)}
    async with connect() as client:
        admin = NatsAdmin(client, target.namespace)

        async def send_through(body: bytes) -> JsonObject:
            (answer,) = await admin.call("POST", f"messages?{urlencode(query)}", body=body)
            return answer

        yield send_through


@asynccontextmanager
async def _straight(target: Target, url: str) -> AsyncIterator[Send]:
    from kubeless.nats_subscriber.admin_direct import connected
    from kubeless.nats_subscriber.admin_errors import explain
    from kubeless.nats_subscriber.admin_messages import parse_messages
    from kubeless.nats_subscriber.admin_publish import publish

    async with connected(url) as clients:

        async def send(body: bytes) -> JsonObject:
            found = parse_messages(body)
            try:
                return await publish(clients, target.subject, found, mode=target.mode, timeout=target.timeout)
            except Exception as error:  # `explain` raises again what nobody foresaw
                raise explain(error, f"subject {target.subject!r}") from error

        yield send


def _tell(target: Target, data: str | None, count: int, answer: JsonObject) -> None:
    if target.mode == "request":
        _write_reply(answer.get("reply") or {})
        return
    where = ""
    if target.mode == "jetstream" and count:
        where = f" (stream {answer.get('stream')}, sequence {answer.get('last')})"
        if count == 1 and answer.get("duplicates"):
            where = f" (stream {answer.get('stream')} has it already)"
    what = f"'{data}'" if data is not None else f"{count} messages"
    messages.info(f"Published [{target.subject}] : {what}{where}")


def _write_reply(reply: JsonObject) -> None:
    """The body to stdout; a failure that the service tells in headers fails the command."""
    headers: dict[str, Any] = {str(name).lower(): value for name, value in reply.get("headers") or ()}
    if "valueBase64" in reply:
        output.write_bytes(base64.b64decode(reply["valueBase64"]))
    else:
        output.write(f"{reply.get('value', '')}\n")
    if headers.get("nats-service-error"):
        status = headers.get("nats-service-error-code") or headers.get("kubeless-status")
        raise Fatal(f"The function failed with status {status}: {headers['nats-service-error']}")
