"""
All consumer groups: their members' requests become futures, their deadlines one timer, their offsets a table.

Groups and offsets live as long as the broker; a group goes when it is deleted. Offsets of a topic go with the topic.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from kio.schema.errors import ErrorCode

from kubeless.local.kafka.failure import Failure
from kubeless.local.kafka.groups import Group, GroupState
from kubeless.local.kafka.members import NO_GENERATION, Join, Joined, Synced
from kubeless.local.kafka.settings import BrokerSettings

A = TypeVar("A")

MAX_METADATA = 4096
"""Bytes of metadata that may be committed with an offset, as in Kafka."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A committed offset."""

    offset: int
    leader_epoch: int
    metadata: str


Offsets = dict[tuple[str, int], Committed]


class Coordinator:
    """Runs the groups while `run` runs."""

    def __init__(self, settings: BrokerSettings) -> None:
        self._settings = settings
        self._groups: dict[str, Group] = {}
        self._offsets: dict[str, Offsets] = {}
        self._changed = asyncio.Event()

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups.values())

    def get(self, group_id: str) -> Group | None:
        return self._groups.get(group_id)

    async def join(self, group_id: str, join: Join) -> Joined:
        """
        Raises:
            Failure: INVALID_GROUP_ID, INVALID_SESSION_TIMEOUT, GROUP_MAX_SIZE_REACHED.
        """
        low, high = self._settings.min_session_timeout, self._settings.max_session_timeout
        if not low <= join.session_timeout <= high:
            raise Failure(ErrorCode.invalid_session_timeout, f"a session has from {low} to {high} seconds")
        group = self._group(group_id)
        return await self._ask(lambda tell: group.join(join, tell, time.monotonic()))

    async def sync(self, group_id: str, *, member_id: str, generation: int, assignments: Mapping[str, bytes]) -> Synced:
        """The member's assignment, when the leader has brought it."""
        group = self._groups.get(group_id)
        if group is None:
            return Synced(error=ErrorCode.unknown_member_id)
        return await self._ask(
            lambda tell: group.sync(member_id, generation, assignments, tell, time.monotonic()),
        )

    def heartbeat(self, group_id: str, *, member_id: str, generation: int) -> ErrorCode:
        group = self._groups.get(group_id)
        return group.heartbeat(member_id, generation, time.monotonic()) if group else ErrorCode.unknown_member_id

    def leave(self, group_id: str, member_id: str) -> ErrorCode:
        self._changed.set()
        group = self._groups.get(group_id)
        return group.leave(member_id, time.monotonic()) if group else ErrorCode.unknown_member_id

    def commit(self, group_id: str, *, member_id: str, generation: int, offsets: Offsets) -> None:
        """
        Store offsets, for a member in its generation; for others only while the group has no members.

        Raises:
            Failure: INVALID_GROUP_ID, UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS.
        """
        group = self._group(group_id)
        outsider = generation == NO_GENERATION and group.state is GroupState.EMPTY
        error = ErrorCode.none if outsider else group.check(member_id, generation)
        if not error and group.state is GroupState.COMPLETING:
            error = ErrorCode.rebalance_in_progress
        if error:
            raise Failure(error)
        if not outsider:
            group.members[member_id].touch(time.monotonic())
        self._offsets.setdefault(group_id, {}).update(offsets)

    def committed(self, group_id: str) -> Mapping[tuple[str, int], Committed]:
        return self._offsets.get(group_id, {})

    def delete(self, group_id: str) -> ErrorCode:
        """Forget a group that has no members, and its offsets."""
        group = self._groups.get(group_id)
        if group is None:
            return ErrorCode.group_id_not_found
        if group.state is not GroupState.EMPTY:
            return ErrorCode.non_empty_group
        del self._groups[group_id]
        self._offsets.pop(group_id, None)
        return ErrorCode.none

    def forget_topic(self, topic: str) -> None:
        """The topic is gone: should it come again, its offsets start anew."""
        for offsets in self._offsets.values():
            for key in [key for key in offsets if key[0] == topic]:
                del offsets[key]

    async def run(self) -> None:
        """Keep the groups' time until cancelled."""
        while True:
            self._changed.clear()
            now = time.monotonic()
            for group in self:
                group.tick(now)
            due = min((at for group in self if (at := group.next_due()) is not None), default=None)
            try:
                async with asyncio.timeout(None if due is None else max(due - time.monotonic(), 0.001)):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _group(self, group_id: str) -> Group:
        if not group_id:
            raise Failure(ErrorCode.invalid_group_id, "a group's id must not be empty")
        group = self._groups.get(group_id)
        if group is None:
            if len(self._groups) >= self._settings.max_groups:
                raise Failure(ErrorCode.group_max_size_reached, "this broker has no room for more groups")
            group = self._groups[group_id] = Group(
                group_id, max_members=self._settings.max_members, rebalance_delay=self._settings.rebalance_delay
            )
        return group

    async def _ask(self, ask: Callable[[Callable[[A], None]], None]) -> A:
        """The answer to what may take until others have done something."""
        answered: asyncio.Future[A] = asyncio.get_running_loop().create_future()

        def tell(answer: A) -> None:
            if not answered.done():  # cancelled, when the connection is gone
                answered.set_result(answer)

        ask(tell)
        self._changed.set()
        return await answered
