"""
An event as the headers of a request: those of Kubeless, and CloudEvents 1.0 in binary mode.

Functions of Kubeless find `event-id`, `event-type`, `event-time`, `event-namespace` and `event-topic`; functions that
know CloudEvents find `ce-*`, with values encoded as the HTTP binding says (3.1.3.2). Whatever an event holds, what
comes out is a valid header: sources are hostile, and one that smuggled a line break in would speak to the function in
our name.

What all events of a topic share is made once. The rest is one `format` or so per header: this runs for every attempt.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from kubeless.core.event import Event
from kubeless.delivery.trace import trace_headers

Headers = list[tuple[bytes, bytes]]

_CACHED = 1024
"""Different topics, types and attribute names whose bytes are remembered; NATS subjects have no end."""

_OWN_ATTRIBUTES = frozenset({"id", "source", "specversion", "subject", "time", "type", "datacontenttype"})
_ATTRIBUTE_NAME = re.compile(r"[a-z0-9]{1,64}")

_CE_UNFIT = re.compile(r"[^!#$&-~]")
"""CloudEvents HTTP binding 3.1.3.2: everything but printable ASCII, and space, double quote and percent, is encoded."""
_CE_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
_PLAIN_UNFIT = re.compile(r"[^ -~]")
_PLAIN_SAFE = "".join(chr(code) for code in range(0x20, 0x7F))


def event_headers(event: Event, user_agent: bytes) -> Headers:
    """The headers of the request that carries `event`; the transport adds the framing ones."""
    # To the microsecond: a float of today's size holds no more.
    seconds, fraction = divmod(round(event.time * 1e6), 1_000_000)
    second, microseconds = _second(seconds), b"%06d" % fraction
    headers = [
        *_shared(event.source, event.topic, event.type, user_agent),
        (b"event-id", plain(event.id)),
        (b"event-time", plain(event.time_text) or b"%b.%b +0000 UTC" % (second.replace(b"T", b" "), microseconds)),
    ]
    moment = b"%b.%bZ" % (second, microseconds)
    if event.attributes and not _OWN_ATTRIBUTES.isdisjoint(event.attributes):
        headers += _merged(event, moment)
    else:
        headers += _cloud_event(event.source, event.topic)
        headers += ((b"ce-id", encoded(event.id)), (b"ce-time", moment))
        for name, value in event.attributes.items():
            if wire_name := _wire_name(name):
                headers.append((wire_name, encoded(value)))
    headers += trace_headers(event)
    return headers


def plain(text: str) -> bytes:
    """A header value of ours: printable ASCII stays, everything else is percent-encoded."""
    if _PLAIN_UNFIT.search(text) is None:
        return text.encode()
    return quote(text, safe=_PLAIN_SAFE, errors="replace").encode()


def encoded(text: str) -> bytes:
    """The value of a CloudEvents attribute as a header (HTTP binding 3.1.3.2)."""
    if _CE_UNFIT.search(text) is None:
        return text.encode()
    return quote(text, safe=_CE_SAFE, errors="replace").encode()


@lru_cache(_CACHED)
def _shared(source: str, topic: str, kind: str, user_agent: bytes) -> Headers:
    media_type = plain(kind)
    headers = [
        (b"User-Agent", user_agent),
        (b"Content-Type", media_type),
        (b"event-type", media_type),
        (b"event-namespace", plain(source)),
    ]
    return [*headers, (b"event-topic", plain(topic))] if topic else headers


@lru_cache(_CACHED)
def _cloud_event(source: str, topic: str) -> Headers:
    headers = [
        (b"ce-specversion", b"1.0"),
        (b"ce-type", encoded(f"io.kubeless.{source.partition('.')[0]}")),
        (b"ce-source", encoded(source)),
    ]
    return [*headers, (b"ce-subject", encoded(topic))] if topic else headers


def _merged(event: Event, moment: bytes) -> Headers:
    """The source holds a CloudEvent of its own: what it says of itself goes before what we would."""
    ours = dict([*_cloud_event(event.source, event.topic), (b"ce-id", encoded(event.id)), (b"ce-time", moment)])
    if "source" in event.attributes:
        # Another source's event is about whatever it says, not about our topic.
        ours.pop(b"ce-subject", None)
    for name, value in event.attributes.items():
        wire_name = _wire_name(name)
        if wire_name and name not in ("specversion", "datacontenttype"):
            ours[wire_name] = encoded(value)
    return list(ours.items())


@lru_cache(_CACHED)
def _wire_name(name: str) -> bytes | None:
    return f"ce-{name}".encode() if _ATTRIBUTE_NAME.fullmatch(name) else None


@lru_cache(16)
def _second(seconds: int) -> bytes:
    """RFC 3339 without a fraction and a zone. A time outside the calendar, which a broker may hold, is the epoch."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        moment = datetime.fromtimestamp(0, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}".encode()
