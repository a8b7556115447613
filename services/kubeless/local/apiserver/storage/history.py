"""
What happened lately to the objects of one type.

Watchers read from here at their own pace, each remembering how far it has come. So a slow watcher holds up nobody and
needs no queue of its own: when it falls behind the oldest change still remembered it is told so (`Expired`) and has to
list anew, as a real API server would have it.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from kubeless.core.errors import KubelessError
from kubeless.local.apiserver.storage.record import Key, Record

MAX_CHANGES = 4096
MAX_BYTES = 32 * 1024 * 1024


class ChangeType(StrEnum):
    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Change:
    """`record` is the object after the change (for a deletion: its last state, with the deletion's revision)."""

    type: ChangeType
    record: Record
    previous: Record | None

    @property
    def revision(self) -> int:
        return self.record.revision


class Expired(KubelessError):
    """The revision is older than the oldest change still remembered."""


class History:
    """A bounded list of changes, oldest first; `floor` is the last revision that is no longer in it."""

    def __init__(self, floor: int, *, max_changes: int = MAX_CHANGES, max_bytes: int = MAX_BYTES) -> None:
        self.floor = floor
        self.closed = False
        self._max_changes = max_changes
        self._max_bytes = max_bytes
        self._bytes = 0
        self._changes: list[Change] = []
        self._waiting: set[asyncio.Event] = set()

    def append(self, change: Change) -> None:
        self._changes.append(change)
        self._bytes += change.record.size
        if len(self._changes) > self._max_changes or self._bytes > self._max_bytes:
            self._forget()
        self._wake()

    def since(self, revision: int, limit: int = 256) -> tuple[list[Change], bool]:
        """
        The first changes after `revision`, at most `limit`, oldest first; and whether these are all.

        Raises:
            Expired: some of them are forgotten already.
        """
        start = self._after(revision)
        return self._changes[start : start + limit], start + limit >= len(self._changes)

    def rewind(self, current: dict[Key, Record], revision: int) -> dict[Key, Record]:
        """
        The records as they were at `revision`, given the current ones.

        Raises:
            Expired: the changes in between are forgotten already.
        """
        past = dict(current)
        for change in reversed(self._changes[self._after(revision) :]):
            if change.previous is None:
                past.pop(change.record.key, None)
            else:
                past[change.record.key] = change.previous
        return past

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """An event that is set at every change (and when the type goes away) while the block runs."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            yield event
        finally:
            self._waiting.discard(event)

    def close(self) -> None:
        """The type is gone: everyone who watches it comes to an end."""
        self.closed = True
        self._wake()

    def _after(self, revision: int) -> int:
        if revision < self.floor:
            raise Expired(f"too old resource version: {revision} ({self.floor})")
        return bisect_right(self._changes, revision, key=lambda change: change.revision)

    def _forget(self) -> None:
        """Drop the older half (by count or size) at once, so that appending stays cheap on average."""
        keep = len(self._changes)
        size = self._bytes
        while keep > 1 and (keep > self._max_changes // 2 or size > self._max_bytes // 2):
            size -= self._changes[-keep].record.size
            keep -= 1
        dropped = self._changes[:-keep]
        if dropped:
            self.floor = dropped[-1].revision
            self._changes = self._changes[-keep:]
            self._bytes = size

    def _wake(self) -> None:
        for event in self._waiting:
            event.set()
