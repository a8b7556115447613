"""
What this room needs of aiokafka beyond its public interface: all of it is here, each with its reason.

Nothing else in this room touches a name of aiokafka that begins with an underscore.
"""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any, TypeVar

import aiokafka.admin.client
import aiokafka.client
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import create_conn
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocol
from aiokafka.protocol.metadata import MetadataRequest

# Clients ask for metadata of the topics they use, and a broker with auto.create.topics.enable (the default) makes those
# that are missing unless the request says no. aiokafka never says no: a trigger with a typing error in its topic
# would create it, with one partition, for ever.
_quiet_request = partial(MetadataRequest, allow_auto_topic_creation=False)
aiokafka.client.MetadataRequest = _quiet_request
aiokafka.admin.client.MetadataRequest = _quiet_request

T = TypeVar("T")

CLOSE_TIMEOUT = 5.0
"""Seconds for each part of a consumer to close."""


async def refresh_metadata(consumer: AIOKafkaConsumer) -> None:
    """Ask the broker for the state of the subscribed topics now, not when the metadata is old."""
    await consumer._client.force_metadata_update()


async def find_partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    """The partitions of `topic`; empty if it does not exist. `AIOKafkaConsumer.topics()` would ask for all topics."""
    if topic not in consumer._client._topics:
        await consumer._client.add_topic(topic)
    else:
        await refresh_metadata(consumer)
    return set(consumer.partitions_for_topic(topic) or ())


async def committed_notes(consumer: AIOKafkaConsumer, partitions: Any) -> dict[Any, tuple[int, str]]:
    """Offset and metadata that the group has committed; `AIOKafkaConsumer.committed` tells no metadata."""
    found = await consumer._coordinator.fetch_committed_offsets(list(partitions))
    return {partition: (value.offset, value.metadata or "") for partition, value in found.items() if value.offset >= 0}


async def count_assigned(admin: AIOKafkaAdminClient, group: str, topic: str) -> int:
    """How many partitions of `topic` members of `group` have; the answer of the admin client is not decoded."""
    count = 0
    for response in await admin.describe_consumer_groups([group]):
        for described in response.to_object()["groups"]:
            for member in described["members"]:
                raw = member["member_assignment"]
                if raw:
                    assigned = ConsumerProtocol.ASSIGNMENT.decode(raw).partitions()
                    count += sum(tp.topic == topic for tp in assigned)
    return count


async def finish(beginning: Coroutine[Any, Any, T]) -> T:
    """
    Await what opens connections; whoever is cancelled meanwhile waits a little for it to end.

    aiokafka forgets a connection that it was making when it was cancelled, which then stays open.
    """
    task = asyncio.create_task(beginning)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=CLOSE_TIMEOUT)
        if not task.cancel() and not task.cancelled():
            task.exception()
        raise
    return task.result()


async def close(closing: Coroutine[Any, Any, None], timeout: float = CLOSE_TIMEOUT) -> bool:
    """
    Run a `stop` or `close` of aiokafka, at most `timeout` seconds; whether it ended by itself.

    They wait without end for a broker that does not answer, raise what nobody can mend, and swallow the cancellation of
    whoever awaits them, who then never ends. So they run in a task of their own.
    """
    task = asyncio.create_task(closing)
    try:
        await asyncio.wait({task}, timeout=timeout)
    finally:
        ended = task.done()
        if not ended:
            task.cancel()
            await asyncio.wait({task}, timeout=CLOSE_TIMEOUT)
        if task.done() and not task.cancelled():
            task.exception()  # looked at, or asyncio complains
    return ended


async def close_consumer(consumer: AIOKafkaConsumer, timeout: float) -> bool:
    """
    Leave the group and close; whether that worked in time.

    A `stop` that was given up leaves tasks behind, which go on to heartbeat for a member nobody knows of.
    """
    ended = await close(consumer.stop(), timeout)
    await _tear_down(consumer)
    return ended


async def _tear_down(consumer: AIOKafkaConsumer) -> None:
    """End what `stop` has left; nothing, if it came to its end."""
    coordinator, fetcher, client = consumer._coordinator, consumer._fetcher, consumer._client
    names = ("_coordination_task", "_heartbeat_task", "_commit_refresh_task")
    tasks = [task for name in names if (task := getattr(coordinator, name, None)) is not None and not task.done()]
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT)
    if fetcher is not None and not fetcher._fetch_task.done():
        await close(fetcher.close())
    if client._sync_task is not None:
        await close(client.close())


def sticky_assignor() -> type[AbstractPartitionAssignor]:
    """
    An assignor for one consumer: partitions stay where they are, so events under way are not begun twice.

    `StickyPartitionAssignor` keeps the last assignment on the class. Consumers of many groups live in this process,
    so each gets a class of its own.
    """
    return type("OwnStickyAssignor", (StickyPartitionAssignor,), {"member_assignment": None})


async def knock(broker: str, options: dict[str, Any], timeout: float) -> None:
    """
    Connect to one broker, log in, and ask it something. Raises KafkaError, OSError, TimeoutError.

    A client that cannot bootstrap says only that; here it says why.
    """
    host, _, port = broker.rpartition(":")
    wanted = {name: value for name, value in options.items() if name != "bootstrap_servers"}
    async with asyncio.timeout(timeout):
        await finish(_ask(host.strip("[]"), int(port), request_timeout_ms=int(timeout * 1000), **wanted))


async def _ask(host: str, port: int, **options: Any) -> None:
    connection = await create_conn(host, port, **options)
    try:
        await connection.send(MetadataRequest([]))
    finally:
        connection.close()
