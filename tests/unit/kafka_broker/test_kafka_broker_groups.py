"""A consumer group's life, with time as an argument."""

import itertools

from kio.schema.errors import ErrorCode

from kubeless.local.kafka.groups import Group, GroupState
from kubeless.local.kafka.members import Join, Joined, Synced

SESSION = 10.0
REBALANCE = 30.0


class Table:
    """A group, and the answers its members got."""

    def __init__(self, *, max_members: int = 10, rebalance_delay: float = 0.0) -> None:
        numbers = itertools.count(1)
        self.group = Group(
            "g", max_members=max_members, rebalance_delay=rebalance_delay, new_id=lambda: str(next(numbers))
        )

    def join(
        self,
        member_id: str = "",
        *,
        at: float = 0.0,
        instance_id: str | None = None,
        protocols: tuple[tuple[str, bytes], ...] = (("range", b"x"),),
        protocol_type: str = "consumer",
        needs_id: bool = False,
    ) -> list[Joined]:
        """Join; the list has the answer as soon as there is one."""
        answers: list[Joined] = []
        join = Join(
            member_id=member_id,
            instance_id=instance_id,
            client_id="c",
            client_host="",
            session_timeout=SESSION,
            rebalance_timeout=REBALANCE,
            protocol_type=protocol_type,
            protocols=protocols,
            needs_id=needs_id,
        )
        self.group.join(join, answers.append, at)
        return answers

    def sync(self, joined: Joined, assignments: dict[str, bytes] | None = None, *, at: float = 0.0) -> list[Synced]:
        """Sync in the generation of a former answer."""
        answers: list[Synced] = []
        self.group.sync(joined.member_id, joined.generation, assignments or {}, answers.append, at)
        return answers

    def stable(self, count: int) -> list[Joined]:
        """Bring the group to stable with members c-1, c-2, ..., each of which is assigned its own id."""
        answers = [self.join() for _ in range(count)]
        for number in range(1, count):
            answers[number - 1] = self.join(f"c-{number}")
        joined = [answer[-1] for answer in answers]
        # The leader first: the others' answers are there at once.
        for each in sorted(joined, key=lambda each: each.member_id != each.leader):
            assert self.sync(each, {other.member_id: other.member_id.encode() for other in joined})
        assert self.group.state is GroupState.STABLE
        return joined


def test_a_single_member_leads_and_gets_what_it_assigns() -> None:
    table = Table()
    (joined,) = table.join()

    assert (joined.error, joined.leader, joined.generation, joined.protocol) == (0, "c-1", 1, "range")
    assert joined.members == (("c-1", None, b"x"),)
    (synced,) = table.sync(joined, {"c-1": b"everything"})
    assert (synced.error, synced.assignment) == (ErrorCode.none, b"everything")
    assert table.group.state is GroupState.STABLE


def test_a_new_member_is_told_its_id_first_and_must_come_back_in_time() -> None:
    table = Table()
    (told,) = table.join(needs_id=True)
    assert (told.error, told.member_id) == (ErrorCode.member_id_required, "c-1")
    assert table.group.state is GroupState.EMPTY

    (joined,) = table.join("c-1", needs_id=True)
    assert joined.error is ErrorCode.none

    (late,) = table.join(needs_id=True)
    table.group.tick(SESSION)
    (refused,) = table.join(late.member_id, at=SESSION)
    assert refused.error is ErrorCode.unknown_member_id


def test_a_second_member_makes_the_first_join_again_and_only_the_leader_knows_all() -> None:
    table = Table()
    (first,) = table.join()
    table.sync(first, {"c-1": b"all"})

    waiting = table.join()
    assert waiting == []
    assert table.group.heartbeat("c-1", 1, 0.0) is ErrorCode.rebalance_in_progress
    (again,) = table.join("c-1")

    (second,) = waiting
    assert (again.generation, second.generation) == (2, 2)
    assert again.leader == second.leader == "c-1"
    assert {member for member, _, _ in again.members} == {"c-1", "c-2"}
    assert second.members == ()


def test_followers_wait_for_the_leaders_assignments() -> None:
    table = Table()
    table.join()
    waiting = table.join()
    (leader,) = table.join("c-1")
    (follower,) = waiting

    answer = table.sync(follower)
    assert answer == []
    assert table.group.heartbeat("c-2", 2, 0.0) is ErrorCode.none
    table.sync(leader, {"c-1": b"1", "c-2": b"2"})

    assert answer[0].assignment == b"2"
    assert table.sync(follower)[0].assignment == b"2", "an answer that was lost can be had again"


def test_a_member_that_joins_while_others_sync_starts_the_next_round() -> None:
    table = Table()
    table.join()
    waiting = table.join()
    table.join("c-1")
    syncing = table.sync(waiting[0])

    table.join()

    assert syncing[0].error is ErrorCode.rebalance_in_progress
    assert table.group.state is GroupState.PREPARING


