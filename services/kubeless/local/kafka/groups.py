"""
A consumer group as Kafka's classic protocol defines it, without I/O: time is an argument, answers go to callbacks.

    Empty -> PreparingRebalance -> CompletingRebalance -> Stable
                     ^________________________|______________|

Preparing: members come, or come back; it completes when all have, or at its deadline without those who have not.
Completing: all know the generation, and wait for what the leader assigns. Stable: all have it. Whoever comes, goes,
changes its mind or falls silent starts the next round. A static member (KIP-345) that comes back under its instance id
within its session takes its former place without one; unlike in Kafka, it has to come to a rebalance in time as others.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from kio.schema.errors import ErrorCode

from kubeless.local.kafka.members import Join, Joined, Member, Synced, TellJoined, TellSynced


class GroupState(StrEnum):
    """The states, as tools print them."""

    EMPTY = "Empty"
    PREPARING = "PreparingRebalance"
    COMPLETING = "CompletingRebalance"
    STABLE = "Stable"


class Group:
    """The members of a group and where they are in its life."""

    def __init__(
        self,
        group_id: str,
        *,
        max_members: int = 1000,
        rebalance_delay: float = 0.0,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        """`rebalance_delay` is how many seconds an empty group waits for more members after the first."""
        self.id = group_id
        self.state = GroupState.EMPTY
        self.generation = 0
        self.protocol_type = ""
        self.protocol: str | None = None
        self.leader: str | None = None
        self.members: dict[str, Member] = {}
        self._max_members = max_members
        self._delay = rebalance_delay
        self._new_id = new_id
        self._announced: dict[str, float] = {}  # ids given out, not used yet, and until when they may be
        self._static: dict[str, str] = {}  # member ids by instance id
        self._hold_until = 0.0
        self._deadline: float | None = None

    def join(self, join: Join, tell: TellJoined, now: float) -> None:
        """Take part; `tell` is called when the rebalance completes, or at once."""
        error = self._refusal(join)
        if error:
            tell(Joined(error=error, member_id=join.member_id))
        elif not join.member_id:
            self._join_new(join, tell, now)
        elif self._announced.pop(join.member_id, None) is not None:
            self._add(join.member_id, join, tell, now)
        else:
            self._join_again(join, tell, now)

    def sync(
        self, member_id: str, generation: int, assignments: Mapping[str, bytes], tell: TellSynced, now: float
    ) -> None:
        """Ask for the assignment of this generation; the leader brings everyone's."""
        error = self.check(member_id, generation)
        if not error and self.state is GroupState.PREPARING:
            error = ErrorCode.rebalance_in_progress
        if error:
            tell(Synced(error=error))
            return
        member = self.members[member_id]
        member.touch(now)
        member.synced = True
        member.answer_sync(Synced(error=ErrorCode.rebalance_in_progress))  # a former request, given up by its sender
        member.tell_synced = tell
        if self.state is GroupState.COMPLETING and member_id == self.leader:
            self._assign(assignments, now)
        if self.state is GroupState.STABLE:
            self._answer_sync(member)

    def heartbeat(self, member_id: str, generation: int, now: float) -> ErrorCode:
        """The member is alive; the answer tells it whether to join again."""
        error = self.check(member_id, generation)
        if error:
            return error
        self.members[member_id].touch(now)
        return ErrorCode.rebalance_in_progress if self.state is GroupState.PREPARING else ErrorCode.none

    def leave(self, member_id: str, now: float) -> ErrorCode:
        """The member goes, for good."""
        if self._announced.pop(member_id, None) is not None:
            self._complete_if_all_joined(now)
            return ErrorCode.none
        if member_id not in self.members:
            return ErrorCode.unknown_member_id
        self._remove([member_id], now)
        return ErrorCode.none

    def check(self, member_id: str, generation: int) -> ErrorCode:
        """Whether someone may speak for the group in a generation."""
        if member_id not in self.members:
            return ErrorCode.unknown_member_id
        return ErrorCode.none if generation == self.generation else ErrorCode.illegal_generation

    def tick(self, now: float) -> None:
        """Act on what is due: silent members, a rebalance that some did not come to."""
        self._announced = {each: until for each, until in self._announced.items() if until > now}
        self._remove([each.id for each in self.members.values() if not each.waits and each.expires <= now], now)
        self._complete_if_all_joined(now)
        if self._deadline is None or self._deadline > now:
            return
        if self.state is GroupState.PREPARING:
            self._complete(now)
        elif self.state is GroupState.COMPLETING:
            self._deadline = None
            self._remove([each.id for each in self.members.values() if not each.synced], now)

    def next_due(self) -> float | None:
        """When `tick` has something to do, unless something happens before."""
        times = [each.expires for each in self.members.values() if not each.waits]
        times += self._announced.values()
        if self._deadline is not None:
            times.append(self._deadline)
        if self.state is GroupState.PREPARING and self._all_joined():
            times.append(self._hold_until)
        return min(times, default=None)

    def _refusal(self, join: Join) -> ErrorCode:
        if not join.protocol_type or not join.protocols:
            return ErrorCode.inconsistent_group_protocol
        others = [each.join for each in self.members.values() if each.id != join.member_id]
        if others and (join.protocol_type != self.protocol_type or not _common([*others, join])):
            return ErrorCode.inconsistent_group_protocol
        full = len(self.members) + len(self._announced) >= self._max_members
        return ErrorCode.group_max_size_reached if full and not join.member_id else ErrorCode.none

    def _join_new(self, join: Join, tell: TellJoined, now: float) -> None:
        member_id = f"{join.client_id or 'consumer'}-{self._new_id()}"
        former = self._static.get(join.instance_id) if join.instance_id is not None else None
        if former is not None:
            self._take_over(former, member_id, join, tell, now)
        elif join.needs_id and join.instance_id is None:
            self._announced[member_id] = now + join.session_timeout
            tell(Joined(error=ErrorCode.member_id_required, member_id=member_id))
        else:
            self._add(member_id, join, tell, now)

    def _add(self, member_id: str, join: Join, tell: TellJoined, now: float) -> None:
        if not self.members:
            self.protocol_type = join.protocol_type
        self.members[member_id] = Member(member_id, join, now + join.session_timeout, tell_joined=tell)
        if join.instance_id is not None:
            self._static[join.instance_id] = member_id
        self._rebalance(now)

    def _take_over(self, former: str, member_id: str, join: Join, tell: TellJoined, now: float) -> None:
        """A static member has come back; whoever still speaks under its former id is fenced."""
        old = self.members.pop(former)
        old.answer_join(Joined(error=ErrorCode.fenced_instance_id, member_id=former))
        old.answer_sync(Synced(error=ErrorCode.fenced_instance_id))
        new = Member(member_id, join, now + join.session_timeout, old.assignment, synced=old.synced)
        self.members[member_id] = new
        self._static[join.instance_id or ""] = member_id
        told_leader = self.leader
        if self.leader == former:
            self.leader = member_id
        new.tell_joined = tell
        if self.state is GroupState.STABLE and old.metadata(self.protocol) == new.metadata(self.protocol):
            # It is told the leader's former id even if it leads: no one has to assign anything.
            new.answer_join(self._joined(new, leader=told_leader))
        else:
            self._rebalance(now)

    def _join_again(self, join: Join, tell: TellJoined, now: float) -> None:
        member = self.members.get(join.member_id)
        if member is None:
            known = join.instance_id is not None and join.instance_id in self._static
            error = ErrorCode.fenced_instance_id if known else ErrorCode.unknown_member_id
            tell(Joined(error=error, member_id=join.member_id))
            return
        unchanged = member.join.protocols == join.protocols
        member.answer_join(Joined(error=ErrorCode.unknown_member_id, member_id=member.id))  # given up by its sender
        member.join, member.tell_joined = join, tell
        member.touch(now)
        if self.state is GroupState.PREPARING:
            self._complete_if_all_joined(now)
        elif unchanged and (self.state is GroupState.COMPLETING or member.id != self.leader):
            member.answer_join(self._joined(member))  # it has not got the answer of this generation
        else:
            self._rebalance(now)

    def _rebalance(self, now: float) -> None:
        """Begin the next round, or go on with the one that has begun."""
        if self.state is not GroupState.PREPARING:
            for member in self.members.values():
                member.answer_sync(Synced(error=ErrorCode.rebalance_in_progress))
            longest = max((each.join.rebalance_timeout for each in self.members.values()), default=0.0)
            self._hold_until = now + (self._delay if self.state is GroupState.EMPTY else 0.0)
            self._deadline = max(now + longest, self._hold_until)
            self.state = GroupState.PREPARING
        self._complete_if_all_joined(now)

    def _all_joined(self) -> bool:
        return not self._announced and all(each.tell_joined for each in self.members.values())

    def _complete_if_all_joined(self, now: float) -> None:
        if self.state is GroupState.PREPARING and self._all_joined() and now >= self._hold_until:
            self._complete(now)

    def _complete(self, now: float) -> None:
        """All who came are told the generation; the others are out."""
        for member in [each for each in self.members.values() if not each.tell_joined]:
            self._forget(member)
        self.generation += 1
        self._deadline = None
        if not self.members:
            self.state, self.protocol, self.leader = GroupState.EMPTY, None, None
            return
        self.state = GroupState.COMPLETING
        self.protocol = _elect([each.join for each in self.members.values()])
        if self.leader not in self.members:
            self.leader = next(iter(self.members))
        self._deadline = now + max(each.join.rebalance_timeout for each in self.members.values())
        for member in list(self.members.values()):
            member.assignment, member.synced = b"", False
            member.touch(now)
            member.answer_join(self._joined(member))

    def _assign(self, assignments: Mapping[str, bytes], now: float) -> None:
        self.state = GroupState.STABLE
        self._deadline = None
        for member in list(self.members.values()):
            member.assignment = assignments.get(member.id, b"")
            member.touch(now)
            self._answer_sync(member)

    def _remove(self, member_ids: Iterable[str], now: float) -> None:
        gone = [self.members[each] for each in member_ids]
        for member in gone:
            member.answer_join(Joined(error=ErrorCode.unknown_member_id, member_id=member.id))
            member.answer_sync(Synced(error=ErrorCode.unknown_member_id))
            self._forget(member)
        if gone:
            self._rebalance(now)

    def _forget(self, member: Member) -> None:
        del self.members[member.id]
        if member.join.instance_id is not None:
            self._static.pop(member.join.instance_id, None)

    def _joined(self, member: Member, *, leader: str | None = None) -> Joined:
        told_leader = leader or self.leader or ""
        everyone = [(each.id, each.join.instance_id, each.metadata(self.protocol)) for each in self.members.values()]
        return Joined(
            member_id=member.id,
            generation=self.generation,
            protocol_type=self.protocol_type,
            protocol=self.protocol,
            leader=told_leader,
            members=tuple(everyone) if told_leader == member.id else (),
        )

    def _answer_sync(self, member: Member) -> None:
        answer = Synced(assignment=member.assignment, protocol_type=self.protocol_type, protocol=self.protocol)
        member.answer_sync(answer)


def _common(joins: Iterable[Join]) -> set[str]:
    return set.intersection(*({name for name, _ in join.protocols} for join in joins))


def _elect(joins: list[Join]) -> str:
    """The strategy that most members like best among those that all know."""
    common = _common(joins)
    votes = Counter(next(name for name, _ in join.protocols if name in common) for join in joins)
    return votes.most_common(1)[0][0]
