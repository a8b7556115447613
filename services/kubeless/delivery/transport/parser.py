"""
From bytes to responses: llhttp in its strict mode, and what it leaves open.

llhttp refuses both lengths at once, repeated or odd lengths, obs-fold, bare CR or LF and control bytes. On top of that
we refuse versions other than 1.0 and 1.1, transfer codings other than one `chunked`, impossible status codes, heads and
chunk extensions without end, and switching protocols unasked. Nothing that two readers could frame differently gets
through.
"""

import httptools

from kubeless.delivery.transport.errors import BadResponse
from kubeless.delivery.transport.heads import Heads
from kubeless.delivery.transport.limits import Limits
from kubeless.delivery.transport.request import OURS
from kubeless.delivery.transport.response import Response

_CODING = b"transfer-encoding"


class ResponseParser:
    """Parses the responses of one connection, one after the other. The `on_` methods are llhttp's callbacks."""

    __slots__ = (
        "_barren",
        "_codings",
        "_fields",
        "_headers",
        "_heads",
        "_in_body",
        "_interim",
        "_is_current",
        "_limits",
        "_llhttp",
        "_max_headers",
        "_response",
        "_seen",
        "_status",
        "_upgrade",
        "_without_body",
        "clean",
        "continued",
        "reusable",
    )

    def __init__(self, limits: Limits, heads: Heads) -> None:
        self._heads = heads
        self._limits = limits
        self._max_headers = limits.max_headers
        self._llhttp = httptools.HttpResponseParser(self)
        self._response: Response | None = None
        self._codings: list[bytes] = []
        self._interim = False
        self._seen = False
        self.reusable = False
        """Whether the endpoint keeps the connection open after this response."""
        self.continued = False
        """Whether the endpoint has asked for the body (100 Continue)."""
        self.clean = True
        """False once bytes came that belong to no response."""

    def expect(self, response: Response, *, without_body: bool, upgrade: bytes | None = None) -> None:
        """
        Fill `response` with what comes next. `without_body`: it answers a HEAD request; `upgrade`: it may be a 101 to
        this protocol.
        """
        self._response = response
        self._without_body = without_body
        self._upgrade = upgrade
        self._seen = False

    @property
    def done(self) -> bool:
        """Whether the response is complete."""
        return self._response is None

    def feed(self, data: bytes) -> None:
        """
        Raises BadResponse. Bytes after the end of a response do not spoil it, but the connection is no longer `clean`.
        """
        is_first = not self._seen
        if is_first:
            self._seen = True
            self._headers: list[tuple[bytes, bytes]] = []
            self._fields: list[tuple[bytes, bytes]] | None = self._headers
            self.reusable = self.continued = self._in_body = False
            self._barren = 0
            # llhttp makes a string of the version, so it is only asked when the first bytes leave a doubt.
            self._is_current = data.startswith(b"HTTP/1.1 ")
        self._barren += len(data)
        try:
            self._llhttp.feed_data(data)
            if self._response is None:
                if is_first and self.reusable and self.clean and not self._without_body:
                    self._heads.learn(data, self._status, self._headers)
            elif self._barren > self._limits.max_head_bytes:
                raise BadResponse(
                    f"headers, trailers or chunk extensions are longer than {self._limits.max_head_bytes} bytes"
                )
        except httptools.HttpParserUpgrade as switched:
            self._switched(data[switched.args[0] :])
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            self._spoil(cause if isinstance(cause, BadResponse) else BadResponse(f"not a valid response: {error}"))
        except httptools.HttpParserError as error:
            self._spoil(BadResponse(f"not a valid HTTP/1.1 response: {error}"))

    def end(self) -> bool:
        """
        The endpoint closed the connection. Whether that completes the response (it had no length, RFC 9112 6.3 rule 8).
        """
        if self._seen and self._in_body and self._response is not None and not self._has_length():
            self._finish()
        return self._response is None

    def on_message_begin(self) -> None:
        if self._response is None:
            self.clean = False

    def on_header(self, name: bytes, value: bytes) -> None:
        fields = self._fields
        if fields is None:
            fields = self._fields = self._trailers()
        if len(fields) >= self._max_headers:
            raise BadResponse(f"more than {self._max_headers} headers")
        if self._in_body and name.lower() in OURS:
            return
        fields.append((name, value))
        if len(name) == len(_CODING) and name.lower() == _CODING:
            self._codings.append(value.lower())

    def on_headers_complete(self) -> None:
        response = self._response
        if response is None:
            raise BadResponse("a second response to one request")
        status: int = self._llhttp.get_status_code()
        if not (self._is_current and 200 <= status < 600) and not self._is_final(status):
            return
        if self._barren > self._limits.max_head_bytes:
            self._check_head_size()
        if self._codings:
            self._check_coding()
        self._in_body = True
        self._fields = None
        self.reusable = self._llhttp.should_keep_alive()
        self._status = status
        response.started(status, self._headers)
        if self._without_body:
            self._finish()

    def on_body(self, data: bytes) -> None:
        if self._response is None:
            raise BadResponse("a body where there can be none")
        self._barren = 0
        self._response.arrived(data)

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = self._is_current = False
            self._codings.clear()
            self._headers.clear()
        elif self._response is not None and not self._is_switching():
            self._finish()

    def _is_final(self, status: int) -> bool:
        """Look closer at an odd start. False for 1xx: the real response is still to come (RFC 9110 15.2)."""
        version = self._llhttp.get_http_version()
        if version not in {"1.0", "1.1"} or not 100 <= status <= 599:
            raise BadResponse(f"version {version} or status {status} is unknown")
        self._is_current = version == "1.1"
        if status == 101:
            self._check_switch()
            return True
        self._interim = status < 200
        self.continued = self.continued or status == 100
        return not self._interim

    def _check_switch(self) -> None:
        named = [value.lower() for name, value in self._headers if name.lower() == b"upgrade"]
        asked = self._upgrade is not None and named == [self._upgrade.lower()]
        if not (asked and self._is_current and self._llhttp.should_upgrade()):
            raise BadResponse("the endpoint switched protocols unasked")

    def _is_switching(self) -> bool:
        return self._response is not None and self._response.status == 101

    def _switched(self, rest: bytes) -> None:
        """HTTP ends here; the response stays open, for what follows is the other protocol's."""
        response = self._response
        if response is None or not self._is_switching():
            self._spoil(BadResponse("the endpoint switched protocols unasked"))
        elif rest:
            response.arrived(rest)

    def _finish(self) -> None:
        response, self._response = self._response, None
        if self._codings:
            self._codings.clear()
        if self._without_body:
            # llhttp cannot be told that no body follows, and would wait for one.
            self._llhttp = httptools.HttpResponseParser(self)
        if response is not None:
            response.finished()

    def _trailers(self) -> list[tuple[bytes, bytes]]:
        fields: list[tuple[bytes, bytes]] = []
        if self._response is not None:
            self._response.trailers = fields
        return fields

    def _check_head_size(self) -> None:
        """Exact, but only looked at when the bytes that came with the head could be too many."""
        size = sum(len(name) + len(value) + 4 for name, value in self._headers)
        if size > self._limits.max_head_bytes:
            raise BadResponse(f"the headers are longer than {self._limits.max_head_bytes} bytes")
        self._barren -= size

    def _check_coding(self) -> None:
        if self._codings != [b"chunked"] or not self._is_current:
            raise BadResponse("the only transfer coding we take is one `chunked`, in HTTP/1.1")

    def _spoil(self, error: BadResponse) -> None:
        self.clean = False
        if self._response is not None:
            raise error from None

    def _has_length(self) -> bool:
        return any(name.lower() in {b"content-length", _CODING} for name, _ in self._headers)
