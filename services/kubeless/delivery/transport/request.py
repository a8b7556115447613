"""
A request, and the only place that turns one into bytes.

Framing belongs to the transport: callers give a body, never a `Content-Length` or `Transfer-Encoding`, and cannot
smuggle one in. Whatever a header, method or target holds, the bytes we write parse as exactly this one request (RFC
9112 section 11).

This runs for every event. What repeats from request to request (names, methods, hosts) is checked once and remembered;
what does not is checked in one pass over the finished head.
"""

from collections.abc import AsyncIterable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kubeless.core.errors import shorten
from kubeless.delivery.transport.errors import InvalidRequest

Headers = Sequence[tuple[bytes, bytes]]
"""Name and value pairs in order, as on the wire; names may repeat."""

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
"""Methods that may be repeated when their fate is unknown (RFC 9110 9.2.2)."""

OURS = frozenset(
    {
        b"connection",
        b"content-length",
        b"expect",
        b"host",
        b"keep-alive",
        b"proxy-connection",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Fields that say how a message is framed and where it goes: the transport's business, in trailers nobody's."""

_CACHED = 4096
_LONGEST_CACHED = 256
_TOKEN = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _marking(allowed: bytes) -> bytes:
    """A table for `translate` that turns every byte that is not allowed into a line feed: to find with one search."""
    return bytes(code if code in allowed else 10 for code in range(256))


_VALUE = _marking(b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100)))
_TARGET = _marking(bytes(range(0x21, 0x7F)))
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "DELETE", "TRACE"})


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, to be sent to whichever endpoint is chosen."""

    method: str
    target: bytes
    """Origin-form: path and query, beginning with a slash. `*` with OPTIONS."""

    headers: Headers = ()
    """End-to-end headers. The transport writes Host, Connection and the framing ones itself and refuses them here."""

    body: bytes | AsyncIterable[bytes] = b""
    """Bytes can be sent again, an iterable cannot: a request with an iterable is never repeated once it was begun."""

    content_length: int | None = None
    """How many bytes the iterable will give. None: unknown, the body is sent in chunks."""

    host: bytes | None = None
    """The Host header; None: the endpoint's address."""

    trailers: Callable[[], Headers] | None = None
    """Asked once the iterable has ended; what it returns goes behind the chunks. Not with `content_length`."""

    expect_continue: bool = False
    """
    Send `Expect: 100-continue`, and begin the iterable only when the endpoint asks for it or has been silent for
    `Timeouts.expect` seconds. An endpoint that answers at once is spared the body.
    """

    upgrade: bytes | None = None
    """Offer to switch to this protocol, e.g. `websocket`; see `Response.tunnel`. Not with a body."""

    repeatable: bool | None = None
    """Whether it may be sent again although an endpoint may have acted on it. None: as the method says."""

    @property
    def replayable(self) -> bool:
        """Whether it may be sent again although the endpoint may have seen it."""
        allowed = self.method in IDEMPOTENT if self.repeatable is None else self.repeatable
        return allowed and isinstance(self.body, bytes)


def encode_head(request: Request, default_host: bytes) -> bytes:
    """
    Write request line and headers, the empty line included.

    Raises InvalidRequest for everything that is not a token, a header value or an origin-form target (RFC 9110 5.5,
    5.6.2).
    """
    headers = request.headers
    target, host = request.target, request.host
    start = _start if len(target) <= _LONGEST_CACHED else _start.__wrapped__
    parts = [start(request.method, target, default_host if host is None else host)]
    for header in headers:
        parts += (_NAMES[header[0]], header[1])
    lines = b"".join(parts)
    # One line end before Host and each header, of two bytes, is ours; nothing else may be marked.
    if lines.translate(_VALUE).count(b"\n") != 2 * len(headers) + 2:
        raise InvalidRequest(_bad_value(headers))
    body = request.body
    if type(body) is bytes and body and not request.expect_continue and request.upgrade is None:
        return lines + _length(len(body))
    return lines + _framing(request)


def encode_trailers(trailers: Headers) -> bytes:
    """Write the fields behind the last chunk, each with its line end. Raises InvalidRequest."""
    parts: list[bytes] = []
    for name, value in trailers:
        parts += (_NAMES[name][2:], value, b"\r\n")
    if b"".join(parts).translate(_VALUE).count(b"\n") != 2 * len(trailers):
        raise InvalidRequest(_bad_value(trailers))
    return b"".join(parts)


class _Names(dict[bytes, bytes]):
    """
    Header names found good, each as a line begins with it. Services use few; clients may choose many, so it is emptied
    when full, and long ones are not remembered.
    """

    def __missing__(self, name: bytes) -> bytes:
        beginning = b"\r\n" + _checked_name(name) + b": "
        if len(name) <= _LONGEST_CACHED:
            if len(self) >= _CACHED:
                self.clear()
            self[name] = beginning
        return beginning


_NAMES = _Names()


@lru_cache(_CACHED)
def _start(method: str, target: bytes, host: bytes) -> bytes:
    """The beginning of a head, up to the value of Host."""
    encoded = method.encode("ascii", "replace")
    if not encoded or encoded.translate(None, _TOKEN):
        raise InvalidRequest(f"the method must be a token, got {shorten(method)}")
    asterisk = target == b"*" and method == "OPTIONS"
    if not asterisk and (target[:1] != b"/" or b"\n" in target.translate(_TARGET)):
        raise InvalidRequest(f"the target must be a path without spaces or controls, got {shorten(target)}")
    if b"\n" in host.translate(_TARGET):
        raise InvalidRequest(f"header Host must not hold spaces or controls, got {shorten(host)}")
    return encoded + b" " + target + b" HTTP/1.1\r\nHost: " + host


def _checked_name(name: bytes) -> bytes:
    if not name or name.translate(None, _TOKEN):
        raise InvalidRequest(f"a header name must be a token, got {shorten(name)}")
    if name.lower() in OURS:
        raise InvalidRequest(f"the header {name.lower().decode()} is written by the transport; leave it out")
    return name


def _bad_value(headers: Headers) -> str:
    name, value = next(pair for pair in headers if b"\n" in pair[1].translate(_VALUE))
    return f"header {name.decode('latin-1')} must not hold CR, LF, NUL or other controls, got {shorten(value)}"


def _framing(request: Request) -> bytes:
    """The end of the last line, the framing headers and the empty line."""
    body = request.body
    if request.upgrade is not None:
        return _upgrade(request, request.upgrade)
    if isinstance(body, bytes) and not (body and request.expect_continue):
        # A method that gives a body no meaning needs no length of zero (RFC 9110 8.6).
        return _length(len(body)) if body or request.method not in _WITHOUT_BODY else b"\r\n\r\n"
    expect = b"\r\nExpect: 100-continue" if request.expect_continue else b""
    length = len(body) if isinstance(body, bytes) else request.content_length
    if length is None:
        return expect + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    if length < 0:
        raise InvalidRequest(f"content_length must not be negative, got {length}")
    if request.trailers is not None:
        raise InvalidRequest("trailers need a body in chunks; leave content_length out")
    return expect + _length(length)


@lru_cache(_CACHED)
def _length(length: int) -> bytes:
    return b"\r\nContent-Length: %d\r\n\r\n" % length


def _upgrade(request: Request, protocol: bytes) -> bytes:
    if request.body != b"":
        raise InvalidRequest("a request that offers another protocol must not have a body")
    if not protocol or protocol.translate(None, _TOKEN + b"/"):
        raise InvalidRequest(f"upgrade must be one protocol, got {shorten(protocol)}")
    return b"\r\nConnection: Upgrade\r\nUpgrade: %b\r\n\r\n" % protocol
