"""The configuration of topics and of the broker, as tools ask for it. It cannot be changed afterwards."""

from collections.abc import Mapping

from kio.schema.describe_configs.v4.request import DescribeConfigsRequest, DescribeConfigsResource
from kio.schema.describe_configs.v4.response import (
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
)
from kio.schema.errors import ErrorCode
from kio.static.primitive import i8

from kubeless.local.kafka.cluster import NODE_ID, Client, Cluster
from kubeless.local.kafka.failure import Failure
from kubeless.local.kafka.handlers.values import NO_WAIT
from kubeless.local.kafka.topics import MAX_MESSAGE, RETENTION

_TOPIC = 2
_BROKER = 4

_SET_ON_TOPIC = i8(1)
_DEFAULT = i8(5)


async def describe_configs(
    cluster: Cluster, request: DescribeConfigsRequest, _client: Client
) -> DescribeConfigsResponse:
    return DescribeConfigsResponse(
        throttle_time=NO_WAIT, results=tuple(_describe(cluster, asked) for asked in request.resources)
    )


def _describe(cluster: Cluster, asked: DescribeConfigsResource) -> DescribeConfigsResult:
    try:
        defaults, own = _values(cluster, asked)
    except Failure as failure:
        return DescribeConfigsResult(
            error_code=failure.code,
            error_message=str(failure),
            resource_type=asked.resource_type,
            resource_name=asked.resource_name,
            configs=(),
        )
    wanted = asked.configuration_keys
    return DescribeConfigsResult(
        error_code=ErrorCode.none,
        error_message=None,
        resource_type=asked.resource_type,
        resource_name=asked.resource_name,
        configs=tuple(
            DescribeConfigsResourceResult(
                name=name,
                value=value,
                read_only=True,
                config_source=_SET_ON_TOPIC if name in own else _DEFAULT,
                is_sensitive=False,
                synonyms=(),
                documentation=None,
            )
            for name, value in {**defaults, **own}.items()
            if wanted is None or name in wanted
        ),
    )


def _values(cluster: Cluster, asked: DescribeConfigsResource) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Default values, and the ones that were set."""
    settings = cluster.settings
    if asked.resource_type == _TOPIC:
        topic = cluster.topics.get(asked.resource_name)
        defaults = {MAX_MESSAGE: topic.message_bytes, RETENTION: topic.partition_bytes}
        return {"cleanup.policy": "delete", **{name: str(value) for name, value in defaults.items()}}, topic.configs
    if asked.resource_type == _BROKER and asked.resource_name == str(NODE_ID):
        return {
            "auto.create.topics.enable": str(settings.auto_create_topics).lower(),
            "log.retention.bytes": str(settings.partition_bytes),
            "message.max.bytes": str(settings.message_bytes),
            "num.partitions": str(settings.default_partitions),
        }, {}
    raise Failure(ErrorCode.invalid_request, f"there is no configuration of {asked.resource_name!r}")
