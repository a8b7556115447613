"""How far a group has come."""

from kio.schema.errors import ErrorCode
from kio.schema.offset_commit.v8.request import OffsetCommitRequest, OffsetCommitRequestPartition
from kio.schema.offset_commit.v8.response import (
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)
from kio.schema.offset_fetch.v7.request import OffsetFetchRequest
from kio.schema.offset_fetch.v7.response import (
    OffsetFetchResponse,
    OffsetFetchResponsePartition,
    OffsetFetchResponseTopic,
)
from kio.schema.types import TopicName
from kio.static.primitive import i32, i64

from kubeless.local.kafka.cluster import Client, Cluster
from kubeless.local.kafka.coordinator import MAX_METADATA, Committed
from kubeless.local.kafka.failure import Failure
from kubeless.local.kafka.handlers.values import NO_WAIT

_NOTHING = Committed(offset=-1, leader_epoch=-1, metadata="")


async def offset_commit(cluster: Cluster, request: OffsetCommitRequest, _client: Client) -> OffsetCommitResponse:
    """Store what can be; each partition has its own answer."""
    errors = {
        (topic.name, asked.partition_index): _problem(cluster, topic.name, asked)
        for topic in request.topics
        for asked in topic.partitions
    }
    offsets = {
        (topic.name, asked.partition_index): _committed(asked)
        for topic in request.topics
        for asked in topic.partitions
        if not errors[topic.name, asked.partition_index]
    }
    try:
        cluster.groups.commit(
            request.group_id,
            member_id=request.member_id,
            generation=request.generation_id_or_member_epoch,
            offsets={(str(topic), int(index)): value for (topic, index), value in offsets.items()},
        )
    except Failure as failure:
        errors = dict.fromkeys(errors, failure.code)
    return OffsetCommitResponse(
        throttle_time=NO_WAIT,
        topics=tuple(
            OffsetCommitResponseTopic(
                name=topic.name,
                partitions=tuple(
                    OffsetCommitResponsePartition(
                        partition_index=asked.partition_index, error_code=errors[topic.name, asked.partition_index]
                    )
                    for asked in topic.partitions
                ),
            )
            for topic in request.topics
        ),
    )


def _problem(cluster: Cluster, topic: str, asked: OffsetCommitRequestPartition) -> ErrorCode:
    if len(asked.committed_metadata or "") > MAX_METADATA:
        return ErrorCode.offset_metadata_too_large
    try:
        cluster.topics.partition(topic, asked.partition_index)
    except Failure as failure:
        return failure.code
    return ErrorCode.none


def _committed(asked: OffsetCommitRequestPartition) -> Committed:
    return Committed(asked.committed_offset, asked.committed_leader_epoch, asked.committed_metadata or "")


async def offset_fetch(cluster: Cluster, request: OffsetFetchRequest, _client: Client) -> OffsetFetchResponse:
    """The offsets asked for, or all of the group; -1 where there is none."""
    committed = cluster.groups.committed(request.group_id)
    asked: dict[str, list[int]] = {}
    if request.topics is None:
        for topic, index in committed:
            asked.setdefault(topic, []).append(index)
    else:
        asked = {each.name: list(each.partition_indexes) for each in request.topics}
    return OffsetFetchResponse(
        throttle_time=NO_WAIT,
        topics=tuple(
            OffsetFetchResponseTopic(
                name=TopicName(topic),
                partitions=tuple(_answer(index, committed.get((topic, index), _NOTHING)) for index in indexes),
            )
            for topic, indexes in asked.items()
        ),
    )


def _answer(index: int, committed: Committed) -> OffsetFetchResponsePartition:
    return OffsetFetchResponsePartition(
        partition_index=i32(index),
        committed_offset=i64(committed.offset),
        committed_leader_epoch=i32(committed.leader_epoch),
        metadata=committed.metadata,
        error_code=ErrorCode.none,
    )
