"""
Source code on its way into a Function: read or downloaded once, with its content type and checksum.

A file is stored in the object; of a URL only the address is, and the download serves the checksum.
"""

import asyncio
import hashlib
from pathlib import Path
from urllib.parse import urlsplit

from kubeless.manage.source import STORED_LIMIT, Source, SourceUnreadable, archive_suffix, stored_source, too_large

DOWNLOAD_LIMIT = 256 << 20
"""Bytes."""

DOWNLOAD_TIMEOUT = 120.0
"""Seconds."""


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


def _read_file(place: str) -> bytes:
    try:
        with Path(place).open("rb") as file:
            data = file.read(STORED_LIMIT + 1)
    except OSError as error:
        raise SourceUnreadable(f"cannot read {place}: {error.strerror or error}") from error
    if len(data) > STORED_LIMIT:
        raise too_large(place, Path(place).stat().st_size)
    return data


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
