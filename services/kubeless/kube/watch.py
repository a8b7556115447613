"""
The events of a watch, from the bytes of its stream.

The API sends one JSON object per line. A line holds a whole Kubernetes object and may be megabytes long, so chunks are
joined only once a line is complete, and a line that never ends is an error and not a growing buffer.
"""

from typing import Any, NamedTuple

import orjson

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import ServerError, from_status

MAX_LINE_BYTES = 16 << 20
"""Ten times what etcd stores in one object by default."""


class WatchEvent(NamedTuple):
    """`type` is ADDED, MODIFIED, DELETED or BOOKMARK (whose object carries nothing but a resourceVersion)."""

    type: str
    object: JsonObject


class LineSplitter:
    """Cuts chunks of bytes into lines, without the line ends; empty lines are left out."""

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that `chunk` completes; raises `ServerError` if a line grows beyond the limit."""
        first, *rest = chunk.split(b"\n")
        lines = []
        for part in rest:
            self._keep(first)
            lines.append(b"".join(self._parts))
            self._parts, self._size = [], 0
            first = part
        self._keep(first)
        return [line for line in lines if line]

    def _keep(self, part: bytes) -> None:
        if part:
            self._parts.append(part)
            self._size += len(part)
        if self._size > self._limit:
            raise ServerError(f"the watch stream has a line of more than {self._limit} bytes")


def parse_event(line: bytes, *, action: str) -> WatchEvent:
    """Read one line; raises what an ERROR event says, such as `Gone`, and `ServerError` for what is no event."""
    try:
        value: Any = orjson.loads(line)
        event = WatchEvent(value["type"], value["object"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ServerError(
            f"cannot {action}: the watch stream holds something that is no event: {line[:80]!r}"
        ) from error
    if not isinstance(event.object, dict):
        raise ServerError(f"cannot {action}: the watch stream holds an event without an object: {line[:80]!r}")
    if event.type == "ERROR":
        raise from_status(event.object, action=action)
    return event
