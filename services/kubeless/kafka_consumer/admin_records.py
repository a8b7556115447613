"""
Records as JSON lines, the form in which the command sends what it publishes.

`{"value": "text", "key": "text", "headers": [["name", "text"]], "partition": 0}`; `valueBase64` and `keyBase64` for
what is no text. All but the value may be missing; a key without a value is a tombstone.
"""

from dataclasses import dataclass

from kubeless.core.errors import shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.jsonlines import InvalidRecord, check_fields, parse_lines, read_bytes, read_headers

_FIELDS = frozenset({"value", "valueBase64", "key", "keyBase64", "headers", "partition"})
_MAX_PARTITION = (1 << 31) - 1


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
    return parse_lines(body, parse_record, what="records")


def parse_record(value: JsonObject) -> Record:
    """One record from its JSON object; raises `InvalidRecord`."""
    check_fields(value, _FIELDS)
    content, key = read_bytes(value, "value"), read_bytes(value, "key")
    if content is None and key is None:
        raise InvalidRecord("has neither value nor key; a record needs one of them")
    headers = tuple((name, text.encode()) for name, text in read_headers(value.get("headers")))
    return Record(content, key, headers, _partition(value))


def _partition(value: JsonObject) -> int | None:
    number = value.get("partition")
    if number is None:
        return None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= _MAX_PARTITION:
        raise InvalidRecord(f"partition: is no number from 0 on, got {shorten(number)}; correct it")
    return number
