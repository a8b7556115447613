"""Sources fetched from a URL, within bounds."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from kubeless.local.node.download import DownloadFailed, download


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def redirect(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/source")

    async def to_a_file(_request: web.Request) -> web.Response:
        raise web.HTTPFound("file:///etc/passwd")

    async def source(_request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 1000)

    application = web.Application()
    application.add_routes(
        [web.get("/source", source), web.get("/redirect", redirect), web.get("/to-a-file", to_a_file)]
    )
    running = TestServer(application)
    async with running:
        yield running


async def test_a_source_is_fetched_through_redirects(server: TestServer, tmp_path: Path) -> None:
    target = tmp_path / "source"
    await download(str(server.make_url("/redirect")), target, timeout=5, limit=1000)
    assert target.stat().st_size == 1000


@pytest.mark.parametrize(
    ("path", "limit", "message"),
    [("/missing", 1000, "answered 404"), ("/source", 999, "larger than"), ("/to-a-file", 1000, "file:///etc/passwd")],
)
async def test_what_cannot_be_used_is_refused(
    server: TestServer, tmp_path: Path, path: str, limit: int, message: str
) -> None:
    with pytest.raises(DownloadFailed, match=message):
        await download(str(server.make_url(path)), tmp_path / "source", timeout=5, limit=limit)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "no url", "http://[broken", ""])
async def test_only_http_urls_are_fetched(tmp_path: Path, url: str) -> None:
    with pytest.raises(DownloadFailed):
        await download(url, tmp_path / "source", timeout=5, limit=1000)


async def test_an_error_never_shows_the_password(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed) as caught:
        await download("http://user:s3cret@127.0.0.1:1/x", tmp_path / "source", timeout=5, limit=1000)
    assert "s3cret" not in str(caught.value)
