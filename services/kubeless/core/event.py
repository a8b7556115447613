"""
An event: what a source hands to the delivery engine, and what a function gets as one request.

An event knows nothing of the broker it came from. What only the source understands (the offset to commit, the message
to acknowledge) stays with the source; here is what the function sees, what order it has to keep, and what a dead letter
needs to be as good as the original.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import orjson

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
"""What Kubeless calls everything that is not a JSON object."""

NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Event:
    """One event. Never changed once offered."""

    id: str
    """Deterministic, so that a redelivered event carries the same one: `<topic>/<partition>/<offset>`."""

    type: str
    """The media type of `data`: what the source says, else see `event_type`."""

    time: float
    """When it happened: seconds since the Unix epoch (UTC)."""

    source: str
    """What `event-namespace` says, such as `kafkatriggers.kubeless.io`."""

    topic: str
    """Where it was published; empty if the source knows no topics."""

    data: bytes
    """The body, untouched; empty for a null value."""

    attributes: Mapping[str, str] = field(default_factory=lambda: NO_ATTRIBUTES)
    """
    CloudEvents attributes by name without the `ce-` prefix: extensions such as `kafkapartition`, or, where the source
    holds a CloudEvent, its own `id`, `source`, `type`, `subject`, `time`, which then replace ours. Names are lower-case
    letters and digits (CloudEvents 1.0, 3.1); others are not sent.
    """

    headers: tuple[tuple[str, bytes], ...] = ()
    """The headers it had at its source, for the dead letter and the trace context."""

    key: bytes | None = None
    """Events with the same key keep their order where a trigger asks for that. None: no order."""

    partition: Hashable = None
    """Where order ends: events of different partitions have none among each other."""

    method: str = "POST"
    """Of the request; `GET` for an event without a body whose source says so."""

    time_text: str = ""
    """What `event-time` says where a source has a form of its own; empty: `time` in the common form."""


def event_type(data: bytes) -> str:
    """
    The media type of a body whose source does not name one, by the rule of Kubeless: JSON if it parses as a JSON object
    or is the literal `null`; arrays, numbers and texts do not count.
    """
    start = data[:1] if data[:1] in _JSON_STARTS else data.lstrip(_JSON_SPACE)[:1]
    if start not in _JSON_STARTS:
        return FORM
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return FORM
    # What starts like this and parses is an object or null.
    return JSON


_JSON_STARTS = frozenset({b"{", b"n"})
_JSON_SPACE = b" \t\r\n"