def test_who_does_not_come_to_a_rebalance_is_out_at_its_deadline() -> None:
    table = Table()
    table.stable(2)
    waiting = table.join(at=1.0)
    for moment in (5.0, 14.0, 23.0):
        table.group.heartbeat("c-1", 2, moment)
        table.group.heartbeat("c-2", 2, moment)
    table.join("c-2", at=24.0)

    assert table.group.next_due() == 31.0
    table.group.tick(31.0)

    assert waiting[0].generation == 3
    assert set(table.group.members) == {"c-2", "c-3"}
    assert waiting[0].leader == "c-2"


def test_a_silent_member_is_expelled_after_its_session() -> None:
    table = Table()
    joined = table.stable(2)
    assert table.group.heartbeat("c-1", joined[0].generation, 9.0) is ErrorCode.none

    table.group.tick(SESSION)

    assert set(table.group.members) == {"c-1"}
    assert table.group.heartbeat("c-1", joined[0].generation, 10.0) is ErrorCode.rebalance_in_progress
    assert table.group.heartbeat("c-2", joined[0].generation, 10.0) is ErrorCode.unknown_member_id


def test_a_member_that_waits_for_others_is_not_expelled() -> None:
    table = Table()
    table.stable(1)
    waiting = table.join(at=0.0)
    table.group.heartbeat("c-1", 1, 9.0)

    table.group.tick(11.0)

    assert waiting == []
    assert "c-2" in table.group.members


def test_a_leader_that_never_assigns_is_expelled_at_the_deadline() -> None:
    table = Table()
    table.join()
    waiting = table.join()
    table.join("c-1")
    follower = table.sync(waiting[0])
    for moment in (9.0, 18.0, 27.0):
        table.group.heartbeat("c-1", 2, moment)

    table.group.tick(REBALANCE)

    assert follower[0].error is ErrorCode.rebalance_in_progress
    assert set(table.group.members) == {"c-2"}


def test_a_member_that_leaves_makes_the_others_share_again_and_the_last_leaves_an_empty_group() -> None:
    table = Table()
    joined = table.stable(2)
    assert table.group.leave("c-1", 0.0) is ErrorCode.none
    assert table.group.heartbeat("c-2", joined[0].generation, 0.0) is ErrorCode.rebalance_in_progress

    (alone,) = table.join("c-2")
    assert (alone.leader, alone.generation) == ("c-2", 3)
    table.group.leave("c-2", 0.0)

    assert table.group.state is GroupState.EMPTY
    assert table.group.leave("c-2", 0.0) is ErrorCode.unknown_member_id


def test_a_former_generation_is_refused() -> None:
    table = Table()
    table.stable(2)
    assert table.group.heartbeat("c-1", 1, 0.0) is ErrorCode.illegal_generation
    assert table.sync(Joined(member_id="c-1", generation=1))[0].error is ErrorCode.illegal_generation


def test_the_strategy_all_know_and_most_like_is_taken() -> None:
    table = Table()
    table.join(protocols=(("range", b""), ("sticky", b"")))
    waiting = table.join(protocols=(("sticky", b""), ("range", b"")))
    third = table.join(protocols=(("sticky", b""), ("other", b"")))
    table.join("c-1", protocols=(("range", b""), ("sticky", b"")))

    assert waiting[0].protocol == "sticky"
    assert third[0].protocol == "sticky"


def test_a_member_with_no_strategy_in_common_or_of_another_kind_is_refused() -> None:
    table = Table()
    table.stable(1)
    for refused in (
        table.join(protocols=(("other", b""),)),
        table.join(protocol_type="connect"),
        table.join(protocols=()),
    ):
        assert refused[0].error is ErrorCode.inconsistent_group_protocol
    assert table.group.state is GroupState.STABLE


def test_a_follower_that_joins_again_unchanged_disturbs_no_one_and_the_leader_starts_a_round() -> None:
    table = Table()
    table.stable(2)
    (answer,) = table.join("c-2")
    assert answer.generation == 2
    assert table.group.heartbeat("c-1", 2, 0.0) is ErrorCode.none

    assert table.join("c-1") == []
    assert table.group.heartbeat("c-2", 2, 0.0) is ErrorCode.rebalance_in_progress


def test_a_static_member_takes_its_place_again_without_a_rebalance() -> None:
    table = Table()
    (first,) = table.join(instance_id="host-1")
    table.sync(first, {first.member_id: b"mine"})

    (again,) = table.join(instance_id="host-1")

    assert table.group.state is GroupState.STABLE
    assert again.generation == first.generation
    assert again.leader != again.member_id, "it must not assign anew"
    assert table.sync(again)[0].assignment == b"mine"
    (fenced,) = table.join(first.member_id, instance_id="host-1")
    assert fenced.error is ErrorCode.fenced_instance_id


def test_a_full_group_takes_no_more() -> None:
    table = Table(max_members=1)
    table.stable(1)
    (refused,) = table.join()
    assert refused.error is ErrorCode.group_max_size_reached


def test_an_empty_group_waits_for_more_members_if_told_to() -> None:
    table = Table(rebalance_delay=3.0)
    answers = [table.join(at=0.0), table.join(at=1.0)]
    table.group.tick(2.9)
    assert answers == [[], []]
    assert table.group.next_due() == 3.0

    table.group.tick(3.0)

    assert {answer.generation for (answer,) in answers} == {1}
