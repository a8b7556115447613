"""What a client has sent and nobody has looked at yet: part of a head, or what comes after the request under way."""

from kubeless.gateway.http.head import check_partial
from kubeless.gateway.http.limits import Limits

_END = b"\r\n\r\n"


class Inbox:
    """Of one connection."""

    __slots__ = ("_data", "_limits")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._data = bytearray()

    def __bool__(self) -> bool:
        return bool(self._data)

    def keep(self, data: bytes) -> bool:
        """Add bytes of later requests. Whether that is enough for now."""
        self._data += data
        return len(self._data) > self._limits.buffer_bytes

    def take(self) -> bytes:
        """All of it."""
        data, self._data = bytes(self._data), bytearray()
        return data

    def begin_head(self, data: bytes) -> None:
        """`data` is the beginning of a head, without its end. Raises BadRequest if nothing can make it good."""
        check_partial(data, 0, self._limits)
        self._data = bytearray(data)

    def go_on(self, data: bytes) -> bytes:
        """More of the head that was begun: all of it once its end has come, else nothing. Raises BadRequest."""
        kept = self._data
        seen = max(0, len(kept) - len(_END) + 1)
        kept += data
        if kept.find(_END, seen) >= 0:
            return self.take()
        check_partial(kept, max(0, seen + 2), self._limits)
        return b""
