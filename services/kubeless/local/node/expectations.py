"""
Remember one's own writes until the cache shows them.

A controller that acts on a cache may run again before its last creations and deletions have come back through the
watch, and would repeat them. Here it notes what it did; until the cache knows, it does nothing. A note expires, because
a watch may drop what came and went between two lists.
"""

from collections.abc import Collection, Hashable
from dataclasses import dataclass, field

EXPIRES_AFTER = 5.0
"""Seconds after which the cache is believed in any case."""


@dataclass(slots=True)
class _Notes:
    until: float
    created: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Expectations:
    """Creations and deletions by the key of the owner, as uids. Time is an argument, in seconds."""

    _notes: dict[Hashable, _Notes] = field(default_factory=dict)

    def created(self, owner: Hashable, uid: str, *, now: float) -> None:
        """An object was created."""
        self._note(owner, now).created.add(uid)

    def deleted(self, owner: Hashable, uid: str, *, now: float) -> None:
        """The deletion of an object was asked for."""
        self._note(owner, now).deleted.add(uid)

    def fulfilled(self, owner: Hashable, *, known: Collection[str], alive: Collection[str], now: float) -> bool:
        """
        Whether the cache shows all that was done.

        `known` are the uids in the cache, `alive` those of them that are not being deleted.
        """
        notes = self._notes.get(owner)
        if notes is None:
            return True
        notes.created.difference_update(known)
        notes.deleted.intersection_update(alive)
        if now < notes.until and (notes.created or notes.deleted):
            return False
        del self._notes[owner]
        return True

    def forget(self, owner: Hashable) -> None:
        """The owner is gone."""
        self._notes.pop(owner, None)

    def _note(self, owner: Hashable, now: float) -> _Notes:
        notes = self._notes.setdefault(owner, _Notes(now))
        notes.until = now + EXPIRES_AFTER
        return notes
