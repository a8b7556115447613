"""Several processes on one port: one gateway from outside, whatever happens to one of them."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from kubeless.kube.resources import ENDPOINT_SLICES
from support.gatewayprocess import GatewayProcess, gateway_process
from support.gatewayworld import NAMESPACE, World, until, world

REQUESTS = "kubeless_gateway_requests_total"


@pytest.fixture
async def cluster() -> AsyncIterator[World]:
    async with world() as made:
        await made.function("echo", "hi")
        await made.trigger("web", path="a")
        yield made


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def ask(gateway: GatewayProcess, times: int) -> Counter[int]:
    """Requests on connections of their own, so that the system spreads them."""
    found: Counter[int] = Counter()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        for _ in range(times):
            async with session.get(f"{gateway.url}/a") as response:
                found[response.status] += 1
    return found


async def test_workers_share_a_port_and_are_counted_as_one(cluster: World, tmp_path: Path) -> None:
    async with gateway_process(cluster.api, tmp_path, GATEWAY_WORKERS="2") as gateway:
        assert len(gateway.workers()) == 2
        assert await ask(gateway, 40) == {200: 40}
        assert await gateway.metric(REQUESTS) == 40
        assert await gateway.metric("kubeless_gateway_request_duration_seconds_count") == 40
        assert await gateway.metric("kubeless_gateway_workers_ready") == 2
        await cluster.wait_condition("web", "Ready", "True", "Serving")


async def test_a_worker_that_dies_is_replaced_and_what_it_counted_stays(cluster: World, tmp_path: Path) -> None:
    async with gateway_process(cluster.api, tmp_path, GATEWAY_WORKERS="2") as gateway:
        await ask(gateway, 20)
        assert await gateway.metric(REQUESTS) == 20
        victim = gateway.workers()[0]
        os.kill(victim, signal.SIGKILL)

        async def replaced() -> bool:
            return await gateway.metric("kubeless_gateway_worker_restarts_total") == 1 and await gateway.ready()

        await until(replaced)
        assert victim not in gateway.workers()
        assert len(gateway.workers()) == 2
        assert await ask(gateway, 20) == {200: 20}
        assert await gateway.metric(REQUESTS) == 40


async def test_workers_end_when_their_parent_is_killed(cluster: World, tmp_path: Path) -> None:
    async with gateway_process(cluster.api, tmp_path, GATEWAY_WORKERS="2") as gateway:
        workers = gateway.workers()
        gateway.process.kill()
        await gateway.process.wait()

        async def gone() -> bool:
            return not any(alive(pid) for pid in workers)

        await until(gone)


async def test_a_port_that_somebody_listens_on_is_not_shared_with_a_stranger(cluster: World, tmp_path: Path) -> None:
    async with gateway_process(cluster.api, tmp_path, GATEWAY_WORKERS="2") as gateway:
        (tmp_path / "other").mkdir()
        port = str(gateway.started["port"])
        with pytest.raises(AssertionError, match="already taken"):
            async with gateway_process(cluster.api, tmp_path / "other", GATEWAY_WORKERS="2", GATEWAY_PORT=port):
                pass


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_no_request_that_reached_a_function_fails_when_the_gateway_stops(
    cluster: World, tmp_path: Path, workers: str
) -> None:
    reached = answered = 0
    under_way = asyncio.Semaphore(0)

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal reached
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                reached += 1
                under_way.release()
                await asyncio.sleep(0.05)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def client(session: aiohttp.ClientSession, url: str) -> None:
        nonlocal answered
        while True:
            try:
                async with session.get(url) as response:
                    assert (response.status, await response.text()) == (200, "ok")
            except (aiohttp.ClientConnectionError, ConnectionError):
                return
            answered += 1

    server = await asyncio.start_server(slow, "127.0.0.1", 0)
    async with server:
        ports = [{"name": "http-function-port", "port": server.sockets[0].getsockname()[1], "protocol": "TCP"}]
        await cluster.client.patch(ENDPOINT_SLICES, "echo-1", {"ports": ports}, namespace=NAMESPACE)
        async with gateway_process(cluster.api, tmp_path, GATEWAY_WORKERS=workers) as gateway:
            async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
                url = f"{gateway.url}/a"
                for _ in range(20):
                    group.create_task(client(session, url))
                for _ in range(100):
                    await under_way.acquire()
                gateway.process.terminate()
            assert await gateway.process.wait() == 0
    assert reached == answered >= 100


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_stream_without_end_does_not_keep_the_gateway_from_stopping(
    cluster: World, tmp_path: Path, workers: str
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"Upgrade: websocket" in head:
            writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await reader.read()
        writer.close()

    heads = (b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"Accept: text/event-stream\r\n")
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        ports = [{"name": "http-function-port", "port": server.sockets[0].getsockname()[1], "protocol": "TCP"}]
        await cluster.client.patch(ENDPOINT_SLICES, "echo-1", {"ports": ports}, namespace=NAMESPACE)
        settings = {"GATEWAY_WORKERS": workers, "GATEWAY_DRAIN_TIMEOUT": "1"}
        async with gateway_process(cluster.api, tmp_path, **settings) as gateway, asyncio.timeout(20):
            clients = [await asyncio.open_connection("127.0.0.1", gateway.started["port"]) for _ in heads]
            for head, (reader, writer) in zip(heads, clients, strict=True):
                writer.write(b"GET /a HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n")
                assert (await reader.readuntil(b"\r\n\r\n"))[9:12] in {b"101", b"200"}
            gateway.process.terminate()
            begun = asyncio.get_running_loop().time()
            assert await gateway.process.wait() == 0
            assert 0.5 < asyncio.get_running_loop().time() - begun < 5, "they had their time, and no more"
            for reader, writer in clients:
                rest = await reader.read()
                assert not rest.endswith(b"0\r\n\r\n"), "a stream that was cut passes for a whole one"
                writer.close()
