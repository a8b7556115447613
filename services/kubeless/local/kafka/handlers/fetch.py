"""
Messages out.

A fetch answers when there is as much as it asks for, when something is wrong, or when it has waited long enough. There
are no fetch sessions: the answer's session 0 tells clients to name all partitions each time (KIP-227).
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from kio.schema.errors import ErrorCode
from kio.schema.fetch.v12.request import FetchPartition, FetchRequest
from kio.schema.fetch.v12.response import FetchableTopicResponse, FetchResponse, PartitionData
from kio.static.primitive import Records, i64

from kubeless.local.kafka.cluster import Client, Cluster
from kubeless.local.kafka.failure import Failure
from kubeless.local.kafka.handlers.values import NO_WAIT
from kubeless.local.kafka.log import PartitionLog

_MAX_WAIT = 60.0
_MAX_BYTES = 64 * 2**20


async def fetch(cluster: Cluster, request: FetchRequest, _client: Client) -> FetchResponse:
    reading = _Reading(cluster, request)
    responses = reading.read()
    wait = min(request.max_wait.total_seconds(), _MAX_WAIT)
    if not reading.enough and wait > 0:
        responses = await _read_when_enough(reading, wait)
    return FetchResponse(throttle_time=NO_WAIT, error_code=ErrorCode.none, responses=responses)


async def _read_when_enough(reading: "_Reading", wait: float) -> tuple[FetchableTopicResponse, ...]:
    changed = asyncio.Event()
    with reading.watching(changed):
        try:
            async with asyncio.timeout(wait):
                while True:
                    changed.clear()
                    responses = reading.read()
                    if reading.enough:
                        return responses
                    await changed.wait()
        except TimeoutError:
            return reading.read()


class _Reading:
    """One fetch, tried until there is enough."""

    def __init__(self, cluster: Cluster, request: FetchRequest) -> None:
        self._cluster = cluster
        self._request = request
        self._size = 0
        self._failed = False

    @property
    def enough(self) -> bool:
        """Whether the last `read` is worth answering before the time is up; who asks for nothing has it already."""
        return self._failed or self._size >= self._request.min_bytes or not self._request.topics

    def read(self) -> tuple[FetchableTopicResponse, ...]:
        self._size, self._failed = 0, False
        return tuple(
            FetchableTopicResponse(
                topic=topic.topic, partitions=tuple(self._read(topic.topic, each) for each in topic.partitions)
            )
            for topic in self._request.topics
        )

    @contextmanager
    def watching(self, changed: asyncio.Event) -> Iterator[None]:
        """Set `changed` when a partition asked for gets messages or goes."""
        logs = self._logs()
        for log in logs:
            log.waiters.add(changed.set)
        try:
            yield
        finally:
            for log in logs:
                log.waiters.discard(changed.set)

    def _logs(self) -> list[PartitionLog]:
        topics = self._request.topics
        return [
            self._cluster.topics.partition(each.topic, part.partition) for each in topics for part in each.partitions
        ]

    def _read(self, topic: str, asked: FetchPartition) -> PartitionData:
        try:
            log = self._cluster.topics.partition(topic, asked.partition)
            room = min(self._request.max_bytes, _MAX_BYTES) - self._size
            limit = max(min(asked.partition_max_bytes, room), 0)
            batches = log.read(asked.fetch_offset, max_bytes=limit, at_least_one=self._size == 0)
        except Failure as failure:
            self._failed = True
            return _failed(asked, failure)
        records = b"".join(batches)
        self._size += len(records)
        return PartitionData(
            partition_index=asked.partition,
            error_code=ErrorCode.none,
            high_watermark=i64(log.end),
            last_stable_offset=i64(log.end),
            log_start_offset=i64(log.start),
            aborted_transactions=None,
            records=Records(records),
        )


def _failed(asked: FetchPartition, failure: Failure) -> PartitionData:
    return PartitionData(
        partition_index=asked.partition,
        error_code=failure.code,
        high_watermark=i64(-1),
        aborted_transactions=None,
        records=Records(b""),
    )
