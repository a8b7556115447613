"""What comes to the TLS port without being a good handshake, and what a good handshake does not excuse."""

import asyncio
import shutil
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from kubeless.gateway.http.listener import Listener
from kubeless.gateway.route import Route
from kubeless.gateway.secretwatch import Secret
from kubeless.gateway.tlsstore import TlsStore
from kubeless.kube.cache import ObjectKey
from support.rawcases import CASES, Case
from support.rawhttp import SHORT, Recorder, gateway, statuses
from support.servercertificates import make_certificate

HOST = "x.example.com"
GET = b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
BODY_CUT_OFF = [
    b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello",
    b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
]


def store() -> TlsStore:
    """One route, with a certificate for its host."""
    made = make_certificate(HOST)
    tls = TlsStore()
    tls.put(Route(key=("n", "t"), host=HOST, prefix="", namespace="n", function="f", tls_secret="c"))
    tls.set_secret(ObjectKey("n", "c"), Secret("kubernetes.io/tls", {"tls.crt": made.certificate, "tls.key": made.key}))
    return tls


@asynccontextmanager
async def door(recorder: Recorder) -> AsyncIterator[Listener]:
    """A TLS port before a gateway whose function is the recorder."""
    async with (
        gateway(recorder.serve) as world,
        Listener(
            world.forwarder.begin,
            host="127.0.0.1",
            port=0,
            limits=SHORT,
            tls=store().context,
            expressway=world.forwarder.expressway,
        ) as listener,
    ):
        yield listener


def client(*, lowest: ssl.TLSVersion | None = None, highest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """One that trusts the certificate."""
    context = make_certificate(HOST).trust
    if lowest is not None:
        context.minimum_version = lowest
    if highest is not None:
        context.maximum_version = highest
    return context


async def talk_tls(port: int, *pieces: bytes, context: ssl.SSLContext | None = None, name: str = HOST) -> bytes:
    """Send by TLS and read until the gateway closes."""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context or client(), server_hostname=name)
        try:
            writer.writelines(pieces)
            return await everything(reader)
        finally:
            writer.transport.abort()


async def everything(reader: asyncio.StreamReader) -> bytes:
    """What comes until the end, or until the connection breaks."""
    answer = b""
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            answer += data
    return answer


