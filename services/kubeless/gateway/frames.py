"""
What a worker and its parent say to each other: JSON objects over a socket pair, each behind its length.

Both ends are ours, but a frame is bounded all the same: a bug must not become memory.
"""

import asyncio
import socket

import orjson

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject

_LENGTH = 4
_LARGEST = 256 * 2**20


class LinkBroken(KubelessError):
    """The other end is gone, or talks nonsense."""


class Link:
    """One end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, connected: socket.socket) -> "Link":
        """Take over one socket of a pair."""
        return cls(*await asyncio.open_connection(sock=connected))

    def send(self, message: JsonObject) -> None:
        """Send soon; to nobody, if the other end is gone."""
        data = orjson.dumps(message)
        self._writer.write(len(data).to_bytes(_LENGTH, "big") + data)

    async def receive(self) -> JsonObject:
        """
        The next message.

        Raises LinkBroken.
        """
        try:
            length = int.from_bytes(await self._reader.readexactly(_LENGTH), "big")
            if length > _LARGEST:
                raise LinkBroken(f"a message of {length} bytes is too long")
            message = orjson.loads(await self._reader.readexactly(length))
        except (OSError, EOFError, ValueError) as error:
            raise LinkBroken("the other end is gone") from error
        if not isinstance(message, dict):
            raise LinkBroken("a message is no object")
        return message

    def close(self) -> None:
        """End the connection."""
        self._writer.close()
