"""
What a function returns, as status, header lines (without those that frame the message) and body, all bytes.

Text and bytes are sent as they are, a dict as JSON, an iterable of texts joined, nothing as an empty body. An object
that looks like Bottle's HTTPResponse (`status_code`, `headers`, `body`), returned or raised, sets status and headers
as well.
"""

import json
import re

from .texts import TEXT_TYPE, encoded

TEXT = "text/html; charset=UTF-8"
JSON = "application/json"

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_UNSAFE_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = ("connection", "content-length", "date", "keep-alive", "trailer", "transfer-encoding", "upgrade")
_RETURNABLE = "return a str, bytes, dict, list of str, None, or an HTTPResponse"
_TEXTS = (TEXT_TYPE, bytes, bytearray)


class UnusableAnswer(Exception):
    """What the function returned cannot be sent; the message tells what can."""


def is_response(value):
    """Whether this is an HTTPResponse of Bottle, or looks like one."""
    return not isinstance(value, type) and all(hasattr(value, name) for name in ("status_code", "headers", "body"))


def encode(value):
    """Status, header lines and body. Raises UnusableAnswer."""
    if is_response(value):
        return _encode_response(value)
    body, content_type = _encode_body(value)
    return 200, _header_lines([], content_type), body


def plain(status, text):
    """An answer of the server itself."""
    return status, _header_lines([], "text/plain; charset=utf-8"), encoded(text)


def _encode_body(value):
    if isinstance(value, dict):
        return _json(value), JSON
    if isinstance(value, _TEXTS):
        return encoded(value), TEXT
    if value is None or (isinstance(value, (bool, int, float, list, tuple)) and not value):
        return b"", TEXT
    if not hasattr(value, "__iter__"):
        raise UnusableAnswer("the function returned a %s, which cannot be sent: %s" % (_kind(value), _RETURNABLE))
    return b"".join(_parts(value)), TEXT


def _parts(value):
    for part in value:
        if not isinstance(part, _TEXTS):
            kinds = (_kind(value), _kind(part), _RETURNABLE)
            raise UnusableAnswer("the function returned a %s with a %s in it: %s" % kinds)
        yield encoded(part)


def _json(value):
    try:
        return encoded(json.dumps(value))
    except (TypeError, ValueError, RuntimeError) as error:  # the last one: too deep
        raise UnusableAnswer("the function returned a dict that is no JSON: %s" % error)


def _encode_response(value):
    status = value.status_code
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise UnusableAnswer("the response's status is %r: give a number from 200 to 599" % (status,))
    body, content_type = _encode_body(value.body)
    pairs = _header_pairs(value)
    given = [text for name, text in pairs if name.lower() == "content-type"]
    if given and not (content_type == JSON and given[-1] == TEXT):  # Bottle's default, which nobody chose for a dict
        content_type = given[-1]
    return status, _header_lines(pairs, content_type), body


def _header_pairs(value):
    """Bottle's `headerlist` has the cookies too, which its `headers` lack."""
    pairs = getattr(value, "headerlist", None)
    if pairs is None:
        pairs = value.headers.items() if hasattr(value.headers, "items") else value.headers or ()
    return [(str(name), str(text)) for name, text in pairs]


def _header_lines(pairs, content_type):
    left_out = _OURS + ("content-type",)
    kept = [pair for pair in pairs if pair[0].lower() not in left_out]
    lines = []
    for name, text in kept + [("Content-Type", content_type)]:
        if not _NAME.match(name) or _UNSAFE_VALUE.search(text):
            raise UnusableAnswer("the header %r: %r contains characters that no header may have" % (name, text))
        lines.append("%s: %s\r\n" % (name, text))
    return encoded("".join(lines))


def _kind(value):
    return type(value).__name__
