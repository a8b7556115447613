"""
HTTP/1.1 requests out of bytes, without I/O.

Strict, because a server and the proxy in front of it that read a request differently can be tricked into seeing
different requests (RFC 9112, 11.2): both lengths, odd lengths, folded headers, bare line ends and malformed chunks
are refused.
"""

from __future__ import annotations

import re

MAX_HEAD = 64 * 1024
MAX_HEADERS = 256
_MAX_CHUNK_LINE = 1024
_MAX_KNOWN_NAMES = 1024

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_REQUEST_LINE = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}) ([^\x00-\x20\x7f]+) HTTP/([0-9])\.([0-9])")
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n")
_DIGITS = re.compile(r"[0-9]{1,18}")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")


class BadRequest(Exception):
    """The bytes cannot be served as a request; the connection must be closed after saying so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Head:
    """Request line and headers. Names are lower case; a repeated header's values are joined with `, `."""

    __slots__ = ("chunked", "headers", "keep_alive", "length", "method", "minor", "target")

    def __init__(self, method: str, target: str, minor: int, headers: dict[str, str]) -> None:
        self.method = method
        self.target = target
        self.minor = minor
        """1 for HTTP/1.1, 0 for HTTP/1.0."""
        self.headers = headers
        self.chunked = _is_chunked(headers, minor)
        self.length = _content_length(headers)
        self.keep_alive = _keeps_alive(headers, minor)


