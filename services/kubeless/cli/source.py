"""
Source code on its way into a Function: read or downloaded once, with its content type and checksum.

A file is stored in the object, as text if it is UTF-8 and in base64 otherwise; of a URL only the address is, and the
download serves the checksum. What counts as an archive is decided by the name, as ever.
"""

import asyncio
import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kubeless.cli.failure import Fatal

STORED_LIMIT = 1 << 20
"""Bytes of source that are stored; the function's ConfigMap, like every other, holds no more than 1 MiB."""

DOWNLOAD_LIMIT = 256 << 20
"""Bytes."""

DOWNLOAD_TIMEOUT = 120.0
"""Seconds."""

_TARS = (".tar.gz", ".taz", ".tgz", ".tar.bz2", ".tb2", ".tbz", ".tbz2", ".tz2", ".tar.xz")


class SourceUnreadable(Fatal):
    """The source cannot be read."""


@dataclass(frozen=True, slots=True)
class Source:
    """What goes into the spec: `function`, `function-content-type` and `checksum`."""

    function: str
    content_type: str
    checksum: str


async def read_source(place: str) -> Source:
    """
    Read a path or an http(s) URL.

    Raises:
        SourceUnreadable: it does not exist, is too large, or the server does not give it.
    """
    if is_url(place):
        checksum = await _download(place, hashlib.sha256())
        return Source(place, "url" + archive_suffix(place.partition("?")[0]), f"sha256:{checksum}")
    data = await asyncio.to_thread(_read_file, place)
    return stored_source(data, name=place)


async def read_text(place: str) -> str:
    """
    The text of a dependency file, from a path or an http(s) URL.

    Raises:
        SourceUnreadable: as `read_source`, or it is no text.
    """
    if is_url(place):
        content = _Content()
        await _download(place, content)
        data = bytes(content.data)
    else:
        data = await asyncio.to_thread(_read_file, place)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise SourceUnreadable(f"{place}: a dependency file must be UTF-8 text, and this is not: {error}") from error


def stored_source(data: bytes, *, name: str) -> Source:
    """The source for the content of a local file."""
    suffix = archive_suffix(name)
    text = None if suffix else _as_text(data)
    checksum = f"sha256:{hashlib.sha256(data).hexdigest()}"
    if text is not None:
        return Source(text, "text", checksum)
    encoded = base64.b64encode(data).decode()
    if len(encoded) > STORED_LIMIT:
        raise _too_large(name, len(data))
    return Source(encoded, f"base64{suffix}", checksum)


def archive_suffix(name: str) -> str:
    """What the name of an archive adds to the content type."""
    if name.endswith(".zip"):
        return "+zip"
    return "+compressedtar" if name.endswith(_TARS) else ""


def is_url(place: str) -> bool:
    """Whether a place is to be downloaded."""
    return place.startswith(("http://", "https://"))


class _Content:
    """Keeps what is fed to it, up to what can be stored."""

    def __init__(self) -> None:
        self.data = bytearray()

    def update(self, chunk: bytes) -> None:
        self.data += chunk
        if len(self.data) > STORED_LIMIT:
            raise SourceUnreadable(f"the dependency file has more than {STORED_LIMIT} bytes; it cannot be stored")

    def hexdigest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def _as_text(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _read_file(place: str) -> bytes:
    try:
        with Path(place).open("rb") as file:
            data = file.read(STORED_LIMIT + 1)
    except OSError as error:
        raise SourceUnreadable(f"cannot read {place}: {error.strerror or error}") from error
    if len(data) > STORED_LIMIT:
        raise _too_large(place, Path(place).stat().st_size)
    return data


def _too_large(name: str, size: int) -> SourceUnreadable:
    return SourceUnreadable(
        f"{name}: {size} bytes are more than a function can hold (1 MiB, in base64 unless it is text); "
        "put it on a web server and give its URL to --from-file"
    )


async def _download(url: str, sink: "hashlib._Hash | _Content") -> str:
    """Feed the body behind `url` to `sink`; the digest."""
    import aiohttp

    if not urlsplit(url).hostname:
        raise SourceUnreadable(f"cannot download {url}: the URL names no host")
    timeout = aiohttp.ClientTimeout(total=DOWNLOAD_TIMEOUT, sock_connect=10.0)
    try:
        async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session, session.get(url) as response:
            if response.status != 200:
                raise SourceUnreadable(f"cannot download {url}: the server answered {response.status}")
            size = 0
            async for chunk in response.content.iter_any():
                size += len(chunk)
                if size > DOWNLOAD_LIMIT:
                    raise SourceUnreadable(f"cannot download {url}: it has more than {DOWNLOAD_LIMIT} bytes")
                sink.update(chunk)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise SourceUnreadable(f"cannot download {url}: {error or type(error).__name__}") from error
    return sink.hexdigest()
