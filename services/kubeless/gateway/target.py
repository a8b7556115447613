"""
Request targets: what a client asked for, in the one form that routing looks at.

A path that means different things to different readers never gets past here: dot segments, plain or encoded, are
refused rather than resolved, because clients resolve them before they send (RFC 3986 5.2.4) and only attacks leave them
in.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from kubeless.core.errors import InvalidInput, shorten

_UNUSUAL = re.compile(rb"[^\x21-\x7e]|#")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.\-]*)(?::\d{0,5})?")


_SHORT = 128
"""Bytes of a target that is worth remembering: most are asked for again, and a long one is not to fill the memory."""
_REMEMBERED = 1024


class BadTarget(InvalidInput):
    """The request target or the host cannot be used."""


@dataclass(frozen=True, slots=True)
class Target:
    """A request target in parts."""

    path: str
    """Normalised for look-ups: escapes of unreserved characters decoded, all others in upper case."""

    raw_path: str
    """As it was sent; it has the same number of segments."""

    query: str
    """From the question mark on, or empty."""

    authority: str | None
    """The host of an absolute-form target, which counts instead of the Host header (RFC 9112 3.2.2)."""

    def rest(self, depth: int) -> bytes:
        """The target without its first `depth` segments: what a function sees behind a route's prefix."""
        position = 0
        for _ in range(depth):
            position = self.raw_path.find("/", position + 1)
            if position < 0:
                return f"/{self.query}".encode("ascii")
        return f"{self.raw_path[position:]}{self.query}".encode("ascii")


def parse_target(raw: bytes) -> Target:
    """Take an origin-form or absolute-form target apart. Raises BadTarget."""
    return _parse_short(raw) if len(raw) <= _SHORT else _parse(raw)


def _parse(raw: bytes) -> Target:
    if not raw or _UNUSUAL.search(raw):
        raise BadTarget(f"the request target holds characters that must be escaped, got {shorten(raw)}")
    text = raw.decode("ascii")
    authority = None
    if not text.startswith("/"):
        authority, text = _split_absolute(text)
    path, mark, query = text.partition("?")
    return Target(path=_normalise(path), raw_path=path, query=mark + query, authority=authority)


_parse_short = lru_cache(_REMEMBERED)(_parse)


@lru_cache(_REMEMBERED)
def normalise_host(host: str) -> str:
    """The name that routes are looked up by: lower case, without port and trailing dot. Raises BadTarget."""
    lowered = host.lower()
    match = _HOST.fullmatch(lowered)
    if match is None:
        raise BadTarget(f"the host is no name or address, got {shorten(host)}")
    return match[1].rstrip(".")


def _split_absolute(text: str) -> tuple[str, str]:
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in {"http", "https"}:
        raise BadTarget(f"the request target must be a path or an http URL, got {shorten(text)}")
    authority, slash, path = rest.partition("/")
    if "?" in authority or "@" in authority or not authority:
        raise BadTarget(f"the request target has no usable host, got {shorten(text)}")
    return authority, slash + path or "/"


def _normalise(path: str) -> str:
    if "%" in path:
        path = _ESCAPE.sub(_unescape, path)
    if "/." in path and not {".", ".."}.isdisjoint(path.split("/")):
        raise BadTarget(f"the path must not hold . or .. segments, got {shorten(path)}")
    return path


def _unescape(match: re.Match[str]) -> str:
    digits = match[1]
    if digits is None:
        raise BadTarget("the path holds a % that is not followed by two hexadecimal digits")
    character = chr(int(digits, 16))
    if character == "\0":
        raise BadTarget("the path must not hold an escaped NUL")
    return character if character in _UNRESERVED else f"%{digits.upper()}"
