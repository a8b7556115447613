"""
What happens to header fields on the way through.

Hop-by-hop fields end here in both directions (RFC 9110 7.6.1): the fixed ones and those that `Connection` names. Going
in, the `X-Forwarded-*` fields get our view appended at their ends: the last entry of each is the one this gateway
vouches for, whatever a client wrote before it.
"""

import re
import secrets

from kubeless.delivery.transport.request import Headers

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
    {b"content-length", b"host", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-request-id"}
)
_ADDED_TO_ANSWER = frozenset({b"content-length", b"x-request-id"})

# What ids of tracing systems, UUIDs and base64 are made of; short enough for a log line.
_SANE_ID = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")

Pairs = list[tuple[bytes, bytes]]


def for_function(headers: Headers, *, peer: str, scheme: str, host: bytes, request_id: str) -> Pairs:
    """The header fields of the request to the function; Host and framing are the transport's."""
    dropped = _HOP_BY_HOP | _REWRITTEN | _named_by_connection(headers)
    kept: Pairs = []
    before: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        lowered = name.lower()
        if lowered not in dropped:
            kept.append((name, value))
        elif lowered.startswith(b"x-forwarded-"):
            before.setdefault(lowered, []).append(value)
    for name, ours in (
        (b"X-Forwarded-For", peer.encode("ascii", "replace")),
        (b"X-Forwarded-Proto", scheme.encode("ascii")),
        (b"X-Forwarded-Host", host),
    ):
        kept.append((name, b", ".join([*before.get(name.lower(), ()), ours])))
    kept.append((b"X-Request-Id", request_id.encode("ascii")))
    return kept


def for_client(headers: Headers, *, request_id: str, cors: bool) -> Pairs:
    """The header fields of the answer; its length is given apart."""
    dropped = _HOP_BY_HOP | _ADDED_TO_ANSWER | _named_by_connection(headers)
    kept = [(name, value) for name, value in headers if name.lower() not in dropped]
    kept.append((b"X-Request-Id", request_id.encode("ascii")))
    if cors and not any(name.lower() == b"access-control-allow-origin" for name, _ in kept):
        kept.append((b"Access-Control-Allow-Origin", b"*"))
    return kept


def request_id(headers: Headers) -> str:
    """The client's `X-Request-Id` if there is exactly one and it is harmless, a new one otherwise."""
    given = values(headers, b"x-request-id")
    if len(given) == 1 and _SANE_ID.fullmatch(given[0]):
        return given[0].decode("ascii")
    return secrets.token_hex(16)


def values(headers: Headers, lowered_name: bytes) -> list[bytes]:
    """All values of a field."""
    return [value for name, value in headers if name.lower() == lowered_name]


def content_length(headers: Headers) -> int | None:
    """The length a parsed, hence valid, message announces."""
    given = values(headers, b"content-length")
    return int(given[0]) if given else None


def _named_by_connection(headers: Headers) -> frozenset[bytes]:
    named = [value for name, value in headers if len(name) == 10 and name.lower() == b"connection"]
    return frozenset(option.strip().lower() for value in named for option in value.split(b","))
