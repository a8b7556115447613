"""What there is: topics with their partitions, and the one node that leads and coordinates everything."""

from kio.schema.describe_cluster.v1.request import DescribeClusterRequest
from kio.schema.describe_cluster.v1.response import DescribeClusterBroker, DescribeClusterResponse
from kio.schema.errors import ErrorCode
from kio.schema.find_coordinator.v3.request import FindCoordinatorRequest
from kio.schema.find_coordinator.v3.response import FindCoordinatorResponse
from kio.schema.metadata.v12.request import MetadataRequest, MetadataRequestTopic
from kio.schema.metadata.v12.response import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from kio.schema.types import BrokerId, TopicName
from kio.static.primitive import i32

from kubeless.local.kafka.cluster import NODE_ID, Client, Cluster
from kubeless.local.kafka.failure import Failure
from kubeless.local.kafka.handlers.values import NO_WAIT
from kubeless.local.kafka.topics import Topic

_NODE = BrokerId(NODE_ID)
_GROUP = 0


async def metadata(cluster: Cluster, request: MetadataRequest, client: Client) -> MetadataResponse:
    """All topics, or those asked for, which are made if both the client and the settings want that."""
    if request.topics is None or (not request.topics and client.version == 0):
        topics = [_describe(topic) for topic in cluster.topics]
    else:
        create = request.allow_auto_topic_creation and cluster.settings.auto_create_topics
        topics = [_find(cluster, asked, create=create) for asked in request.topics]
    return MetadataResponse(
        throttle_time=NO_WAIT,
        brokers=(MetadataResponseBroker(node_id=_NODE, host=client.host, port=i32(client.port)),),
        cluster_id=cluster.id,
        controller_id=_NODE,
        topics=tuple(topics),
    )


async def describe_cluster(
    cluster: Cluster, _request: DescribeClusterRequest, client: Client
) -> DescribeClusterResponse:
    return DescribeClusterResponse(
        throttle_time=NO_WAIT,
        error_code=ErrorCode.none,
        cluster_id=cluster.id,
        controller_id=_NODE,
        brokers=(DescribeClusterBroker(broker_id=_NODE, host=client.host, port=i32(client.port)),),
    )


async def find_coordinator(
    _cluster: Cluster, request: FindCoordinatorRequest, client: Client
) -> FindCoordinatorResponse:
    """This node, for groups; there is none for transactions."""
    known = request.key_type == _GROUP
    return FindCoordinatorResponse(
        throttle_time=NO_WAIT,
        error_code=ErrorCode.none if known else ErrorCode.invalid_request,
        error_message=None if known else "this broker has no transactions",
        node_id=_NODE,
        host=client.host,
        port=i32(client.port),
    )


def _find(cluster: Cluster, asked: MetadataRequestTopic, *, create: bool) -> MetadataResponseTopic:
    try:
        if asked.name is None:
            return _describe(cluster.topics.get_by_id(asked.topic_id))
        return _describe(_get_or_create(cluster, asked.name, create=create))
    except Failure as failure:
        return MetadataResponseTopic(
            error_code=failure.code, name=asked.name, topic_id=asked.topic_id, is_internal=False, partitions=()
        )


def _get_or_create(cluster: Cluster, name: str, *, create: bool) -> Topic:
    try:
        return cluster.topics.get(name)
    except Failure:
        if not create:
            raise
        return cluster.topics.create(name)


def _describe(topic: Topic) -> MetadataResponseTopic:
    return MetadataResponseTopic(
        error_code=ErrorCode.none,
        name=TopicName(topic.name),
        topic_id=topic.id,
        is_internal=False,
        partitions=tuple(
            MetadataResponsePartition(
                error_code=ErrorCode.none,
                partition_index=i32(index),
                leader_id=_NODE,
                leader_epoch=i32(0),
                replica_nodes=(_NODE,),
                isr_nodes=(_NODE,),
            )
            for index in range(len(topic.partitions))
        ),
    )
