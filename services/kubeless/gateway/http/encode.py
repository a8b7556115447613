"""
Answers as bytes: the only place that writes a status line, header lines and the framing of a body.

Whatever a header holds, the bytes parse as exactly one answer: a field with a CR or LF in it is refused, and framing
headers are nobody else's to write.
"""

from collections.abc import Sequence
from http import HTTPStatus

from kubeless.core.errors import InvalidInput

Headers = Sequence[tuple[bytes, bytes]]

_REASONS = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}
_LINES = {
    status: b"HTTP/1.1 %d %b\r\n" % (status, _REASONS.get(status, b"Unknown" if status > 399 else b"OK"))
    for status in range(100, 600)
}


class BadAnswer(InvalidInput):
    """A header of the answer cannot be written as one header line."""


def encode_head(status: int, headers: Headers, framing: bytes) -> bytes:
    """
    Status line, header lines, `framing` (whole lines of this server's own) and the empty line. Raises BadAnswer.
    """
    lines = [b"%b: %b\r\n" % header for header in headers]
    block = b"".join(lines)
    if block.count(b"\n") != len(lines) or block.count(b"\r") != len(lines) or b"\0" in block:
        raise BadAnswer("a header of the answer holds a CR, LF or NUL")
    return b"%b%b%b\r\n" % (_LINES[status], block, framing)


def may_have_body(method: str, status: int) -> bool:
    """Whether bytes may follow the head (RFC 9112 6.3 rule 1 and 2)."""
    return method != "HEAD" and status >= 200 and status not in {204, 304}
