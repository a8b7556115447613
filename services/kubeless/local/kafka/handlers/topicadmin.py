"""Topics made, grown, deleted and described."""

from kio.schema.create_partitions.v3.request import CreatePartitionsRequest, CreatePartitionsTopic
from kio.schema.create_partitions.v3.response import CreatePartitionsResponse, CreatePartitionsTopicResult
from kio.schema.create_topics.v7.request import CreatableTopic, CreateTopicsRequest
from kio.schema.create_topics.v7.response import CreatableTopicConfigs, CreatableTopicResult, CreateTopicsResponse
from kio.schema.delete_topics.v5.request import DeleteTopicsRequest
from kio.schema.delete_topics.v5.response import DeletableTopicResult, DeleteTopicsResponse
from kio.schema.errors import ErrorCode
from kio.schema.types import TopicName
from kio.static.primitive import i16, i32

from kubeless.local.kafka.cluster import Client, Cluster
from kubeless.local.kafka.failure import Failure
from kubeless.local.kafka.handlers.values import NO_WAIT
from kubeless.local.kafka.topics import Topic

_DEFAULT = -1


async def create_topics(cluster: Cluster, request: CreateTopicsRequest, _client: Client) -> CreateTopicsResponse:
    return CreateTopicsResponse(
        throttle_time=NO_WAIT,
        topics=tuple(_create(cluster, asked, dry=request.validate_only) for asked in request.topics),
    )


def _create(cluster: Cluster, asked: CreatableTopic, *, dry: bool) -> CreatableTopicResult:
    try:
        _check_replicas(asked.replication_factor)
        configs = {each.name: each.value for each in asked.configs if each.value is not None}
        topic = cluster.topics.create(asked.name, partitions=_partitions(asked), configs=configs, dry=dry)
    except Failure as failure:
        return CreatableTopicResult(
            name=asked.name, topic_id=None, error_code=failure.code, error_message=str(failure), configs=None
        )
    return CreatableTopicResult(
        name=asked.name,
        topic_id=topic.id,
        error_code=ErrorCode.none,
        error_message=None,
        num_partitions=i32(len(topic.partitions)),
        replication_factor=i16(1),
        configs=_configs(topic),
    )


def _check_replicas(count: int) -> None:
    if count not in (_DEFAULT, 1):
        raise Failure(ErrorCode.invalid_replication_factor, f"{count} replicas: this cluster has one node; use 1")


def _partitions(asked: CreatableTopic) -> int | None:
    """How many: the number asked for, or as many as are assigned by hand; None for the default."""
    if asked.assignments:
        return len(asked.assignments)
    return None if asked.num_partitions == _DEFAULT else asked.num_partitions


def _configs(topic: Topic) -> tuple[CreatableTopicConfigs, ...]:
    return tuple(
        CreatableTopicConfigs(name=name, value=value, read_only=True, is_sensitive=False)
        for name, value in topic.configs.items()
    )


async def delete_topics(cluster: Cluster, request: DeleteTopicsRequest, _client: Client) -> DeleteTopicsResponse:
    return DeleteTopicsResponse(
        throttle_time=NO_WAIT, responses=tuple(_delete(cluster, name) for name in request.topic_names)
    )


def _delete(cluster: Cluster, name: TopicName) -> DeletableTopicResult:
    try:
        cluster.topics.delete(name)
    except Failure as failure:
        return DeletableTopicResult(name=name, error_code=failure.code, error_message=str(failure))
    cluster.groups.forget_topic(name)
    return DeletableTopicResult(name=name, error_code=ErrorCode.none)


async def create_partitions(
    cluster: Cluster, request: CreatePartitionsRequest, _client: Client
) -> CreatePartitionsResponse:
    return CreatePartitionsResponse(
        throttle_time=NO_WAIT,
        results=tuple(_grow(cluster, asked, dry=request.validate_only) for asked in request.topics),
    )


def _grow(cluster: Cluster, asked: CreatePartitionsTopic, *, dry: bool) -> CreatePartitionsTopicResult:
    try:
        cluster.topics.grow(asked.name, asked.count, dry=dry)
    except Failure as failure:
        return CreatePartitionsTopicResult(name=asked.name, error_code=failure.code, error_message=str(failure))
    return CreatePartitionsTopicResult(name=asked.name, error_code=ErrorCode.none)
