"""
The trace an event belongs to: its source's, or one made from the event's identity.

W3C Trace Context. What the source says is passed on untouched, for we add no span of our own between the two. A trace
that is made depends on the event alone, so that all attempts, in whichever process, and the same event at several
functions are one trace. It is marked as sampled, as the default sampler of OpenTelemetry does at a root: unmarked, no
function would ever record it.
"""

import re
from collections.abc import Iterable
from hashlib import blake2b

from kubeless.core.event import Event

TRACEPARENT = "traceparent"
_COMPANIONS = {"tracestate": b"tracestate", "baggage": b"baggage"}

_IDS = rb"-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
_VALID = re.compile(rb"00" + _IDS + rb"|(?!00|ff)[0-9a-f]{2}" + _IDS + rb"(-[!-~]{0,512})?")
"""Version 00 ends there; later ones may go on, and are passed on all the same (4.3)."""
_MAX_BYTES = 8192
_UNFIT = re.compile(rb"[^\t\x20-\x7e]")


def trace_headers(event: Event) -> list[tuple[bytes, bytes]]:
    """The headers that carry the trace context of `event`."""
    parent = _find(event.headers, TRACEPARENT) if event.headers else None
    if parent is None or not _VALID.fullmatch(parent):
        # A tracestate without its traceparent means nothing (3.3.1), and baggage is of a trace we know nothing of.
        return [(b"traceparent", _made(event))]
    headers = [(b"traceparent", parent)]
    for name, wire_name in _COMPANIONS.items():
        value = _find(event.headers, name)
        if value and len(value) <= _MAX_BYTES and not _UNFIT.search(value):
            headers.append((wire_name, value))
    return headers


def _made(event: Event) -> bytes:
    digest = blake2b(f"{event.source} {event.id}".encode("utf-8", "replace"), digest_size=24).hexdigest()
    return f"00-{digest[:32]}-{digest[32:]}-01".encode()


def _find(headers: Iterable[tuple[str, bytes]], wanted: str) -> bytes | None:
    for name, value in headers:
        if name.lower() == wanted:
            return value
    return None
