"""Fetch a function's source from its URL, within bounds of size and time."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from kubeless.core.errors import KubelessError, shorten

_CHUNK = 1 << 18
_REDIRECTS = 10


class DownloadFailed(KubelessError):
    """The source cannot be fetched."""

    retriable = True


async def download(url: str, target: Path, *, timeout: float, limit: int) -> None:
    """
    Fetch `url` (http or https, redirects followed) into the file `target`; at most `limit` bytes in `timeout` seconds.

    Raises:
        DownloadFailed: the message names the URL and the reason, never its user and password.
    """
    shown = _check(url)
    try:
        async with asyncio.timeout(timeout):
            await _fetch(url, target, limit=limit, shown=shown)
    except TimeoutError as error:
        raise DownloadFailed(f"{shown}: not fetched within {timeout:g} s") from error
    except (aiohttp.ClientError, ValueError) as error:
        raise DownloadFailed(f"{shown}: {error}") from error
    except OSError as error:
        raise DownloadFailed(f"{shown}: {error.strerror or error}") from error


def _check(url: str) -> str:
    """The URL as it may be shown."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise DownloadFailed(f"{shorten(url)}: not a URL: {error}") from error
    if parts.scheme not in ("http", "https"):
        raise DownloadFailed(f"{shorten(url)}: only http and https URLs are fetched")
    return shorten(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(), 200)


async def _fetch(url: str, target: Path, *, limit: int, shown: str) -> None:
    # The session takes the proxies of the environment, as curl would.
    async with (
        aiohttp.ClientSession(trust_env=True, auto_decompress=False) as session,
        session.get(url, max_redirects=_REDIRECTS, headers={"Accept-Encoding": "identity"}) as response,
    ):
        if response.status != 200:
            raise DownloadFailed(f"{shown}: the server answered {response.status}")
        await _save(response.content, target, limit=limit, shown=shown)


async def _save(content: aiohttp.StreamReader, target: Path, *, limit: int, shown: str) -> None:
    size = 0
    with await asyncio.to_thread(target.open, "wb") as file:
        async for chunk in content.iter_chunked(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise DownloadFailed(f"{shown}: larger than {limit >> 20} MiB")
            await asyncio.to_thread(file.write, chunk)
