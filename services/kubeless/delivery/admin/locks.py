"""
One redrive or purge of a place of dead letters at a time, in this process.

Two at once would deliver the same letters twice for nothing. Another replica may still do so at the same time: that
costs duplicates, which a redrive may always make, and never a letter.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kubeless.delivery.admin.errors import AdminError


class LetterLocks:
    """The places that are being worked on."""

    def __init__(self, kind: str) -> None:
        """`kind` is what such a place is called: topic, subject."""
        self._kind = kind
        self._held: set[str] = set()

    @asynccontextmanager
    async def hold(self, place: str) -> AsyncIterator[None]:
        """Raises AdminError 409 at once if somebody else holds it: waiting could take hours."""
        if place in self._held:
            raise AdminError(
                409,
                "Busy",
                f'dead letters of {self._kind} "{place}" are being redriven or purged; try again when that ends',
            )
        self._held.add(place)
        try:
            yield
        finally:
            self._held.discard(place)
