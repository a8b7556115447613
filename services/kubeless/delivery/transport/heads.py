"""
Heads of responses that were seen before.

A function answers with the same few heads over and over. What llhttp made of a head once holds for every response that
begins with the same bytes, so a response that is such a head and exactly the body it announces needs no second parsing.
Anything else, by a single byte, goes to llhttp.
"""

_CAPACITY = 256
_LONGEST = 2048
_SAMPLE = 8
"""One of so many unknown heads is learned: heads that never come again (a request id, a date) cost little then."""

_END = b"\r\n\r\n"


class Known:
    """
    What llhttp made of a head that keeps the connection open and has a Content-Length.

    Equal to nothing but itself, so that users can cheaply remember what they make of it in turn.
    """

    __slots__ = ("headers", "length", "status")

    def __init__(self, status: int, headers: tuple[tuple[bytes, bytes], ...], length: int) -> None:
        self.status = status
        self.headers = headers
        self.length = length


class Heads:
    """Shared by the connections of a transport."""

    __slots__ = ("_known", "_turn")

    def __init__(self) -> None:
        self._known: dict[bytes, Known] = {}
        self._turn = 0

    def find(self, data: bytes) -> tuple[Known, bytes] | None:
        """If `data` is one whole response with a known head: what that head means, and the body."""
        end = data.find(_END) + 4
        known = self._known.get(data[:end])
        if known is None or len(data) - end != known.length:
            return None
        return known, data[end:]

    def learn(self, data: bytes, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """
        llhttp found `data` to be one whole response and nothing else, with a body, after which the connection is kept.
        """
        self._turn += 1
        end = data.find(_END) + 4
        if self._turn % _SAMPLE or end > _LONGEST:
            return
        lengths = [value for name, value in headers if name.lower() == b"content-length"]
        # Not so if an interim response came first, or there is a length but, with this status, no body.
        if lengths == [b"%d" % (len(data) - end)]:
            if len(self._known) >= _CAPACITY:
                self._known.clear()
            self._known[data[:end]] = Known(status, tuple(headers), len(data) - end)