class RequestParser:
    """Feed bytes in, take complete requests out. After `BadRequest` it must not be used any more."""

    __slots__ = ("_buffer", "_chunks", "_continue_due", "_head", "_max_body")

    def __init__(self, *, max_body: int) -> None:
        self._max_body = max_body
        self._buffer = bytearray()
        self._head: Head | None = None
        self._chunks: _Chunks | None = None
        self._continue_due = False

    @property
    def buffered(self) -> int:
        """Bytes waiting to be parsed."""
        return len(self._buffer)

    @property
    def awaits_head(self) -> bool:
        """Whether the next bytes belong to a request line or headers."""
        return self._head is None

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next_request(self) -> tuple[Head, bytes] | None:
        """
        The next complete request, or None until more bytes have come.

        Raises:
            BadRequest: with the status to answer.
        """
        if self._head is None:
            self._head = self._read_head()
            if self._head is None:
                return None
            self._begin_body(self._head)
        body = self._read_body(self._head)
        if body is None:
            return None
        head, self._head, self._chunks, self._continue_due = self._head, None, None, False
        return head, body

    def take_rest(self) -> bytes:
        """What came behind a request that changed the protocol."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def take_continue(self) -> bool:
        """Whether `100 Continue` is due now (RFC 9110, 10.1.1); true once per request."""
        due, self._continue_due = self._continue_due, False
        return due

    def _read_head(self) -> Head | None:
        buffer = self._buffer
        while buffer.startswith(b"\r\n"):  # RFC 9112, 2.2: tolerated in front of a request line
            del buffer[:2]
        end = buffer.find(b"\r\n\r\n", 0, MAX_HEAD)
        if end < 0:
            if len(buffer) >= MAX_HEAD:
                raise BadRequest(431, "the request's head is larger than %d bytes" % MAX_HEAD)
            return None
        head = bytes(buffer[:end])
        del buffer[: end + 4]
        return parse_head(head)

    def _begin_body(self, head: Head) -> None:
        if head.length > self._max_body:
            raise BadRequest(413, "the body is larger than %d bytes" % self._max_body)
        if head.chunked:
            self._chunks = _Chunks(self._max_body)
        expectation = head.headers.get("expect")
        if expectation is not None and head.minor:
            if expectation.lower() != "100-continue":
                raise BadRequest(417, "the expectation is not supported")
            self._continue_due = head.chunked or head.length > 0

    def _read_body(self, head: Head) -> bytes | None:
        if self._chunks is not None:
            return self._chunks.read(self._buffer)
        length = head.length
        if not length:
            return b""
        if len(self._buffer) < length:
            return None
        body = bytes(memoryview(self._buffer)[:length])
        del self._buffer[:length]
        return body


class _Chunks:
    """Takes the chunked transfer coding apart (RFC 9112, 7.1); extensions and trailers are dropped."""

    __slots__ = ("_in_trailer", "_line_end_due", "_max_body", "_parts", "_remaining", "_size", "_trailer_size")

    def __init__(self, max_body: int) -> None:
        self._max_body = max_body
        self._parts: list[bytes] = []
        self._size = 0
        self._remaining = 0
        self._line_end_due = False
        self._in_trailer = False
        self._trailer_size = 0

    def read(self, buffer: bytearray) -> bytes | None:
        """Consume what is there; the whole body once the last chunk and the trailer have come."""
        while not self._in_trailer:
            if self._remaining:
                if not self._take_data(buffer):
                    return None
            elif self._line_end_due:
                if not self._take_line_end(buffer):
                    return None
            elif not self._take_size(buffer):
                return None
        return b"".join(self._parts) if self._take_trailer(buffer) else None

    def _take_data(self, buffer: bytearray) -> bool:
        data = bytes(memoryview(buffer)[: self._remaining])
        if not data:
            return False
        del buffer[: len(data)]
        self._parts.append(data)
        self._remaining -= len(data)
        self._line_end_due = not self._remaining
        return True

    def _take_line_end(self, buffer: bytearray) -> bool:
        if len(buffer) < 2:
            return False
        if not buffer.startswith(b"\r\n"):
            raise BadRequest(400, "a chunk is longer than its size")
        del buffer[:2]
        self._line_end_due = False
        return True

    def _take_size(self, buffer: bytearray) -> bool:
        line = _take_line(buffer, _MAX_CHUNK_LINE)
        if line is None:
            return False
        match = _CHUNK_LINE.fullmatch(line)
        if not match:
            raise BadRequest(400, "a chunk's size is malformed")
        self._remaining = int(match.group(1), 16)
        self._size += self._remaining
        if self._size > self._max_body:
            raise BadRequest(413, "the body is larger than %d bytes" % self._max_body)
        self._in_trailer = not self._remaining
        return True

    def _take_trailer(self, buffer: bytearray) -> bool:
        while True:
            line = _take_line(buffer, MAX_HEAD - self._trailer_size)
            if line is None:
                return False
            if not line:
                return True
            self._trailer_size += len(line) + 2
            _header(line.decode("latin-1"))


def _take_line(buffer: bytearray, limit: int) -> bytes | None:
    end = buffer.find(b"\r\n", 0, limit)
    if end < 0:
        if len(buffer) >= limit:
            raise BadRequest(400, "a line of the body's coding is too long")
        return None
    line = bytes(buffer[:end])
    del buffer[: end + 2]
    if _FORBIDDEN.search(line):
        raise BadRequest(400, "a control character in the body's coding")
    return line


def parse_head(head: bytes) -> Head:
    """
    Parse request line and headers, without the empty line behind them.

    Raises:
        BadRequest: 400, or 505 for a version that is not HTTP/1.
    """
    if _FORBIDDEN.search(head):
        raise BadRequest(400, "a control character in the request's head")
    line, *lines = head.decode("latin-1").split("\r\n")
    match = _REQUEST_LINE.fullmatch(line)
    if not match:
        raise BadRequest(400, "the request line is malformed")
    method, target, major, minor = match.groups()
    if major != "1":
        raise BadRequest(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
    headers = _headers(lines)
    if minor != "0" and "host" not in headers:
        raise BadRequest(400, "the Host header is missing")
    return Head(method, _origin_form(method, target), min(int(minor), 1), headers)


def _headers(lines: list[str]) -> dict[str, str]:
    if len(lines) > MAX_HEADERS:
        raise BadRequest(431, "the request has more than %d headers" % MAX_HEADERS)
    headers: dict[str, str] = {}
    for line in lines:
        name, value = _header(line)
        if name not in headers:
            headers[name] = value
        elif name in _SINGLE:
            raise BadRequest(400, "the header %s is given twice" % name)
        else:
            headers[name] += ("; " if name == "cookie" else ", ") + value
    return headers


_SINGLE = frozenset({"content-length", "content-type", "host", "transfer-encoding"})
_known_names: dict[str, str] = {}


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    lower = _known_names.get(name)
    if lower is None:
        if not _TOKEN.fullmatch(name):  # also refuses folded lines and space in front of the colon
            raise BadRequest(400, "a header's name is malformed")
        lower = name.lower()
        if len(_known_names) < _MAX_KNOWN_NAMES:
            _known_names[name] = lower
    if not colon:
        raise BadRequest(400, "a header without a colon")
    return lower, value.strip(" \t")


def _origin_form(method: str, target: str) -> str:
    """The path and query of a target, which proxies may send as a whole URL (RFC 9112, 3.2)."""
    if target.startswith("/"):
        return target
    scheme, separator, rest = target.partition("://")
    if separator and scheme.lower() in ("http", "https"):
        authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
        path = rest[len(authority) :]
        return path if path.startswith("/") else "/" + path
    if target == "*" and method == "OPTIONS":
        return target
    raise BadRequest(400, "the request's target is neither a path nor a URL")


def _is_chunked(headers: dict[str, str], minor: int) -> bool:
    coding = headers.get("transfer-encoding")
    if coding is None:
        return False
    if "content-length" in headers or not minor:
        raise BadRequest(400, "the body's length is ambiguous")
    if coding.lower() != "chunked":
        raise BadRequest(501, "the only transfer coding spoken here is chunked")
    return True


def _content_length(headers: dict[str, str]) -> int:
    text = headers.get("content-length")
    if text is None:
        return 0
    if not _DIGITS.fullmatch(text):
        raise BadRequest(400, "the Content-Length is not a number")
    return int(text)


def _keeps_alive(headers: dict[str, str], minor: int) -> bool:
    options = headers.get("connection")
    if options is None:
        return minor == 1
    tokens = {token.strip() for token in options.lower().split(",")}
    return "close" not in tokens and (minor == 1 or "keep-alive" in tokens)
