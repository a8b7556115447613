"""Consumer groups as tools see them."""

from kio.schema.delete_groups.v2.request import DeleteGroupsRequest
from kio.schema.delete_groups.v2.response import DeletableGroupResult, DeleteGroupsResponse
from kio.schema.describe_groups.v5.request import DescribeGroupsRequest
from kio.schema.describe_groups.v5.response import DescribedGroup, DescribedGroupMember, DescribeGroupsResponse
from kio.schema.errors import ErrorCode
from kio.schema.list_groups.v5.request import ListGroupsRequest
from kio.schema.list_groups.v5.response import ListedGroup, ListGroupsResponse
from kio.schema.types import GroupId

from kubeless.local.kafka.cluster import Client, Cluster
from kubeless.local.kafka.groups import Group, GroupState
from kubeless.local.kafka.handlers.values import NO_WAIT
from kubeless.local.kafka.members import Member

_TYPE = "classic"
_DEAD = "Dead"


async def list_groups(cluster: Cluster, request: ListGroupsRequest, _client: Client) -> ListGroupsResponse:
    states = {state.lower() for state in request.states_filter}
    types = {each.lower() for each in request.types_filter}
    return ListGroupsResponse(
        throttle_time=NO_WAIT,
        error_code=ErrorCode.none,
        groups=tuple(
            ListedGroup(
                group_id=GroupId(group.id),
                protocol_type=group.protocol_type,
                group_state=str(group.state),
                group_type=_TYPE,
            )
            for group in cluster.groups
            if (not states or group.state.lower() in states) and (not types or _TYPE in types)
        ),
    )


async def describe_groups(cluster: Cluster, request: DescribeGroupsRequest, _client: Client) -> DescribeGroupsResponse:
    described = (_describe(group_id, cluster.groups.get(group_id)) for group_id in request.groups)
    return DescribeGroupsResponse(throttle_time=NO_WAIT, groups=tuple(described))


def _describe(group_id: str, group: Group | None) -> DescribedGroup:
    """A group that does not exist is described as dead."""
    if group is None:
        return DescribedGroup(
            error_code=ErrorCode.none,
            group_id=GroupId(group_id),
            group_state=_DEAD,
            protocol_type="",
            protocol_data="",
            members=(),
        )
    return DescribedGroup(
        error_code=ErrorCode.none,
        group_id=GroupId(group_id),
        group_state=str(group.state),
        protocol_type=group.protocol_type,
        protocol_data=(group.protocol or "") if group.state is GroupState.STABLE else "",
        members=tuple(_describe_member(member, group) for member in group.members.values()),
    )


def _describe_member(member: Member, group: Group) -> DescribedGroupMember:
    stable = group.state is GroupState.STABLE
    return DescribedGroupMember(
        member_id=member.id,
        group_instance_id=member.join.instance_id,
        client_id=member.join.client_id,
        client_host=f"/{member.join.client_host}",
        member_metadata=member.metadata(group.protocol) if stable else b"",
        member_assignment=member.assignment if stable else b"",
    )


async def delete_groups(cluster: Cluster, request: DeleteGroupsRequest, _client: Client) -> DeleteGroupsResponse:
    return DeleteGroupsResponse(
        throttle_time=NO_WAIT,
        results=tuple(
            DeletableGroupResult(group_id=group_id, error_code=cluster.groups.delete(group_id))
            for group_id in request.groups_names
        ),
    )
