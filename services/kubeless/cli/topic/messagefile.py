"""
Messages from a file, in batches that fit one request.

A file is read as it is sent: one of many gigabytes needs no more memory than one batch. Lines end with a line feed;
a carriage return before it is part of the line end, as in files of Windows, and empty lines are no messages.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from kubeless.cli.failure import Fatal
from kubeless.core.jsontypes import JsonObject

BATCH_MESSAGES = 1000
BATCH_BYTES = 512 * 1024
"""How much goes into one request: enough to be fast, little enough that the bar moves."""


class Batch(NamedTuple):
    """What one request sends."""

    body: bytes
    """JSON lines as the service reads them."""
    messages: int
    read: int
    """Bytes of the input up to its end."""


def batches(lines: Iterable[bytes], defaults: Mapping[str, object], *, json_lines: bool) -> Iterator[Batch]:
    """
    Group the messages of a file. `defaults` are the fields that hold for every message which has none of its own.

    Raises:
        Fatal: a line is no message; it is named.
    """
    waiting: list[bytes] = []
    size = read = 0
    for number, line in enumerate(lines, start=1):
        read += len(line)
        text = line.rstrip(b"\n").removesuffix(b"\r")
        if not text:
            continue
        message = _read_object(text, number) if json_lines else text_fields(text)
        encoded = encode(dict(defaults) | message)
        if waiting and size + len(encoded) > BATCH_BYTES:
            yield Batch(b"\n".join(waiting), len(waiting), read - len(line))
            waiting, size = [], 0
        waiting.append(encoded)
        size += len(encoded)
        if len(waiting) == BATCH_MESSAGES:
            yield Batch(b"\n".join(waiting), len(waiting), read)
            waiting, size = [], 0
    if waiting:
        yield Batch(b"\n".join(waiting), len(waiting), read)


def text_fields(value: bytes) -> JsonObject:
    """A message that holds these bytes."""
    try:
        return {"value": value.decode()}
    except UnicodeDecodeError:
        return {"valueBase64": base64.b64encode(value).decode()}


def encode(message: JsonObject) -> bytes:
    """One line of a request."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _read_object(line: bytes, number: int) -> JsonObject:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Fatal(f"line {number}: is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Fatal(f'line {number}: is no JSON object; write it like {{"value": "hello", "key": "a"}}')
    return value
