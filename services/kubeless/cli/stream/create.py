"""`kubeless stream create`."""

import asyncio
import json

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.natsadmin import nats_namespace_option
from kubeless.cli.options import cluster_options, name_argument
from kubeless.manage.natsnames import check_stream, check_subject
from kubeless.manage.serviceadmin import NatsAdmin


@click.command(cls=Command)
@name_argument("stream name")
@click.option(
    "--subject",
    "subjects",
    multiple=True,
    required=True,
    metavar="SUBJECT",
    help="Subject that it stores; wildcards * and > work. May be given several times.",
)
@click.option(
    "--replicas", type=click.IntRange(min=1, max=5), default=1, show_default=True, help="Servers that keep a copy."
)
@nats_namespace_option
@cluster_options
def command(name: str, subjects: tuple[str, ...], replicas: int, nats_namespace: str) -> None:
    """Create a stream. It keeps its messages in files, for as long as nobody deletes them."""
    body = {
        "name": check_stream(name),
        "subjects": [check_subject(subject, wildcards=True, field="--subject") for subject in subjects],
        "replicas": replicas,
    }
    asyncio.run(_create(json.dumps(body).encode(), nats_namespace))
    output.write(f'Created stream "{name}".\n')


async def _create(body: bytes, nats_namespace: str) -> None:
    from kubeless.cli.cluster import connect

    async with connect() as client:
        await NatsAdmin(client, nats_namespace).call("POST", "streams", body=body)
