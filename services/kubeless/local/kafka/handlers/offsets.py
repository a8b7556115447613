"""Where a partition's log begins and ends, and where it was at a time."""

from kio.schema.delete_records.v2.request import DeleteRecordsPartition, DeleteRecordsRequest
from kio.schema.delete_records.v2.response import (
    DeleteRecordsPartitionResult,
    DeleteRecordsResponse,
    DeleteRecordsTopicResult,
)
from kio.schema.errors import ErrorCode
from kio.schema.list_offsets.v8.request import ListOffsetsPartition, ListOffsetsRequest
from kio.schema.list_offsets.v8.response import (
    ListOffsetsPartitionResponse,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)
from kio.static.primitive import i64

from kubeless.local.kafka.cluster import Client, Cluster
from kubeless.local.kafka.failure import Failure
from kubeless.local.kafka.handlers.values import LEADER_EPOCH, NO_WAIT
from kubeless.local.kafka.log import PartitionLog

_END = -1
_START = -2
_NEWEST = -3
_LOCAL_START = -4
_NOT_FOUND = (-1, -1)


async def list_offsets(cluster: Cluster, request: ListOffsetsRequest, _client: Client) -> ListOffsetsResponse:
    return ListOffsetsResponse(
        throttle_time=NO_WAIT,
        topics=tuple(
            ListOffsetsTopicResponse(
                name=topic.name, partitions=tuple(_list(cluster, topic.name, asked) for asked in topic.partitions)
            )
            for topic in request.topics
        ),
    )


def _list(cluster: Cluster, topic: str, asked: ListOffsetsPartition) -> ListOffsetsPartitionResponse:
    try:
        log = cluster.topics.partition(topic, asked.partition_index)
    except Failure as failure:
        return ListOffsetsPartitionResponse(partition_index=asked.partition_index, error_code=failure.code)
    offset, timestamp = _find(log, asked.timestamp)
    return ListOffsetsPartitionResponse(
        partition_index=asked.partition_index,
        error_code=ErrorCode.none,
        timestamp=i64(timestamp),
        offset=i64(offset),
        leader_epoch=LEADER_EPOCH,
    )


def _find(log: PartitionLog, timestamp: int) -> tuple[int, int]:
    """Offset and timestamp for a time in milliseconds, or for one of the protocol's negative words."""
    if timestamp == _END:
        return log.end, -1
    if timestamp in (_START, _LOCAL_START):
        return log.start, -1
    if timestamp == _NEWEST:
        return log.newest() or _NOT_FOUND
    if timestamp < 0:
        return _NOT_FOUND
    return log.find(timestamp) or _NOT_FOUND


async def delete_records(cluster: Cluster, request: DeleteRecordsRequest, _client: Client) -> DeleteRecordsResponse:
    return DeleteRecordsResponse(
        throttle_time=NO_WAIT,
        topics=tuple(
            DeleteRecordsTopicResult(
                name=topic.name, partitions=tuple(_delete(cluster, topic.name, asked) for asked in topic.partitions)
            )
            for topic in request.topics
        ),
    )


def _delete(cluster: Cluster, topic: str, asked: DeleteRecordsPartition) -> DeleteRecordsPartitionResult:
    try:
        log = cluster.topics.partition(topic, asked.partition_index)
        log.delete_before(log.end if asked.offset == _END else asked.offset)
    except Failure as failure:
        return DeleteRecordsPartitionResult(
            partition_index=asked.partition_index, low_watermark=i64(-1), error_code=failure.code
        )
    return DeleteRecordsPartitionResult(
        partition_index=asked.partition_index, low_watermark=i64(log.start), error_code=ErrorCode.none
    )
