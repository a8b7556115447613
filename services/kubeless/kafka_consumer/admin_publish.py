"""
Publish records, for `kubeless topic publish`.

All records of a request have been written by all replicas in sync when it is answered; in the same partition they stand
in the order they came. If one fails, the answer says how many were written, which the next try would publish again.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from aiokafka import AIOKafkaProducer
from aiokafka.errors import UnknownTopicOrPartitionError

from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.answers import read_bytes
from kubeless.delivery.admin.errors import AdminError
from kubeless.kafka_consumer.admin_clients import Clients
from kubeless.kafka_consumer.admin_errors import explain
from kubeless.kafka_consumer.admin_records import Record, parse_records
from kubeless.kafka_consumer.admin_topics import all_topics
from kubeless.manage.kafkanames import check_topic


class PublishRoutes:
    """The operation over HTTP."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def publish(self, request: web.Request) -> web.StreamResponse:
        """
        `POST /topics/<topic>/records` of JSON lines (see `admin_records`): `{"published", "partitions"}`.

        `partitions` maps each partition to the first and last offset that was written there.
        """
        topic = check_topic(request.match_info["topic"])
        records = parse_records(await read_bytes(request))
        async with self._clients.admin() as admin:
            found = (await all_topics(admin)).get(topic)
        if found is None:
            raise UnknownTopicOrPartitionError
        check_partitions(records, found["partitions"], topic)
        async with self._clients.producer() as producer:
            return web.json_response(await publish(producer, topic, records))


async def publish(producer: AIOKafkaProducer, topic: str, records: Sequence[Record]) -> JsonObject:
    """Write them to a topic that exists; raises AdminError once one fails."""
    waiting: list[asyncio.Future[Any]] = []
    failure: Exception | None = None
    for number, record in enumerate(records, start=1):
        try:
            waiting.append(await _send(producer, topic, record))
        except Exception as error:  # aiokafka's own; told below, after those before it have been written
            failure = explain(error, f"record {number}")
            break
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    failure = failure or next((error for error in ends if isinstance(error, Exception)), None)
    written = [end for end in ends if not isinstance(end, BaseException)]
    if failure is not None:
        raise _partly(failure, len(written), len(records), topic)
    return {"published": len(written), "partitions": _offsets(written)}


def check_partitions(records: Sequence[Record], count: int, topic: str) -> None:
    """Raises AdminError for the first record whose partition is beyond the `count` that the topic has."""
    for number, record in enumerate(records, start=1):
        if record.partition is not None and record.partition >= count:
            problem = f'record {number}: topic "{topic}" has no partition {record.partition}'
            raise AdminError(400, "NoSuchPartition", f"{problem}; use one from 0 to {count - 1}")


async def _send(producer: AIOKafkaProducer, topic: str, record: Record) -> "asyncio.Future[Any]":
    ending: asyncio.Future[Any] = await producer.send(
        topic, value=record.value, key=record.key, partition=record.partition, headers=list(record.headers)
    )
    return ending


def _partly(error: Exception, written: int, total: int, topic: str) -> AdminError:
    failure = explain(error, f'topic "{topic}"')
    if total == 1:
        return failure
    return AdminError(failure.status, failure.reason, f"{failure}; {written} of {total} records were written")


def _offsets(written: Sequence[Any]) -> JsonObject:
    offsets: dict[int, list[int]] = {}
    for end in written:
        offsets.setdefault(end.partition, []).append(end.offset)
    return {str(partition): {"first": min(all_), "last": max(all_)} for partition, all_ in sorted(offsets.items())}
