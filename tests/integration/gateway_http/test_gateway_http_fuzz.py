"""
Whatever bytes a client sends, the gateway neither crashes nor hangs, and a function receives the same requests that
llhttp and nginx read in what was forwarded, or nothing.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import create_server

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.rawhttp import SHORT, Recorder, World, gateway, serving, talk

FAST = type(SHORT)(head_timeout=0.05, idle_timeout=0.05, body_timeout=0.05, linger=0.02)

_LINES = st.sampled_from(
    [
        b"GET /echo HTTP/1.1",
        b"POST /echo HTTP/1.1",
        b"POST /echo?a=%0d%0a HTTP/1.1",
        b"HEAD /echo HTTP/1.1",
        b"POST http://x/echo HTTP/1.1",
        b"POST /echo HTTP/1.0",
        b"OPTIONS * HTTP/1.1",
    ]
)
_NAMES = st.sampled_from(
    [b"Host", b"Content-Length", b"Transfer-Encoding", b"Connection", b"Expect", b"Upgrade", b"X", b"TE", b"Trailer"]
)
_VALUES = st.one_of(
    st.sampled_from(
        [
            b"x",
            b"0",
            b"5",
            b"05",
            b"+5",
            b"chunked",
            b"Chunked",
            b"identity",
            b"gzip, chunked",
            b"close",
            b"keep-alive",
            b"Content-Length",
            b"upgrade",
            b"websocket",
            b"h2c",
            b"100-continue",
            b"Host, Transfer-Encoding",
        ]
    ),
    st.binary(max_size=6),
)
_ENDS = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r", b"\r\n ", b"\r\r\n", b"\x00\r\n"])
_COLONS = st.sampled_from([b": "] * 12 + [b":", b" :", b":\t", b"\x0b:"])
_BODIES = st.sampled_from(
    [
        b"",
        b"hello",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\r\n0\r\nA: b\r\n\r\n",
        b"5\nhello\n0\n\n",
        b"0\r\n\r\n",
        b"5;x\r\nhello\r\n0\r\n\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"GET /echo/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    ]
)


@st.composite
def _requests(draw: st.DrawFn) -> bytes:
    """Something like a request, with or without faults."""
    raw = draw(_LINES) + draw(_ENDS)
    if draw(st.integers(0, 9)):
        raw += b"Host: x\r\n"
    for _ in range(draw(st.integers(0, 4))):
        raw += draw(_NAMES) + draw(_COLONS) + draw(_VALUES) + draw(_ENDS)
    return raw + draw(_ENDS) + draw(_BODIES)


_BYTES = st.one_of(
    st.binary(max_size=200),
    st.lists(_requests(), min_size=1, max_size=3).map(b"".join),
    st.tuples(_requests(), st.integers(0, 300), st.binary(max_size=3)).map(
        lambda it: it[0][: it[1]] + it[2] + it[0][it[1] :]
    ),
)


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    """One loop for all examples: hypothesis calls a plain function."""
    with asyncio.Runner() as runner:
        yield runner


async def _forwarded(raw: bytes, cut: int) -> tuple[Recorder, bytes]:
    recorder = Recorder()
    async with gateway(recorder.serve, limits=FAST) as world:
        answer = await talk(world.port, raw[:cut], raw[cut:], pause=0.001)
        await _until_idle(world)
    return recorder, answer


async def _until_idle(world: World) -> None:
    async with asyncio.timeout(5):
        while world.listener.connections or "in_flight=0" not in repr(world.forwarder):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.005)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=_BYTES, cut=st.integers(0, 300))
def test_what_a_function_receives_is_the_same_for_every_reader(loop: asyncio.Runner, raw: bytes, cut: int) -> None:
    recorder, answer = loop.run(_forwarded(raw, cut))
    assert all("Upgrade" in error for error in recorder.errors)
    seen = answer.count(b"HTTP/1.1 ")  # llhttp would need to know which answers are to HEAD
    assert len([request for request in recorder.requests if request.complete]) <= max(1, seen)
    for request in recorder.requests:
        names = [name.lower() for name, _ in request.headers]
        assert names.count(b"host") == 1
        assert names.count(b"content-length") + names.count(b"transfer-encoding") <= 1
        assert request.target.startswith(b"/")


_NGINX = """\
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log {folder}/access.log; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; keepalive_requests 1000000;
  log_format requests '$request_method $request_length $status';
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{behind}; }} }}
}}
"""


@asynccontextmanager
async def _nginx(folder: Path, behind: int) -> AsyncIterator[int]:
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=port, behind=behind))
    process = await asyncio.create_subprocess_exec("nginx", "-c", str(folder / "nginx.conf"), stderr=-3)
    try:
        async with asyncio.timeout(5):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    break
        yield port
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not on PATH")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=_BYTES)
def test_nginx_reads_what_was_forwarded_as_llhttp_does(loop: asyncio.Runner, tmp_path: Path, raw: bytes) -> None:
    """The bytes that the gateway sent to a function are sent to nginx, which answers as many requests."""
    recorder, _ = loop.run(_forwarded(raw, 0))
    complete = [request for request in recorder.requests if request.complete]
    if not complete or len(complete) != len(recorder.requests) or recorder.errors:
        return
    behind = Recorder()

    async def replay() -> bytes:
        async with serving(behind.serve) as endpoint, _nginx(tmp_path, endpoint.port) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(recorder.raw + b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            async with asyncio.timeout(5):
                answer = await reader.read()
            writer.close()
            return answer

    loop.run(replay())
    expected = [(request.target, request.body) for request in complete] + [(b"/last", b"")]
    assert [(request.target, request.body) for request in behind.requests] == expected
