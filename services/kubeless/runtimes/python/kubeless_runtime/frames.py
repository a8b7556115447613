"""
WebSocket messages out of bytes and into bytes, without I/O (RFC 6455, 5).

Only what a server needs: frames from clients are masked, ours are not, and there are no extensions. What a client sends
against the rules, or beyond the limit, ends the connection with the code that the RFC names for it.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

NORMAL, GOING_AWAY, PROTOCOL_ERROR, NO_CODE, INVALID_TEXT, TOO_BIG, FAILED = 1000, 1001, 1002, 1005, 1007, 1009, 1011

_FINAL, _RESERVED, _MASKED = 0x80, 0x70, 0x80
_MAX_CONTROL = 125
_KNOWN = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_NOT_SENT = frozenset({1004, 1005, 1006, 1015})


class BadFrame(Exception):
    """What a client sent cannot be read; `code` is what to close with."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Message(NamedTuple):
    """A whole message or control frame: `opcode` is TEXT, BINARY, CLOSE, PING or PONG."""

    opcode: int
    payload: bytes


class _Header(NamedTuple):
    final: bool
    opcode: int
    length: int
    mask: bytes
    size: int
    """Bytes of the header itself."""


class FrameParser:
    """Feed bytes in, take messages out. After `BadFrame` it must not be used any more."""

    def __init__(self, *, max_message: int) -> None:
        self._max_message = max_message
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._size = 0
        self._opcode = CONTINUATION
        """Of the message whose fragments are coming; CONTINUATION between messages."""

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next_message(self) -> Message | None:
        """
        The next message, or None until more bytes have come.

        Raises:
            BadFrame: with the code to close with.
        """
        while True:
            header = self._header()
            if header is None or len(self._buffer) < header.size + header.length:
                return None
            payload = bytes(memoryview(self._buffer)[header.size : header.size + header.length])
            del self._buffer[: header.size + header.length]
            message = self._assemble(header, _unmask(payload, header.mask))
            if message is not None:
                return message

    def _header(self) -> _Header | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, second = buffer[0], buffer[1]
        self._check(first, second)
        length, size = second & 0x7F, 2
        if length == 126:
            size = 4
        elif length == 127:
            size = 10
        if len(buffer) < size + 4:
            return None
        if size > 2:
            length = int.from_bytes(buffer[2:size], "big")
        opcode = first & 0x0F
        if opcode < CLOSE and self._size + length > self._max_message:
            raise BadFrame(TOO_BIG, "a message is larger than %d bytes" % self._max_message)
        return _Header(bool(first & _FINAL), opcode, length, bytes(buffer[size : size + 4]), size + 4)

    def _check(self, first: int, second: int) -> None:
        opcode = first & 0x0F
        if first & _RESERVED or opcode not in _KNOWN:
            raise BadFrame(PROTOCOL_ERROR, "a frame of an unknown kind")
        if not second & _MASKED:
            raise BadFrame(PROTOCOL_ERROR, "a frame without a mask")
        if opcode >= CLOSE and (not first & _FINAL or second & 0x7F > _MAX_CONTROL):
            raise BadFrame(PROTOCOL_ERROR, "a control frame that is long or in fragments")
        if opcode < CLOSE and (opcode == CONTINUATION) != (self._opcode != CONTINUATION):
            raise BadFrame(PROTOCOL_ERROR, "a fragment without its message, or a message within another")

    def _assemble(self, header: _Header, payload: bytes) -> Message | None:
        if header.opcode >= CLOSE:
            return Message(header.opcode, payload)
        self._opcode = header.opcode or self._opcode
        self._parts.append(payload)
        self._size += len(payload)
        if not header.final:
            return None
        message = Message(self._opcode, b"".join(self._parts))
        self._parts, self._size, self._opcode = [], 0, CONTINUATION
        return message


def frame(opcode: int, payload: bytes) -> bytes:
    """One frame, as a server sends it."""
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", _FINAL | opcode, length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", _FINAL | opcode, 126, length)
    else:
        head = struct.pack("!BBQ", _FINAL | opcode, 127, length)
    return head + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame; the reason is cut to what fits."""
    text = reason.encode("utf-8", "replace")[: _MAX_CONTROL - 2].decode("utf-8", "ignore").encode()
    return frame(CLOSE, b"" if code == NO_CODE else struct.pack("!H", code) + text)


def read_close(payload: bytes) -> tuple[int, str]:
    """
    Code and reason of a close frame.

    Raises:
        BadFrame: the code is none that may be sent, or the reason is no text.
    """
    if not payload:
        return NO_CODE, ""
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or not 1000 <= code <= 4999 or code in _NOT_SENT or 1016 <= code <= 2999:
        raise BadFrame(PROTOCOL_ERROR, "a close frame with a code that may not be sent")
    return code, read_text(payload[2:])


def read_text(payload: bytes) -> str:
    """
    Raises:
        BadFrame: it is not UTF-8.
    """
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise BadFrame(INVALID_TEXT, "a text that is not UTF-8") from None


def _unmask(payload: bytes, mask: bytes) -> bytes:
    """Byte by byte would take a hundred times as long as one number of that many bytes does."""
    length = len(payload)
    key = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(length, "big")
