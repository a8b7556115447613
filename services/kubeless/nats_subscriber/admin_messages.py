"""
Messages as JSON lines, the form in which the command sends what it publishes.

`{"value": "text", "headers": [["name", "text"]]}`; `valueBase64` for what is no text.
"""

import re
from dataclasses import dataclass

from kubeless.core.errors import shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.jsonlines import InvalidRecord, check_fields, parse_lines, read_bytes, read_headers

_FIELDS = frozenset({"value", "valueBase64", "headers"})
_NAME = re.compile(r"[!-9;-~]{1,256}")
"""Printable ASCII but the colon (ADR-4)."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to publish."""

    data: bytes
    headers: dict[str, str] | None = None


def parse_messages(body: bytes) -> list[Message]:
    """The messages of a request; raises `InvalidRecord` that names the line."""
    return parse_lines(body, parse_message, what="messages")


def parse_message(value: JsonObject) -> Message:
    """One message from its JSON object; raises `InvalidRecord`."""
    check_fields(value, _FIELDS)
    data = read_bytes(value, "value")
    if data is None:
        raise InvalidRecord('has no value; write it like {"value": "hello"}')
    headers = dict(read_headers(value.get("headers")))
    for name, text in headers.items():
        if not _NAME.fullmatch(name) or text != text.strip() or not text.isprintable():
            raise InvalidRecord(f"headers: NATS does not take {shorten((name, text))}; use printable text, no colon")
    return Message(data, headers or None)
