"""
The trace an event belongs to: its source's, or one made from the event's identity.

W3C Trace Context. What the source says is passed on untouched, unless spans of ours are recorded between the two (see
`spans`): then the last of them is the parent. A trace that is made depends on the event alone, so that all attempts, in
whichever process, and the same event at several functions are one trace. It is marked as sampled, as the default
sampler of OpenTelemetry does at a root: unmarked, no function would ever record it.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
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
    parent = read_trace(event)
    if parent is None:
        # A tracestate without its traceparent means nothing (3.3.1), and baggage is of a trace we know nothing of.
        return [(b"traceparent", _made(event))]
    headers = [(b"traceparent", parent)]
    for name, wire_name in _COMPANIONS.items():
        if value := _companion(event, name):
            headers.append((wire_name, value))
    return headers


def read_trace(event: Event) -> bytes | None:
    """The `traceparent` that `event` came with; None: it belongs to no trace yet."""
    parent = _find(event.headers, TRACEPARENT) if event.headers else None
    return parent if parent is not None and _VALID.fullmatch(parent) else None


def made_trace(event: Event) -> str:
    """The id of the trace that an event without one begins: 32 hexadecimal digits."""
    return _digest(event)[:32]


def with_parent(event: Event, traceparent: bytes) -> Event:
    """`event` below a span of ours; what goes along with its own trace stays, if it came with one."""
    dropped = {TRACEPARENT} if read_trace(event) is not None else {TRACEPARENT, *_COMPANIONS}
    kept = tuple(pair for pair in event.headers if pair[0].lower() not in dropped)
    return replace(event, headers=((TRACEPARENT, traceparent), *kept))


def _companion(event: Event, name: str) -> bytes:
    value = _find(event.headers, name)
    return value if value and len(value) <= _MAX_BYTES and not _UNFIT.search(value) else b""


def _made(event: Event) -> bytes:
    digest = _digest(event)
    return f"00-{digest[:32]}-{digest[32:]}-01".encode()


def _digest(event: Event) -> str:
    return blake2b(f"{event.source} {event.id}".encode("utf-8", "replace"), digest_size=24).hexdigest()


def _find(headers: Iterable[tuple[str, bytes]], wanted: str) -> bytes | None:
    for name, value in headers:
        if name.lower() == wanted:
            return value
    return None
