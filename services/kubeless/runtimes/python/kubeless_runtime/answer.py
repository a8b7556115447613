"""
What a function returns, as an HTTP response.

Text and bytes are sent as they are, a dict as JSON, a list of texts joined, nothing as an empty body. An object
that looks like Bottle's HTTPResponse (`status_code`, `headers`, `body`), returned or raised, sets status and
headers as well. What `request.stream()` makes, and an asynchronous iterator, is sent part by part.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

TEXT = "text/html; charset=UTF-8"
"""What the original server announced for everything that is not JSON."""
JSON = "application/json"

_MAX_ITERATED = 256 * 1024 * 1024
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_UNSAFE_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = frozenset({"connection", "content-length", "date", "keep-alive", "trailer", "transfer-encoding", "upgrade"})
_RETURNABLE = "return a str, bytes, dict, list of str, None, or an HTTPResponse"


class UnusableAnswer(Exception):
    """What the function returned cannot be sent; the message tells what can."""


class Answer:
    """Status, headers (without those that frame the message) and body of a response."""

    __slots__ = ("body", "content_type", "headers", "status")

    def __init__(
        self, status: int, body: bytes, *, content_type: str = TEXT, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = headers


class Stream(Answer):
    """A response whose parts are sent as they come: `parts` is an iterable, asynchronous or not, of texts."""

    __slots__ = ("parts",)

    def __init__(
        self,
        parts: Any,
        *,
        status: int = 200,
        content_type: str = TEXT,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    ) -> None:
        """
        Raises:
            UnusableAnswer: these are no parts, or status or headers cannot be sent.
        """
        if isinstance(parts, (str, bytes, dict)) or not (hasattr(parts, "__aiter__") or hasattr(parts, "__iter__")):
            raise UnusableAnswer("a stream of %s cannot be sent: give an iterator of str or bytes" % _kind(parts))
        if not isinstance(status, int) or not 200 <= status <= 599 or status in (204, 304):
            raise UnusableAnswer("the stream's status is %r: give a number from 200 to 599 that has a body" % (status,))
        pairs = headers.items() if hasattr(headers, "items") else headers
        super().__init__(status, b"", content_type=content_type, headers=_sendable(pairs, content_type))
        self.parts = parts


def plain(status: int, text: str) -> Answer:
    """An answer of the server itself."""
    return Answer(status, text.encode() + b"\n", content_type="text/plain; charset=utf-8")


def is_response(value: object) -> bool:
    """Whether this is an HTTPResponse of Bottle, or looks like one."""
    return not isinstance(value, type) and all(hasattr(value, name) for name in ("status_code", "headers", "body"))


def encode(value: Any) -> Answer:
    """
    The response for what a function returned. Iterates over generators, so it may take as long as they do.

    Raises:
        UnusableAnswer: the value is of another type, or status or headers cannot be sent.
    """
    if isinstance(value, Stream):
        return value
    if isinstance(value, str):
        return Answer(200, value.encode("utf-8", "surrogatepass"))
    if is_response(value):
        return _encode_response(value)
    if hasattr(value, "__aiter__"):
        return Stream(value)
    body, content_type = _encode_body(value)
    return Answer(200, body, content_type=content_type)


def _encode_body(value: Any) -> tuple[bytes, str]:
    if isinstance(value, dict):
        return _json(value), JSON
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass"), TEXT
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value), TEXT
    if value is None or (isinstance(value, (bool, int, float, list, tuple)) and not value):
        return b"", TEXT
    if not hasattr(value, "__iter__"):
        raise UnusableAnswer("the function returned %s, which cannot be sent: %s" % (_kind(value), _RETURNABLE))
    return _join(value), TEXT


def _join(parts: Iterable[Any]) -> bytes:
    joined = bytearray()
    for part in parts:
        if isinstance(part, str):
            joined += part.encode("utf-8", "surrogatepass")
        elif isinstance(part, (bytes, bytearray, memoryview)):
            joined += part
        else:
            kinds = (_kind(parts), _kind(part))
            raise UnusableAnswer("the function returned %s with %s in it: %s" % (*kinds, _RETURNABLE))
        if len(joined) > _MAX_ITERATED:
            raise UnusableAnswer("the function returned more than %d bytes in parts" % _MAX_ITERATED)
    return bytes(joined)


def _json(value: dict[Any, Any]) -> bytes:
    import json

    try:
        return json.dumps(value).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise UnusableAnswer("the function returned a dict that is no JSON: %s" % error) from error


def _encode_response(value: Any) -> Answer:
    status = value.status_code
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise UnusableAnswer("the response's status is %r: give a number from 200 to 599" % (status,))
    body, content_type = _encode_body(value.body)
    pairs = [(str(name), str(text)) for name, text in _header_pairs(value)]
    given = [text for name, text in pairs if name.lower() == "content-type"]
    if given and not (content_type == JSON and given[-1] == TEXT):  # Bottle's default, which nobody chose for a dict
        content_type = given[-1]
    return Answer(status, body, content_type=content_type, headers=_sendable(pairs, content_type))


def _sendable(pairs: Iterable[tuple[str, str]], content_type: str) -> tuple[tuple[str, str], ...]:
    """The headers without those that are not the function's to set. Raises UnusableAnswer."""
    headers = tuple(pair for pair in pairs if pair[0].lower() not in _OURS and pair[0].lower() != "content-type")
    for name, text in (*headers, ("Content-Type", content_type)):
        if not _NAME.fullmatch(name) or _UNSAFE_VALUE.search(text):
            raise UnusableAnswer(
                "the response's header %r: %r contains characters that no header may have" % (name, text)
            )
    return headers


def _header_pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    """Bottle's `headerlist` has the cookies too, which its `headers` lack."""
    pairs = getattr(value, "headerlist", None)
    if pairs is None:
        pairs = value.headers.items() if hasattr(value.headers, "items") else value.headers or ()
    return list(pairs)


def _kind(value: object) -> str:
    name = type(value).__name__
    return ("an " if name[0] in "aeiou" else "a ") + name
