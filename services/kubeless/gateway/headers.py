"""
What happens to header fields on the way through.

Hop-by-hop fields end here in both directions (RFC 9110 7.6.1): the fixed ones and those that `Connection` names. Going
in, the `X-Forwarded-*` fields get our view appended at their ends: the last entry of each is the one this gateway
vouches for, whatever a client wrote before it.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from random import getrandbits

from kubeless.delivery.transport.request import Headers
from kubeless.gateway.http.head import connection_options
from kubeless.gateway.incoming import Incoming

_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"expect",
        b"http2-settings",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_REWRITTEN = frozenset(
    {
        b"content-length",
        b"forwarded",
        b"host",
        b"traceparent",
        b"tracestate",
        b"via",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-request-id",
    }
)
_NOT_PASSED = _HOP_BY_HOP | _REWRITTEN
_KEPT_FROM_CLIENT = _HOP_BY_HOP | {b"content-length", b"x-request-id"}
_VIA = b"1.1 kubeless"
_VIA_OLD = b"1.0 kubeless"

ID_PREFIX = b"%016x" % (getrandbits(64) or 1)
"""Of the ids that this process makes."""

# What ids of tracing systems, UUIDs and base64 are made of; short enough for a log line.
_SANE_ID = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")

_TRACE_ID = re.compile(rb"(?!0{32})[0-9a-f]{32}")
_TRACEPARENT = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[!-~]{0,512})?"
)

Pairs = list[tuple[bytes, bytes]]


def for_function(incoming: Incoming, *, host: bytes, request_id: str, span: bytes | None = None) -> Pairs:
    """
    The header fields of the request to the function; Host and framing are the transport's. `span` is the `traceparent`
    of the request's own span, if it has one.
    """
    peer, ours = incoming.peer.encode("ascii", "replace"), request_id.encode("ascii")
    kept = lasting(incoming, host=host)
    kept += (
        (b"X-Forwarded-For", earlier(incoming, b"x-forwarded-for") + peer),
        (b"Forwarded", earlier(incoming, b"forwarded") + _forwarded(peer, incoming.scheme, host)),
        (b"X-Request-Id", ours),
    )
    _add_trace(kept, incoming.first, ours, span)
    return kept


def lasting(incoming: Incoming, *, host: bytes) -> Pairs:
    """Those of them that follow from the head alone, whoever sends it and whenever."""
    headers, first = incoming.headers, incoming.first
    dropped = _NOT_PASSED
    if b"connection" in first:
        dropped = dropped | connection_options(headers)
    if len(first) == len(headers):
        kept = [pair for name, pair in zip(first, headers, strict=True) if name not in dropped]
    else:
        kept = [pair for pair in headers if pair[0].lower() not in dropped]
    kept += (
        (b"X-Forwarded-Proto", earlier(incoming, b"x-forwarded-proto") + incoming.scheme.encode("ascii")),
        (b"X-Forwarded-Host", earlier(incoming, b"x-forwarded-host") + host),
        (b"Via", earlier(incoming, b"via") + (_VIA if incoming.needs_host else _VIA_OLD)),
    )
    return kept


def earlier(incoming: Incoming, lowered_name: bytes) -> bytes:
    """What the client wrote, and the comma before what this gateway vouches for."""
    if lowered_name not in incoming.first:
        return b""
    return b", ".join(values(incoming.headers, lowered_name)) + b", "


def forwarded_node(peer: bytes) -> bytes:
    """A client as RFC 7239 6 writes it: an IPv6 address stands in brackets and quotes."""
    return b'"[%b]"' % peer if b":" in peer else peer


@lru_cache(4096)
def _forwarded(peer: bytes, scheme: str, host: bytes) -> bytes:
    """RFC 7239 4: a host stands in quotes, and cannot hold one."""
    return b'for=%b;proto=%b;host="%b"' % (forwarded_node(peer), scheme.encode("ascii"), host)


def _add_trace(kept: Pairs, first: Mapping[bytes, bytes], request_id: bytes, span: bytes | None) -> None:
    """
    A trace that is under way goes on, another begins here (W3C Trace Context), with the request's id where it can be
    one of a trace.
    """
    parent = trace_parent(first)
    if parent is not None:
        kept.append((b"traceparent", span or parent))
        if b"tracestate" in first:
            kept.append((b"tracestate", first[b"tracestate"]))
        return
    kept.append((b"traceparent", span or b"00-%b-%016x-01" % (trace_id(request_id), getrandbits(64) or 1)))


def trace_parent(first: Mapping[bytes, bytes]) -> bytes | None:
    """The `traceparent` of a request that is part of a trace."""
    parent = first.get(b"traceparent")
    return parent if parent is not None and _TRACEPARENT.fullmatch(parent) else None


def trace_id(request_id: bytes) -> bytes:
    """The id of the trace that a request begins."""
    return request_id if _TRACE_ID.fullmatch(request_id) else new_id()


def for_client(headers: Headers, *, request_id: str | None, cors: bool) -> Pairs:
    """The header fields of the answer; its length is given apart. `request_id` None: so is that."""
    dropped = _KEPT_FROM_CLIENT
    lowered = [name.lower() for name, _ in headers]
    if b"connection" in lowered:
        dropped = dropped | connection_options(headers)
    kept = [pair for name, pair in zip(lowered, headers, strict=True) if name not in dropped]
    if request_id is not None:
        kept.append((b"X-Request-Id", request_id.encode("ascii")))
    if cors and b"access-control-allow-origin" not in lowered:
        kept.append((b"Access-Control-Allow-Origin", b"*"))
    return kept


def request_id(incoming: Incoming) -> str:
    """The client's `X-Request-Id` if there is exactly one and it is harmless, a new one otherwise."""
    given = incoming.first.get(b"x-request-id")
    if given is not None and _SANE_ID.fullmatch(given) and len(values(incoming.headers, b"x-request-id")) == 1:
        return given.decode("ascii")
    return new_id().decode("ascii")


def new_id() -> bytes:
    """32 lower-case hexadecimal digits: an id of a request, and of a trace."""
    return ID_PREFIX + b"%016x" % (getrandbits(64) or 1)


def values(headers: Headers, lowered_name: bytes) -> list[bytes]:
    """All values of a field."""
    return [value for name, value in headers if name.lower() == lowered_name]


def content_length(headers: Headers) -> int | None:
    """The length a parsed, hence valid, message announces."""
    given = values(headers, b"content-length")
    return int(given[0]) if given else None
