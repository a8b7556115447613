"""
One redrive or purge of a topic at a time, in this process.

Two at once would deliver the same letters twice for nothing. Another replica may still do so at the same time: that
costs duplicates, which a redrive may always make, and never a letter.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kubeless.kafka_consumer.admin_errors import AdminError


class TopicLocks:
    """The topics that are being worked on."""

    def __init__(self) -> None:
        self._held: set[str] = set()

    @asynccontextmanager
    async def hold(self, topic: str) -> AsyncIterator[None]:
        """Raises AdminError 409 at once if somebody else holds it: waiting could take hours."""
        if topic in self._held:
            raise AdminError(
                409, "Busy", f'dead letters of topic "{topic}" are being redriven or purged; try again when that ends'
            )
        self._held.add(topic)
        try:
            yield
        finally:
            self._held.discard(topic)
