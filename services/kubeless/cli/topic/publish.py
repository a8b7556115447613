"""`kubeless topic publish`: one message, or a file of them."""

import asyncio
from collections.abc import Iterator
from typing import IO

import click

from kubeless.cli import messages
from kubeless.cli.commands import Command
from kubeless.cli.kafkaadmin import kafka_namespace_option, read_topic_name
from kubeless.cli.keyvalues import pairs_callback
from kubeless.cli.options import cluster_options
from kubeless.cli.publishing import input_size, publish_all
from kubeless.cli.topic.messagefile import Batch, batches, encode
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.serviceadmin import KafkaAdmin


@click.command(cls=Command)
@click.option("--topic", default="kubeless", show_default=True, metavar="NAME", help="Topic.")
@click.option("-d", "--data", metavar="TEXT", help="Message.")
@click.option("-f", "--file", type=click.File("rb"), help="Messages, one a line; - is stdin.")
@click.option(
    "--json-lines", is_flag=True, help="Each line of the file is a JSON object: value, key, headers, partition."
)
@click.option("-k", "--key", metavar="TEXT", help="Key: messages of one key keep their order.")
@click.option("--header", "headers", multiple=True, callback=pairs_callback, metavar="K=V,...", help="Headers.")
@click.option("--partition", type=click.IntRange(min=0), help="Partition (default: by the key).")
@kafka_namespace_option
@cluster_options
def command(
    topic: str,
    data: str | None,
    file: IO[bytes] | None,
    json_lines: bool,
    key: str | None,
    headers: tuple[tuple[str, str], ...],
    partition: int | None,
    kafka_namespace: str,
) -> None:
    """Publish messages to a topic."""
    if (data is None) == (file is None):
        raise click.UsageError("give either --data or --file")
    if json_lines and file is None:
        raise click.UsageError("--json-lines says what is in --file; give one")
    fields = _fields(key, headers, partition)
    path = f"topics/{read_topic_name(topic)}/records"
    if file is None:
        lines = [Batch(encode(fields | {"value": data}), 1, 0)]
        answer = asyncio.run(_publish(path, iter(lines), 0, kafka_namespace))
    else:
        answer = asyncio.run(
            _publish(path, batches(file, fields, json_lines=json_lines), input_size(file), kafka_namespace)
        )
    messages.info(_success(topic, *answer))


async def _publish(path: str, waiting: Iterator[Batch], size: int, kafka_namespace: str) -> tuple[int, JsonObject]:
    from kubeless.cli.cluster import connect

    async with connect() as client:
        admin = KafkaAdmin(client, kafka_namespace)

        async def send(body: bytes) -> JsonObject:
            (answer,) = await admin.call("POST", path, body=body)
            return answer

        return await publish_all(waiting, size, send)


def _fields(key: str | None, headers: tuple[tuple[str, str], ...], partition: int | None) -> JsonObject:
    given = {"key": key, "headers": [list(pair) for pair in headers] or None, "partition": partition}
    return {name: value for name, value in given.items() if value is not None}


def _success(topic: str, count: int, answer: JsonObject) -> str:
    if count != 1:
        return f'Published {count} messages to topic "{topic}"'
    place = [f" (partition {each}, offset {ends['last']})" for each, ends in (answer.get("partitions") or {}).items()]
    return f'Published 1 message to topic "{topic}"{"".join(place)}'
