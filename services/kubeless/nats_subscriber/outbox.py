"""
What is to be published without waiting: acknowledgements and replies.

Whoever decides is not a coroutine and must not wait for a socket; so it puts what it has to say into the box, and one
task per box sends. What was put while the connection is away is sent over the next one: the server knows an
acknowledgement by its subject, not by the connection it came over. Bounded, for a server may be away for long; what is
beyond is dropped, which for an acknowledgement means that the event is delivered again.
"""

import asyncio
from collections import deque
from typing import NamedTuple, NoReturn

from nats.aio.client import Client

from kubeless.nats_subscriber.foreign import FAILURES, BrokerUnavailable, describe, flush

LIMIT = 100_000
"""Messages. An acknowledgement takes some hundred bytes."""

BURST = 256
"""Messages sent before others get their turn."""


class Note(NamedTuple):
    """One message to send."""

    subject: str
    data: bytes = b""
    headers: dict[str, str] | None = None


class Outbox:
    """Notes that wait to be sent, in order."""

    def __init__(self) -> None:
        self._notes: deque[Note] = deque(maxlen=LIMIT)
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._notes)

    def put(self, note: Note) -> None:
        """Send `note` soon."""
        self._notes.append(note)
        self._filled.set()

    async def send_forever(self, client: Client) -> NoReturn:
        """Send over `client`. Raises BrokerUnavailable once that cannot be done any more."""
        while True:
            await self._filled.wait()
            await self.send(client)
            await asyncio.sleep(0)

    async def send(self, client: Client) -> None:
        """Send up to a burst of what there is now."""
        for _ in range(BURST):
            if not self._notes:
                self._filled.clear()
                return
            note = self._notes[0]
            try:
                await client.publish(note.subject, note.data, headers=note.headers)
            except ValueError:
                pass  # Not to be encoded: whoever gave such a subject waits in vain.
            except FAILURES as error:
                if client.is_closed:
                    raise BrokerUnavailable(describe(error)) from error
                # This note is at fault: too large, or a subject that is none.
            if self._notes and self._notes[0] is note:
                self._notes.popleft()

    async def flush(self, client: Client, timeout: float) -> None:
        """Send everything, and return when the server has it. Raises BrokerUnavailable."""
        try:
            async with asyncio.timeout(timeout):
                while self._notes:
                    await self.send(client)
                await flush(client, timeout)
        except FAILURES as error:
            raise BrokerUnavailable(describe(error)) from error
