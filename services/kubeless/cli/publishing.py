"""Publish what a file holds, batch by batch, and show how far it is; whatever the broker."""

import asyncio
import os
import stat
from collections.abc import Awaitable, Callable, Iterator
from typing import IO

from kubeless.cli.failure import Fatal
from kubeless.cli.progressbar import ProgressBar
from kubeless.cli.topic.messagefile import Batch
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject

Send = Callable[[bytes], Awaitable[JsonObject]]
"""Publish JSON lines; the answer."""


async def publish_all(waiting: Iterator[Batch], size: int, send: Send) -> tuple[int, JsonObject]:
    """How many were published, and the last answer. `size` is that of the input in bytes, 0 if it is not known."""
    count, answer = 0, JsonObject()
    with ProgressBar("messages") as bar:
        try:
            # A file may be a pipe or on a slow disk.
            while (batch := await asyncio.to_thread(next, waiting, None)) is not None:
                answer = await send(batch.body)
                count += batch.messages
                bar.show(batch.read / size if size else 0, count)
        except KubelessError as error:
            if not count:
                raise
            raise Fatal(f"{error}; {count} messages before were published") from error
    return count, answer


def input_size(file: IO[bytes]) -> int:
    """Bytes of a regular file; 0 for anything else, whose end nobody knows."""
    status = os.fstat(file.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
