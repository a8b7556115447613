"""The page for bytes that are no request: short, in the gateway's own form, with the remedy in its message."""

import orjson

from kubeless.gateway.http.problem import BadRequest

_TYPE = (b"Content-Type", b"application/json")
_SERVER = (b"Server", b"kubeless")
_LATER = (b"Retry-After", b"1")


def refusal(error: BadRequest) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body; the framing is the connection's."""
    headers = [_SERVER, _TYPE]
    if error.status == 503:
        headers.append(_LATER)
    return headers, orjson.dumps({"error": str(error)}) + b"\n"
