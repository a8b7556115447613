"""
The chunked coding of RFC 9112 7.1, read strictly.

A size is hexadecimal digits and nothing else; an extension holds no CR or LF and is dropped; every chunk ends with
CRLF; trailers obey the grammar of header lines and are dropped. Sizes, extensions and trailers are bounded, and so is
the share that is not data: a body of one-byte chunks with long extensions is an attack, not an upload.
"""

import re

from kubeless.core.errors import shorten
from kubeless.gateway.http.limits import Limits
from kubeless.gateway.http.problem import BadRequest

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[\t\x20-\x7e\x80-\xff]*+)?")
_TRAILER = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[\t\x20-\x7e\x80-\xff]*+")
_SIZE_LINE_BYTES = 1024
_OVERHEAD_BYTES = 64 * 1024
"""Bytes of framing beyond what the data pays for."""
_PER_CHUNK = 16

_AT_SIZE, _AT_DATA, _AT_END, _AT_TRAILER, _DONE = range(5)


class ChunkedDecoder:
    """Decodes one body. `feed` as bytes come, until `done`."""

    __slots__ = ("_left", "_limits", "_line", "_overhead", "_state", "_trailer_bytes")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._state = _AT_SIZE
        self._left = 0
        self._line = b""
        self._overhead = 0
        self._trailer_bytes = 0

    @property
    def done(self) -> bool:
        """Whether the last byte of the body was seen."""
        return self._state == _DONE

    def feed(self, data: bytes) -> tuple[list[bytes], int]:
        """The pieces of the body in `data`, and how many bytes of it belong to the body. Raises BadRequest."""
        pieces: list[bytes] = []
        at = 0
        while at < len(data) and self._state != _DONE:
            if self._state == _AT_DATA:
                piece = data[at : at + self._left]
                at += len(piece)
                self._left -= len(piece)
                pieces.append(piece)
                self._overhead = max(0, self._overhead - len(piece))
                if not self._left:
                    self._state = _AT_END
            else:
                at = self._feed_line(data, at)
        return pieces, at

    def _feed_line(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at)
        stop = len(data) if end < 0 else end + 1
        self._line += data[at:stop]
        self._check_length()
        if end >= 0:
            line, self._line = self._line, b""
            if line[-2:] != b"\r\n":
                raise BadRequest(400, "a line of the chunked body ends with a bare LF")
            self._take(line[:-2])
        return stop

    def _take(self, line: bytes) -> None:
        if self._state == _AT_SIZE:
            self._take_size(line)
        elif self._state == _AT_END:
            if line:
                raise BadRequest(400, "a chunk is longer than its size says")
            self._state = _AT_SIZE
        else:
            self._take_trailer(line)

    def _take_size(self, line: bytes) -> None:
        match = _SIZE.fullmatch(line)
        if match is None:
            raise BadRequest(400, f"the size of a chunk must be hexadecimal digits, got {shorten(line)}")
        self._left = int(match[1], 16)
        self._state = _AT_DATA if self._left else _AT_TRAILER
        self._overhead += max(0, len(line) - _PER_CHUNK)
        if self._overhead > _OVERHEAD_BYTES:
            raise BadRequest(400, "the chunked body is mostly extensions")

    def _take_trailer(self, line: bytes) -> None:
        if not line:
            self._state = _DONE
            return
        self._trailer_bytes += len(line)
        if not _TRAILER.fullmatch(line):
            raise BadRequest(400, f"a trailer is not `name: value`, got {shorten(line)}")
        if self._trailer_bytes > self._limits.head_bytes:
            raise BadRequest(431, f"the trailers are longer than {self._limits.head_bytes} bytes")

    def _check_length(self) -> None:
        if self._state == _AT_END:
            if self._line not in {b"\r", b"\r\n"}:
                raise BadRequest(400, "a chunk is longer than its size says")
        elif self._state == _AT_SIZE:
            if len(self._line) > _SIZE_LINE_BYTES:
                raise BadRequest(400, f"a chunk's size and extensions are longer than {_SIZE_LINE_BYTES} bytes")
        elif len(self._line) > self._limits.field_bytes:
            raise BadRequest(431, f"a trailer is longer than {self._limits.field_bytes} bytes")
