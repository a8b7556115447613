"""
Source code as it is stored in a Function: as text if it is UTF-8 and in base64 otherwise, with its checksum.

What counts as an archive is decided by the name, as ever.
"""

import base64
import hashlib
from dataclasses import dataclass

from kubeless.core.errors import KubelessError

STORED_LIMIT = 1 << 20
"""Bytes of source that are stored; the function's ConfigMap, like every other, holds no more than 1 MiB."""

_TARS = (".tar.gz", ".taz", ".tgz", ".tar.bz2", ".tb2", ".tbz", ".tbz2", ".tz2", ".tar.xz")


class SourceUnreadable(KubelessError):
    """The source cannot be read."""


@dataclass(frozen=True, slots=True)
class Source:
    """What goes into the spec: `function`, `function-content-type` and `checksum`."""

    function: str
    content_type: str
    checksum: str


def stored_source(data: bytes, *, name: str) -> Source:
    """The source for the content of a local file."""
    suffix = archive_suffix(name)
    text = None if suffix else _as_text(data)
    checksum = f"sha256:{hashlib.sha256(data).hexdigest()}"
    if text is not None:
        return Source(text, "text", checksum)
    encoded = base64.b64encode(data).decode()
    if len(encoded) > STORED_LIMIT:
        raise too_large(name, len(data))
    return Source(encoded, f"base64{suffix}", checksum)


def archive_suffix(name: str) -> str:
    """What the name of an archive adds to the content type."""
    if name.endswith(".zip"):
        return "+zip"
    return "+compressedtar" if name.endswith(_TARS) else ""


def _as_text(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def too_large(name: str, size: int) -> SourceUnreadable:
    """The error for `size` bytes of source."""
    return SourceUnreadable(
        f"{name}: {size} bytes are more than a function can hold (1 MiB, in base64 unless it is text); "
        "put it on a web server and give its URL to --from-file"
    )
