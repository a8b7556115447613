"""
A Kafka record as an event.

The body is the value byte for byte; a null value (a tombstone) is an empty body marked by an attribute, for an empty
value is something else. A record that is a CloudEvent in binary mode (Kafka protocol binding 1.0.2, 3.2: headers
`ce_*`) keeps its own attributes. Key, partition, offset and timestamp go along as extensions.
"""

import base64
from typing import Any

from kubeless.core.event import Event, event_type
from kubeless.delivery.deadletter import DeadLetter

SOURCE = "kafkatriggers.kubeless.io"
"""What `event-namespace` says, as ever."""

TOMBSTONE = "kafkatombstone"
"""The attribute that tells a null value from an empty one."""

NULL_VALUE = "kubeless-null-value"
"""Header of a dead letter whose empty value stands for a null one: records with neither key nor value are refused."""

CONTENT_TYPE = "content-type"
_CLOUD_EVENT = "ce_"
_OURS = "kafka"
_MAX_KEY = 1024
"""Bytes of a key that go into a header; HTTP servers bound their headers. The event's own key stays whole."""
_MAX_TYPE = 256


def to_event(record: Any) -> Event:
    """The event of an aiokafka `ConsumerRecord`."""
    headers: tuple[tuple[str, bytes], ...] = record.headers
    data = b"" if record.value is None else record.value
    attributes = {
        "kafkapartition": str(record.partition),
        "kafkaoffset": str(record.offset),
        "kafkatimestamp": str(record.timestamp),
    }
    if record.value is None:
        attributes[TOMBSTONE] = "true"
    if record.key is not None:
        attributes |= _key_attributes(record.key)
    kind = ""
    if headers:
        attributes |= _cloud_event(headers)
        kind = _content_type(headers)
    return Event(
        id=f"{record.topic}/{record.partition}/{record.offset}",
        type=kind or event_type(data),
        time=record.timestamp / 1000,
        source=SOURCE,
        topic=record.topic,
        data=data,
        attributes=attributes,
        headers=headers,
        key=record.key,
        partition=record.partition,
    )


def letter_record(letter: DeadLetter) -> tuple[bytes | None, list[tuple[str, bytes]]]:
    """
    Value and headers of the record that keeps `letter`.

    A null value stays one if there is a key. Without a key, clients such as aiokafka refuse to write it though they
    read it; then it is empty and marked, and `letter_value` tells what it was.
    """
    event, headers = letter.event, letter.headers()
    if not event.attributes.get(TOMBSTONE):
        return event.data, headers
    if event.key is not None:
        return None, headers
    return b"", [*headers, (NULL_VALUE, b"true")]


def letter_value(value: bytes | None, headers: tuple[tuple[str, bytes], ...]) -> bytes | None:
    """The value that the original record of a dead letter had."""
    return None if value == b"" and (NULL_VALUE, b"true") in headers else value


def _key_attributes(key: bytes) -> dict[str, str]:
    if len(key) > _MAX_KEY:
        return {"kafkakeysize": str(len(key))}
    try:
        text = key.decode()
    except UnicodeDecodeError:
        return {"kafkakeybase64": base64.b64encode(key).decode()}
    return {"kafkakey": text} if text.isprintable() else {"kafkakeybase64": base64.b64encode(key).decode()}


def _cloud_event(headers: tuple[tuple[str, bytes], ...]) -> dict[str, str]:
    if not any(name == "ce_specversion" for name, _ in headers):
        return {}
    found = {}
    for name, value in headers:
        text = _printable(value)
        # Names of ours are not a producer's to give: a tombstone is told from an empty value by one of them.
        if name.startswith(_CLOUD_EVENT) and not name.startswith(f"{_CLOUD_EVENT}{_OURS}") and text:
            found[name.removeprefix(_CLOUD_EVENT)] = text
    return found


def _content_type(headers: tuple[tuple[str, bytes], ...]) -> str:
    for name, value in headers:
        if name.lower() == CONTENT_TYPE:
            text = _printable(value)
            return text if text.isascii() and len(text) <= _MAX_TYPE else ""
    return ""


def _printable(value: bytes | None) -> str:
    """A header as text; empty if it is null, binary, or holds what could end a header."""
    try:
        text = (value or b"").decode()
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""
