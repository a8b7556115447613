"""
Reads HTTP/1.1 requests out of the bytes of one connection (RFC 9112).

It is strict: what two servers could read differently, such as two lengths, is refused. Heads and bodies are bounded.
"""

import re

from .texts import native

MAX_HEAD = 64 * 1024
MAX_LINE = 1024
MOST_DISCARDED = 64 * 1024 * 1024

# No raw strings: Python 2 spells their prefix `br` only, and formatters `rb`.
_TOKEN = b"[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
_TARGET = b"(?:/|\\*(?= )|https?://)[\\x21-\\x7e\\x80-\\xff]*"
_REQUEST_LINE = re.compile(b"(" + _TOKEN + b") (" + _TARGET + b") (HTTP/1\\.[01])\\Z")
_HEADER = re.compile(b"(" + _TOKEN + b"):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*?)[ \\t]*\\Z")
_EARLY = re.compile(_TOKEN + b"(?: |\\Z)")
_SIZE = re.compile(b"([0-9A-Fa-f]{1,8})(?:[ \\t]*;.*)?\\Z")
_ONCE = ("content-length", "host")


class BadRequest(Exception):
    """A request that is refused; `status` is 400, 413, 431 or 501."""

    def __init__(self, status, message):
        Exception.__init__(self, message)
        self.status = status


class RequestReader(object):
    """Give it bytes, ask it for requests."""

    def __init__(self, max_body):
        self._max_body = max_body
        self._buffer = b""
        self._reset()

    def feed(self, data):
        self._buffer += data

    @property
    def is_midway(self):
        """Whether a request has begun and not ended."""
        return self._head is not None or bool(self._buffer)

    def expects_continue(self):
        """Once: whether the client waits to be told to send the body."""
        expected = self._expects and not self._buffer
        self._expects = self._expects and not expected
        return expected

    def next(self):
        """
        Method, target, version, headers and body, or None while they are not there as a whole.

        The body is None if it was too large and has been thrown away. Raises BadRequest; the connection is of no use
        then.
        """
        if self._head is None and not self._read_head():
            return None
        if not (self._read_chunks() if self._chunked else self._take()):
            return None
        request = self._head + (None if self._discarded else b"".join(self._pieces),)
        self._reset()
        return request

    def _reset(self):
        self._head = None
        self._pieces = []
        self._size = 0
        self._left = 0
        self._chunked = False
        self._state = self._read_size
        self._discarded = 0
        self._expects = False

    def _read_head(self):
        while self._buffer.startswith(b"\r\n"):  # empty lines before a request are allowed
            self._buffer = self._buffer[2:]
        end = self._buffer.find(b"\r\n\r\n")
        if (len(self._buffer) if end < 0 else end) > MAX_HEAD:
            raise BadRequest(431, "the head of the request is too large")
        if end < 0:
            if self._buffer and not _EARLY.match(self._buffer):
                raise BadRequest(400, "this is no HTTP")
            return False
        lines = self._buffer[:end].split(b"\r\n")
        self._buffer = self._buffer[end + 4 :]
        found = _REQUEST_LINE.match(lines[0])
        if not found:
            raise BadRequest(400, "the request line is no HTTP/1.1")
        headers = _read_headers(lines[1:])
        self._frame(headers)
        method, target, version = (native(part) for part in found.groups())
        self._head = (method, re.sub(r"\Ahttps?://[^/?]*", "", target), version, headers)
        self._expects = headers.get("expect", "").lower() == "100-continue" and version == "HTTP/1.1"
        return True

    def _frame(self, headers):
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if coding is not None:
            if length is not None:
                raise BadRequest(400, "there are both a length and a transfer encoding")
            if coding.lower() != "chunked":
                raise BadRequest(501, "the only transfer encoding is chunked")
            self._chunked = True
        elif length is not None:
            if not re.match(r"[0-9]{1,15}\Z", length):
                raise BadRequest(400, "the length is no number")
            self._left = int(length)
            if self._left > self._max_body:
                self._discard(0)

    def _take(self):
        """Move what belongs to it from the buffer to the body; whether that was all."""
        piece, self._buffer = self._buffer[: self._left], self._buffer[self._left :]
        self._left -= len(piece)
        self._size += len(piece)
        if self._discarded or self._size > self._max_body:
            self._discard(len(piece))
        else:
            self._pieces.append(piece)
        return not self._left

    def _discard(self, count):
        """Read to the end before the answer, within reason: a client that still sends may not listen."""
        self._pieces = []
        self._discarded += count + 1
        if self._discarded > MOST_DISCARDED or (not self._chunked and self._left > MOST_DISCARDED):
            raise BadRequest(413, "the body is larger than %d bytes" % self._max_body)

    def _read_chunks(self):
        while self._state is not None:
            if not self._state():
                return False
        return True

    def _read_size(self):
        line = self._read_line()
        if line is None:
            return False
        found = _SIZE.match(line)
        if not found:
            raise BadRequest(400, "the size of a chunk is no number")
        self._left = int(found.group(1), 16)
        self._state = self._read_data if self._left else self._read_trailer
        return True

    def _read_data(self):
        if not self._take():
            return False
        self._state = self._read_after
        return True

    def _read_after(self):
        if len(self._buffer) < 2:
            return False
        if not self._buffer.startswith(b"\r\n"):
            raise BadRequest(400, "a chunk is longer than it says")
        self._buffer = self._buffer[2:]
        self._state = self._read_size
        return True

    def _read_trailer(self):
        line = self._read_line()
        if line == b"":
            self._state = None
        return line is not None

    def _read_line(self):
        end = self._buffer.find(b"\r\n")
        if (len(self._buffer) if end < 0 else end) > MAX_LINE:
            raise BadRequest(400, "a line of the chunks is too long")
        if end < 0:
            return None
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        return line


def _read_headers(lines):
    headers = {}
    for line in lines:
        found = _HEADER.match(line)
        if not found:
            raise BadRequest(400, "a header is malformed")
        name, value = native(found.group(1)).lower(), native(found.group(2))
        if name in headers and name in _ONCE:
            raise BadRequest(400, "%s is given twice" % name)
        headers[name] = "%s, %s" % (headers[name], value) if name in headers else value
    return headers
