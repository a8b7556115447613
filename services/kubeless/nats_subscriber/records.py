"""
A NATS message as an event.

The body is the message's bytes. A message that is a CloudEvent in binary mode (NATS protocol binding 1.0.2, 3.1:
headers `ce-*`) keeps its own attributes; stream, sequence and the number of deliveries go along as extensions. Order is
kept within a subject; the key within it is the header `Kubeless-Key`, or the whole subject where there is none. Where a
trigger names a token of the subject as the key, order is kept between all subjects that have the same one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

from kubeless.core.event import Event, event_type

SOURCE = "natstriggers.kubeless.io"
"""What `event-namespace` says, as ever."""

KEY = "kubeless-key"
"""The header that orders messages where a trigger asks for order by key; compared without case."""

_CLOUD_EVENT = "ce-"
_OURS = "nats"
_MAX_TYPE = 256
_MAX_KEY = 1024


@dataclass(frozen=True, slots=True)
class CoreEvent(Event):
    """An event of core NATS."""

    reply: str = ""
    """The subject on which somebody waits for the response; empty: nobody does."""


@dataclass(frozen=True, slots=True)
class StreamEvent(Event):
    """An event of JetStream."""

    identity: tuple[int, int] = (0, 0)
    """
    Sequence in the stream, and nanoseconds since the epoch at which it was stored: a stream that was made anew counts
    from the start again, but in a later time.
    """


class Position(NamedTuple):
    """What the reply subject of a JetStream message says (`$JS.ACK...`)."""

    stream: str
    delivered: int
    """How often it was delivered, this time included."""
    sequence: int
    stored: int
    """Nanoseconds since the Unix epoch."""
    pending: int
    """Messages behind it that were not delivered yet."""


def position(reply: str) -> Position | None:
    """
    Read the reply subject of a JetStream message (ADR-15); None: it is none.

    There are two forms: nine tokens, or eleven and more, which have domain and account in front.
    """
    tokens = reply.split(".")
    if len(tokens) < 9 or tokens[0] != "$JS" or tokens[1] != "ACK":
        return None
    if len(tokens) >= 11:
        del tokens[2:4]
    try:
        return Position(tokens[2], int(tokens[4]), int(tokens[5]), int(tokens[7]), int(tokens[8]))
    except ValueError:
        return None


def core_event(
    subject: str,
    data: bytes,
    headers: Mapping[str, str] | None,
    *,
    identity: str,
    reply: str,
    now: float,
    token: int = 0,
) -> CoreEvent:
    """
    The event of a core message, which has no identity but the one given.

    `token` is that of the subject which is the key, counted from 1; 0: the key is the header. `now` is seconds since
    the epoch: such a message does not say when it was published.
    """
    attributes, kind, key = _read(headers)
    key, partition = _place(subject, key, token)
    return CoreEvent(
        id=identity,
        type=kind or event_type(data),
        time=now,
        source=SOURCE,
        topic=subject,
        data=data,
        attributes=attributes,
        headers=_pairs(headers),
        key=key,
        partition=partition,
        reply=reply,
    )


def stream_event(
    subject: str, data: bytes, headers: Mapping[str, str] | None, at: Position, *, token: int = 0
) -> StreamEvent:
    """The event of a JetStream message; `token` as in `core_event`."""
    attributes, kind, key = _read(headers)
    key, partition = _place(subject, key, token)
    attributes["natsstream"] = at.stream
    attributes["natssequence"] = str(at.sequence)
    if at.delivered > 1:
        attributes["natsdelivered"] = str(at.delivered)
    return StreamEvent(
        id=f"{at.stream}/{at.sequence}",
        type=kind or event_type(data),
        time=at.stored / 1e9,
        source=SOURCE,
        topic=subject,
        data=data,
        attributes=attributes,
        headers=_pairs(headers),
        key=key,
        partition=partition,
        identity=(at.sequence, at.stored),
    )


def _place(subject: str, key: bytes, token: int) -> tuple[bytes, str]:
    """Key, and where order ends. Subjects that are too short to have the token are of one key, the empty one."""
    if not token:
        return key, subject
    tokens = subject.split(".", token)
    return (tokens[token - 1].encode() if len(tokens) >= token else b""), ""


def _read(headers: Mapping[str, str] | None) -> tuple[dict[str, str], str, bytes]:
    """CloudEvents attributes, content type and key."""
    if not headers:
        return {}, "", b""
    attributes, kind, key = {}, "", b""
    cloud_event = False
    for name, value in headers.items():
        lower = name.lower()
        if lower.startswith(_CLOUD_EVENT):
            cloud_event = cloud_event or lower == "ce-specversion"
            # Names of ours are not a publisher's to give.
            if not lower.startswith(f"{_CLOUD_EVENT}{_OURS}") and value.isprintable() and value:
                attributes[lower.removeprefix(_CLOUD_EVENT)] = unquote(value)
        elif lower == "content-type":
            kind = value if value.isascii() and value.isprintable() and len(value) <= _MAX_TYPE else ""
        elif lower == KEY:
            key = value.encode()[:_MAX_KEY]
    return (attributes if cloud_event else {}), kind, key


def _pairs(headers: Mapping[str, str] | None) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, value.encode()) for name, value in headers.items()) if headers else ()