async def talk_plain(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """As above, without TLS, with a pause between the pieces."""
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        reading = asyncio.create_task(everything(reader))
        try:
            for piece in pieces:
                writer.write(piece)
                await asyncio.wait({reading}, timeout=pause)
                if reading.done():
                    break
            return await reading
        finally:
            writer.transport.abort()


def hello(name: str = HOST) -> bytes:
    """The first message of a handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


async def assert_serves(listener: Listener) -> None:
    """Whatever came before, the next client is served, and nothing of the others is left."""
    assert statuses(await talk_tls(listener.port, GET)) == (200,)
    async with asyncio.timeout(5):
        while listener.connections:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "sent",
    [
        GET,
        b"",
        b"\x16",
        b"\x16\x03\x01\xff\xff" + b"\0" * 100,
        b"\x80\x2e\x01\x00\x02" + b"\0" * 100,
        b"\x00" * 1000,
        hello()[:5],
        hello()[:100],
        hello()[:-1],
        hello() + GET,
    ],
    ids=lambda sent: sent[:6].hex() + f" {len(sent)}",
)
async def test_what_is_no_handshake_ends_in_time_and_reaches_nobody(sent: bytes) -> None:
    recorder = Recorder()
    async with door(recorder) as listener:
        answer = await talk_plain(listener.port, sent)
        assert b"HTTP/1.1 200" not in answer
        assert not recorder.requests
        await assert_serves(listener)


# Python reports a name that is no ASCII to sys.unraisablehook, and nobody can catch it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", [b"\xff" * len(HOST), b"\0" * len(HOST), b"." * len(HOST), b"*.example.com"])
async def test_a_name_that_is_none_ends_the_handshake(name: bytes) -> None:
    async with door(Recorder()) as listener:
        answer = await talk_plain(listener.port, hello().replace(HOST.encode(), name))
        assert not answer.startswith(b"\x16"), "the certificate was shown"
        await assert_serves(listener)


async def test_a_handshake_that_trickles_ends_in_time() -> None:
    async with door(Recorder()) as listener:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await talk_plain(listener.port, *[bytes([byte]) for byte in hello()], pause=0.02)
        assert loop.time() - begun < 2.0
        await assert_serves(listener)


@pytest.mark.parametrize("cut", [0, 1, 5, 100, len(hello())])
async def test_a_reset_within_a_handshake_leaves_nothing_behind(cut: int) -> None:
    async with door(Recorder()) as listener:
        with socket.create_connection(("127.0.0.1", listener.port)) as peer:
            peer.sendall(hello()[:cut])
            await asyncio.sleep(0.02)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await assert_serves(listener)


@pytest.mark.parametrize("name", ["y.example.com", "example.com", "a.x.example.com", "127.0.0.1", "xn--a.example.com"])
async def test_a_name_without_a_certificate_is_refused(name: str) -> None:
    careless = ssl.create_default_context()
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    async with door(Recorder()) as listener:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await talk_tls(listener.port, GET, context=careless, name=name)
        await assert_serves(listener)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_an_old_protocol_is_refused(version: ssl.TLSVersion) -> None:
    old = client(lowest=version, highest=version)
    old.set_ciphers("ALL:@SECLEVEL=0")
    async with door(Recorder()) as listener:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await talk_tls(listener.port, GET, context=old)
        await assert_serves(listener)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_protocol_of_today_is_spoken(version: ssl.TLSVersion) -> None:
    async with door(Recorder()) as listener:
        answer = await talk_tls(listener.port, GET, context=client(lowest=version, highest=version))
        assert statuses(answer) == (200,)


async def test_renegotiation_is_refused() -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not on PATH")
    recorder = Recorder()
    async with door(recorder) as listener, asyncio.timeout(20):
        where = ("-connect", f"127.0.0.1:{listener.port}", "-servername", HOST)
        process = await asyncio.create_subprocess_exec(
            *(program, "s_client", "-tls1_2", *where),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate(b"R\nGET /echo HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"RENEGOTIATING" in said
        assert b"renegotiation" in said.partition(b"RENEGOTIATING")[2]
        assert not recorder.requests
        await assert_serves(listener)


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [(["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), (["h2"], None), ([], None)],
)
async def test_http_1_1_is_what_is_agreed_on(offered: list[str], agreed: str | None) -> None:
    context = client()
    if offered:
        context.set_alpn_protocols(offered)
    async with door(Recorder()) as listener, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=context, server_hostname=HOST)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == agreed
        writer.write(GET if agreed else b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert statuses(await everything(reader)) == ((200,) if agreed else (505,))
        writer.transport.abort()


@pytest.mark.parametrize("sent", BODY_CUT_OFF)
@pytest.mark.parametrize("polite", [True, False], ids=["close_notify", "cut"])
async def test_a_body_that_is_cut_off_is_never_taken_for_a_whole_one(sent: bytes, polite: bool) -> None:
    recorder = Recorder()
    async with door(recorder) as listener, asyncio.timeout(10):
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=client(), server_hostname=HOST)
        writer.write(sent)
        await writer.drain()
        await asyncio.sleep(0.05)
        if polite:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        else:
            writer.transport.abort()
        await assert_serves(listener)
        whole = [request for request in recorder.requests if request.complete]
        assert [request.method for request in whole] == ["GET"]


def table() -> list[Case]:
    """Every third case, and all that ends early."""
    return [case for number, case in enumerate(CASES) if number % 3 == 0 or 408 in case.statuses]


@pytest.mark.parametrize("case", table(), ids=lambda case: case.name[:60].encode("unicode_escape").decode())
async def test_a_raw_request_is_the_same_behind_tls(case: Case) -> None:
    recorder = Recorder()
    async with door(recorder) as listener:
        answer = await talk_tls(listener.port, case.raw)
    assert statuses(answer) == case.statuses, answer
    assert recorder.errors == []
    assert sum(request.complete for request in recorder.requests) <= case.forwarded
