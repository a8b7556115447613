"""
How `spec.function` holds the source.

A content type is a word for where the bytes are (`text`, `base64`, `url`), then optionally `+zip` or `+compressedtar`
for an archive and `+deps` for an archive that brings its own dependency file. The Go controller looked for these
words anywhere in the text; so do we.
"""

from dataclasses import dataclass
from typing import Literal

from kubeless.core.errors import InvalidField

Encoding = Literal["text", "base64", "url"]
Archive = Literal["zip", "compressedtar"]


@dataclass(frozen=True, slots=True)
class ContentType:
    """A content type, taken apart."""

    encoding: Encoding
    archive: Archive | None
    brings_deps: bool
    """The dependency file is in the archive, so `spec.deps` is not written over it."""


def parse_content_type(text: str) -> ContentType:
    """
    Read `spec.function-content-type`; empty means `text`.

    Raises InvalidField for a type that names none of the encodings.
    """
    archive: Archive | None = "zip" if "zip" in text else "compressedtar" if "compressedtar" in text else None
    return ContentType(encoding=_encoding(text), archive=archive, brings_deps="deps" in text)


def _encoding(text: str) -> Encoding:
    if "base64" in text:
        return "base64"
    if "url" in text:
        return "url"
    if "text" in text or not text:
        return "text"
    raise InvalidField(
        "spec.function-content-type",
        text,
        problem=f"Unable to prepare function of type {text[:64]}: Unknown format",
        remedy="use text, base64 or url, with +zip or +compressedtar for an archive",
    )
