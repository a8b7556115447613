"""
Records as JSON lines, the form in which the command sends what it publishes.

`{"value": "text", "key": "text", "headers": [["name", "text"]], "partition": 0}`. A value that is no text is written as
`valueBase64`, a key as `keyBase64`. All but the value may be missing; a key without a value is a tombstone.
"""

import base64
import binascii
from dataclasses import dataclass

import orjson

from kubeless.core.errors import InvalidInput, shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.kafka_consumer.admin_names import MAX_RECORDS

_FIELDS = frozenset({"value", "valueBase64", "key", "keyBase64", "headers", "partition"})
_MAX_HEADERS = 1000
_MAX_PARTITION = (1 << 31) - 1


class InvalidRecord(InvalidInput):
    """A line is no record."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record to publish."""

    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None
    """None: by the key, as every Kafka client does it; without a key, any."""


def parse_records(body: bytes) -> list[Record]:
    """The records of a request; raises `InvalidRecord` that names the line."""
    lines = body.split(b"\n")
    records = [_parse_line(line, number) for number, line in enumerate(lines, start=1) if line.strip()]
    if not records:
        raise InvalidRecord('the body holds no records; send one JSON object a line, such as {"value": "hello"}')
    if len(records) > MAX_RECORDS:
        raise InvalidRecord(f"the body holds {len(records)} records; send at most {MAX_RECORDS} at once")
    return records


def parse_record(value: object) -> Record:
    """One record from its JSON object; raises `InvalidRecord`."""
    if not isinstance(value, dict):
        raise InvalidRecord(f'is no JSON object, got {shorten(value)}; write it like {{"value": "hello"}}')
    if unknown := value.keys() - _FIELDS:
        raise InvalidRecord(f"{min(unknown)}: is unknown; use {', '.join(sorted(_FIELDS))}")
    content, key = _read_bytes(value, "value"), _read_bytes(value, "key")
    if content is None and key is None:
        raise InvalidRecord("has neither value nor key; a record needs one of them")
    return Record(content, key, _read_headers(value.get("headers")), _partition(value))


def _parse_line(line: bytes, number: int) -> Record:
    try:
        return parse_record(orjson.loads(line))
    except (orjson.JSONDecodeError, InvalidRecord) as error:
        raise InvalidRecord(f"line {number}: {error}") from error


def _read_bytes(value: JsonObject, field: str) -> bytes | None:
    text, encoded = value.get(field), value.get(f"{field}Base64")
    if text is not None and encoded is not None:
        raise InvalidRecord(f"{field}: is given twice; remove {field} or {field}Base64")
    if encoded is not None:
        return _decode(encoded, f"{field}Base64")
    if text is None:
        return None
    if not isinstance(text, str):
        raise InvalidRecord(f"{field}: is no text, got {shorten(text)}; write JSON in it as a text")
    return text.encode()


def _decode(value: object, field: str) -> bytes:
    try:
        return base64.b64decode(value if isinstance(value, str) else "?", validate=True)
    except binascii.Error as error:
        raise InvalidRecord(f"{field}: is no base64, got {shorten(value)}; correct it") from error


def _read_headers(value: object) -> tuple[tuple[str, bytes], ...]:
    if value is None:
        return ()
    pairs = list(value.items()) if isinstance(value, dict) else value
    if not isinstance(pairs, list) or len(pairs) > _MAX_HEADERS:
        raise InvalidRecord(f'headers: is no list of at most {_MAX_HEADERS} pairs; write it like [["name", "text"]]')
    return tuple(_read_header(pair) for pair in pairs)


def _read_header(pair: object) -> tuple[str, bytes]:
    match pair:
        case [str(name), str(text)] | (str(name), str(text)) if name:
            return name, text.encode()
    raise InvalidRecord(f'headers: {shorten(pair)} is no pair of texts; write it like ["name", "text"]')


def _partition(value: JsonObject) -> int | None:
    number = value.get("partition")
    if number is None:
        return None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= _MAX_PARTITION:
        raise InvalidRecord(f"partition: is no number from 0 on, got {shorten(number)}; correct it")
    return number
