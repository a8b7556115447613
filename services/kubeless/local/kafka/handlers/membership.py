"""Consumers come to a group, stay and go."""

from kio.schema.errors import ErrorCode
from kio.schema.heartbeat.v4.request import HeartbeatRequest
from kio.schema.heartbeat.v4.response import HeartbeatResponse
from kio.schema.join_group.v9.request import JoinGroupRequest
from kio.schema.join_group.v9.response import JoinGroupResponse, JoinGroupResponseMember
from kio.schema.leave_group.v2.request import LeaveGroupRequest
from kio.schema.leave_group.v2.response import LeaveGroupResponse
from kio.schema.sync_group.v5.request import SyncGroupRequest
from kio.schema.sync_group.v5.response import SyncGroupResponse
from kio.static.primitive import i32

from kubeless.local.kafka.cluster import Client, Cluster
from kubeless.local.kafka.failure import Failure
from kubeless.local.kafka.handlers.values import NO_WAIT
from kubeless.local.kafka.members import Join, Joined

_ID_FIRST = 4  # the version of JoinGroup from which on a new member can be told its id first (KIP-394)
_NULL_PROTOCOL = 7  # the version from which on an answer without a protocol may say so


async def join_group(cluster: Cluster, request: JoinGroupRequest, client: Client) -> JoinGroupResponse:
    session = request.session_timeout.total_seconds()
    rebalance = request.rebalance_timeout.total_seconds()
    join = Join(
        member_id=request.member_id,
        instance_id=request.group_instance_id,
        client_id=client.client_id,
        client_host=client.peer,
        session_timeout=session,
        rebalance_timeout=rebalance if rebalance >= 0 else session,  # version 0 has but one timeout
        protocol_type=request.protocol_type,
        protocols=tuple((each.name, bytes(each.metadata)) for each in request.protocols),
        needs_id=client.version >= _ID_FIRST,
    )
    try:
        joined = await cluster.groups.join(request.group_id, join)
    except Failure as failure:
        joined = Joined(error=failure.code, member_id=request.member_id)
    return _join_answer(joined, client.version)


def _join_answer(joined: Joined, version: int) -> JoinGroupResponse:
    return JoinGroupResponse(
        throttle_time=NO_WAIT,
        error_code=joined.error,
        generation_id=i32(joined.generation),
        protocol_type=joined.protocol_type,
        protocol_name=joined.protocol if version >= _NULL_PROTOCOL else joined.protocol or "",
        leader=joined.leader,
        member_id=joined.member_id,
        members=tuple(
            JoinGroupResponseMember(member_id=member_id, group_instance_id=instance_id, metadata=metadata)
            for member_id, instance_id, metadata in joined.members
        ),
    )


async def sync_group(cluster: Cluster, request: SyncGroupRequest, _client: Client) -> SyncGroupResponse:
    synced = await cluster.groups.sync(
        request.group_id,
        member_id=request.member_id,
        generation=request.generation_id,
        assignments={each.member_id: bytes(each.assignment) for each in request.assignments},
    )
    return SyncGroupResponse(
        throttle_time=NO_WAIT,
        error_code=synced.error,
        protocol_type=synced.protocol_type,
        protocol_name=synced.protocol,
        assignment=synced.assignment,
    )


async def heartbeat(cluster: Cluster, request: HeartbeatRequest, _client: Client) -> HeartbeatResponse:
    error = cluster.groups.heartbeat(request.group_id, member_id=request.member_id, generation=request.generation_id)
    return HeartbeatResponse(throttle_time=NO_WAIT, error_code=error)


async def leave_group(cluster: Cluster, request: LeaveGroupRequest, _client: Client) -> LeaveGroupResponse:
    error: ErrorCode = cluster.groups.leave(request.group_id, request.member_id)
    return LeaveGroupResponse(throttle_time=NO_WAIT, error_code=error)
