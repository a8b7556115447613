"""Offsets of groups: who may commit, and how long they are kept."""

import pytest
from kio.schema.errors import ErrorCode

from kubeless.local.kafka.coordinator import Committed, Coordinator
from kubeless.local.kafka.failure import Failure
from kubeless.local.kafka.members import NO_GENERATION, Join
from kubeless.local.kafka.settings import BrokerSettings

PLACE = ("topic", 0)
OFFSETS = {PLACE: Committed(5, -1, "")}


@pytest.fixture
async def groups() -> Coordinator:
    return Coordinator(BrokerSettings(max_groups=2))


def make_join(session_timeout: float = 10.0) -> Join:
    return Join(
        member_id="",
        instance_id=None,
        client_id="c",
        client_host="",
        session_timeout=session_timeout,
        rebalance_timeout=10.0,
        protocol_type="consumer",
        protocols=(("range", b""),),
    )


def commit(groups: Coordinator, group: str, member_id: str = "", generation: int = NO_GENERATION) -> ErrorCode:
    try:
        groups.commit(group, member_id=member_id, generation=generation, offsets=OFFSETS)
    except Failure as failure:
        return failure.code
    return ErrorCode.none


async def test_without_members_anyone_commits_and_with_members_only_they_do(groups: Coordinator) -> None:
    assert commit(groups, "g") is ErrorCode.none
    joined = await groups.join("g", make_join())

    assert commit(groups, "g") is ErrorCode.unknown_member_id
    assert commit(groups, "g", joined.member_id, joined.generation) is ErrorCode.rebalance_in_progress
    await groups.sync("g", member_id=joined.member_id, generation=joined.generation, assignments={})
    assert commit(groups, "g", joined.member_id, joined.generation) is ErrorCode.none
    assert commit(groups, "g", joined.member_id, joined.generation + 1) is ErrorCode.illegal_generation


async def test_offsets_outlive_members_and_go_with_the_group_or_the_topic(groups: Coordinator) -> None:
    joined = await groups.join("g", make_join())
    await groups.sync("g", member_id=joined.member_id, generation=joined.generation, assignments={})
    commit(groups, "g", joined.member_id, joined.generation)
    assert groups.delete("g") is ErrorCode.non_empty_group

    groups.leave("g", joined.member_id)
    assert groups.committed("g") == OFFSETS
    groups.forget_topic("other")
    assert groups.committed("g") == OFFSETS
    groups.forget_topic("topic")
    assert groups.committed("g") == {}

    commit(groups, "g")
    assert groups.delete("g") is ErrorCode.none
    assert (groups.committed("g"), groups.delete("g")) == ({}, ErrorCode.group_id_not_found)


async def test_groups_are_bounded_and_named(groups: Coordinator) -> None:
    assert commit(groups, "") is ErrorCode.invalid_group_id
    assert [commit(groups, name) for name in ("a", "b", "c")] == [0, 0, ErrorCode.group_max_size_reached]


@pytest.mark.parametrize("seconds", [0.0, 0.01, 100_000.0])
async def test_a_session_that_is_too_short_or_too_long_is_refused(groups: Coordinator, seconds: float) -> None:
    with pytest.raises(Failure) as caught:
        await groups.join("g", make_join(seconds))
    assert caught.value.code is ErrorCode.invalid_session_timeout
