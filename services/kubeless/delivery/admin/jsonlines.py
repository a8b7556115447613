"""
What is to be published, as JSON lines: the form in which the command sends it.

A line is an object, such as `{"value": "text", "headers": [["name", "text"]]}`. A value that is no text is written as
`valueBase64`. Which fields there are is up to the service.
"""

import base64
import binascii
from collections.abc import Callable
from typing import TypeVar

import orjson

from kubeless.core.errors import InvalidInput, shorten
from kubeless.core.jsontypes import JsonObject

Record = TypeVar("Record")

MAX_RECORDS = 10_000
"""Lines of one publish request."""

_MAX_HEADERS = 1000


class InvalidRecord(InvalidInput):
    """A line is no record."""


def parse_lines(body: bytes, parse: Callable[[JsonObject], Record], *, what: str) -> list[Record]:
    """The records of a request, which are called `what` in errors; raises `InvalidRecord` that names the line."""
    lines = body.split(b"\n")
    records = [_parse_line(line, number, parse) for number, line in enumerate(lines, start=1) if line.strip()]
    if not records:
        raise InvalidRecord(f'the body holds no {what}; send one JSON object a line, such as {{"value": "hello"}}')
    if len(records) > MAX_RECORDS:
        raise InvalidRecord(f"the body holds {len(records)} {what}; send at most {MAX_RECORDS} at once")
    return records


def check_fields(value: JsonObject, known: frozenset[str]) -> None:
    """Raises `InvalidRecord` for a field that is not `known`."""
    if unknown := value.keys() - known:
        raise InvalidRecord(f"{min(unknown)}: is unknown; use {', '.join(sorted(known))}")


def read_bytes(value: JsonObject, field: str) -> bytes | None:
    """What `field` or `<field>Base64` says; None if neither does. Raises `InvalidRecord`."""
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


def read_headers(value: object) -> tuple[tuple[str, str], ...]:
    """Headers, from a list of pairs or an object; raises `InvalidRecord`."""
    if value is None:
        return ()
    pairs = list(value.items()) if isinstance(value, dict) else value
    if not isinstance(pairs, list) or len(pairs) > _MAX_HEADERS:
        raise InvalidRecord(f'headers: is no list of at most {_MAX_HEADERS} pairs; write it like [["name", "text"]]')
    return tuple(_read_header(pair) for pair in pairs)


def _parse_line(line: bytes, number: int, parse: Callable[[JsonObject], Record]) -> Record:
    try:
        value = orjson.loads(line)
        if not isinstance(value, dict):
            raise InvalidRecord(f'is no JSON object, got {shorten(value)}; write it like {{"value": "hello"}}')
        return parse(value)
    except (orjson.JSONDecodeError, InvalidInput) as error:
        raise InvalidRecord(f"line {number}: {error}") from error


def _decode(value: object, field: str) -> bytes:
    try:
        return base64.b64decode(value if isinstance(value, str) else "?", validate=True)
    except binascii.Error as error:
        raise InvalidRecord(f"{field}: is no base64, got {shorten(value)}; correct it") from error


def _read_header(pair: object) -> tuple[str, str]:
    match pair:
        case [str(name), str(text)] | (str(name), str(text)) if name:
            return name, text
    raise InvalidRecord(f'headers: {shorten(pair)} is no pair of texts; write it like ["name", "text"]')
