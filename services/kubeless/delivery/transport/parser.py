"""
From bytes to responses: llhttp in its strict mode, and what it leaves open.

llhttp refuses both lengths at once, repeated or odd lengths, obs-fold, bare CR or LF and control bytes. On top of that
we refuse versions other than 1.0 and 1.1, transfer codings other than one `chunked`, impossible status codes, heads and
chunk extensions without end, and switching protocols unasked. Nothing that two readers could frame differently gets
through.
"""

import httptools

from kubeless.delivery.transport.errors import BadResponse
from kubeless.delivery.transport.limits import Limits
from kubeless.delivery.transport.response import Response

_VERSIONS = frozenset({"1.0", "1.1"})


class ResponseParser:
    """Parses the responses of one connection, one after the other. The `on_` methods are llhttp's callbacks."""

    __slots__ = (
        "_barren",
        "_done",
        "_headers",
        "_headers_total",
        "_in_body",
        "_interim",
        "_limits",
        "_llhttp",
        "_response",
        "_without_body",
        "clean",
        "reusable",
        "seen",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._llhttp = httptools.HttpResponseParser(self)
        self._response: Response | None = None
        self._done = True
        self.seen = False
        """Whether a byte of the current response has arrived."""
        self.reusable = False
        """Whether the endpoint keeps the connection open after this response."""
        self.clean = True
        """False once bytes came that belong to no response."""

    def expect(self, response: Response, *, without_body: bool) -> None:
        """Fill `response` with what comes next. `without_body`: it answers a HEAD request."""
        self._response = response
        self._without_body = without_body
        self._done = self._interim = self._in_body = False
        self.seen = self.reusable = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._headers_total = 0
        self._barren = 0

    @property
    def done(self) -> bool:
        """Whether the response is complete."""
        return self._done

    def feed(self, data: bytes) -> None:
        """
        Raises BadResponse. Bytes after the end of a response do not spoil it, but the connection is no longer `clean`.
        """
        self.seen = True
        self._barren += len(data)
        try:
            self._llhttp.feed_data(data)
            if self._barren > self._limits.max_head_bytes and not self._done:
                raise BadResponse(
                    f"headers, trailers or chunk extensions are longer than {self._limits.max_head_bytes} bytes"
                )
        except httptools.HttpParserUpgrade:
            self._spoil(BadResponse("the endpoint switched protocols unasked"))
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            self._spoil(cause if isinstance(cause, BadResponse) else BadResponse(f"not a valid response: {error}"))
        except httptools.HttpParserError as error:
            self._spoil(BadResponse(f"not a valid HTTP/1.1 response: {error}"))

    def end(self) -> bool:
        """
        The endpoint closed the connection. Whether that completes the response (it had no length, RFC 9112 6.3 rule 8).
        """
        if self._in_body and not self._done and not self._has_length():
            self._finish()
        return self._done

    def on_message_begin(self) -> None:
        if self._done:
            self.clean = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers_total += 1
        if self._headers_total > self._limits.max_headers:
            raise BadResponse(f"more than {self._limits.max_headers} headers")
        if not self._in_body:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._done or self._response is None:
            raise BadResponse("a second response to one request")
        status = self._llhttp.get_status_code()
        if self._llhttp.get_http_version() not in _VERSIONS or not 100 <= status <= 599:
            raise BadResponse(f"version {self._llhttp.get_http_version()} or status {status} is unknown")
        if status < 200:
            self._skip(status)
            return
        self._check_head_size()
        self._in_body = True
        self.reusable = self._llhttp.should_keep_alive()
        self._check_coding()
        self._response.started(status, self._headers)
        if self._without_body:
            self._finish()

    def on_body(self, data: bytes) -> None:
        if self._done or self._response is None:
            raise BadResponse("a body where there can be none")
        self._barren = 0
        self._response.arrived(data)

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = False
            self._headers = []
        elif not self._done:
            self._finish()

    def _skip(self, status: int) -> None:
        """1xx: the real response is still to come (RFC 9110 15.2)."""
        if status == 101:
            raise BadResponse("the endpoint switched protocols unasked")
        self._interim = True

    def _finish(self) -> None:
        self._done = True
        response, self._response = self._response, None
        if self._without_body:
            # llhttp cannot be told that no body follows, and would wait for one.
            self._llhttp = httptools.HttpResponseParser(self)
        if response is not None:
            response.finished()

    def _check_head_size(self) -> None:
        """Exact, but only looked at when the bytes that came with the head could be too many."""
        if self._barren > self._limits.max_head_bytes:
            size = sum(len(name) + len(value) + 4 for name, value in self._headers)
            if size > self._limits.max_head_bytes:
                raise BadResponse(f"the headers are longer than {self._limits.max_head_bytes} bytes")
            self._barren -= size

    def _check_coding(self) -> None:
        codings = [value for name, value in self._headers if len(name) == 17 and name.lower() == b"transfer-encoding"]
        if codings and ([coding.lower() for coding in codings] != [b"chunked"] or not self._is_current()):
            raise BadResponse("the only transfer coding we take is one `chunked`, in HTTP/1.1")

    def _is_current(self) -> bool:
        return self._llhttp.get_http_version() == "1.1"

    def _has_length(self) -> bool:
        return any(name.lower() in {b"content-length", b"transfer-encoding"} for name, _ in self._headers)

    def _spoil(self, error: BadResponse) -> None:
        self.clean = False
        if not self._done:
            raise error from None
