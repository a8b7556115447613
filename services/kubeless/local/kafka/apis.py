"""The APIs that the broker answers: their keys, the versions it takes, who handles them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from kio.schema.api_versions.v3.request import ApiVersionsRequest
from kio.schema.api_versions.v3.response import ApiVersion, ApiVersionsResponse
from kio.schema.errors import ErrorCode
from kio.static.primitive import i16

from kubeless.local.kafka.cluster import Client, Cluster
from kubeless.local.kafka.handlers.commits import offset_commit, offset_fetch
from kubeless.local.kafka.handlers.configs import describe_configs
from kubeless.local.kafka.handlers.fetch import fetch
from kubeless.local.kafka.handlers.groupadmin import delete_groups, describe_groups, list_groups
from kubeless.local.kafka.handlers.membership import heartbeat, join_group, leave_group, sync_group
from kubeless.local.kafka.handlers.metadata import describe_cluster, find_coordinator, metadata
from kubeless.local.kafka.handlers.offsets import delete_records, list_offsets
from kubeless.local.kafka.handlers.produce import init_producer_id, produce
from kubeless.local.kafka.handlers.topicadmin import create_partitions, create_topics, delete_topics
from kubeless.local.kafka.handlers.values import NO_WAIT
from kubeless.local.kafka.protocol import Versions

API_VERSIONS = 18


@dataclass(frozen=True, slots=True)
class Api:
    """An API. Its handler takes and returns the newest of `versions`; None is no answer."""

    versions: Versions
    handle: Callable[[Cluster, Any, Client], Awaitable[Any]]


async def api_versions(_cluster: Cluster, _request: ApiVersionsRequest | None, client: Client) -> ApiVersionsResponse:
    """What we speak; also to those who asked in a newer version than we know, so that they can ask again (KIP-511)."""
    known = client.version in APIS[API_VERSIONS].versions
    return ApiVersionsResponse(
        error_code=ErrorCode.none if known else ErrorCode.unsupported_version,
        api_keys=tuple(
            ApiVersion(api_key=i16(key), min_version=i16(api.versions.lowest), max_version=i16(api.versions.highest))
            for key, api in sorted(APIS.items())
        ),
        throttle_time=NO_WAIT,
    )


# Highest versions end before a change of structure that our clients can do without, such as topics by id in Fetch 13
# and several groups in OffsetFetch 8: each API then has one shape. Lowest ones begin where batches of format 2 do.
APIS: dict[int, Api] = {
    0: Api(Versions(3, 11), produce),
    1: Api(Versions(4, 12), fetch),
    2: Api(Versions(1, 8), list_offsets),
    3: Api(Versions(0, 12), metadata),
    8: Api(Versions(2, 8), offset_commit),
    9: Api(Versions(1, 7), offset_fetch),
    10: Api(Versions(0, 3), find_coordinator),
    11: Api(Versions(0, 9), join_group),
    12: Api(Versions(0, 4), heartbeat),
    13: Api(Versions(0, 2), leave_group),
    14: Api(Versions(0, 5), sync_group),
    15: Api(Versions(0, 5), describe_groups),
    16: Api(Versions(0, 5), list_groups),
    API_VERSIONS: Api(Versions(0, 3), api_versions),
    19: Api(Versions(2, 7), create_topics),
    20: Api(Versions(1, 5), delete_topics),
    21: Api(Versions(0, 2), delete_records),
    22: Api(Versions(0, 4), init_producer_id),
    32: Api(Versions(1, 4), describe_configs),
    37: Api(Versions(0, 3), create_partitions),
    42: Api(Versions(0, 2), delete_groups),
    60: Api(Versions(0, 1), describe_cluster),
}
