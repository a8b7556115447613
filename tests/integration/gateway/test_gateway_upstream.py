"""Endpoints that come, go, and never answer, as routes and metrics see them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import ENDPOINT_SLICES
from support.gatewayworld import NAMESPACE, World, until, world


@pytest.fixture
async def cluster() -> AsyncIterator[World]:
    async with world() as made:
        await made.function("echo")
        await made.trigger("web", path="a")
        yield made


class Pod:
    """Keeps its connections and counts its requests; holds those for `/held` until it is told to go on."""

    def __init__(self) -> None:
        self.seen = 0
        self.held = asyncio.Event()
        self.go = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.seen += 1
                if b" /held " in head:
                    self.held.set()
                    await self.go.wait()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def running(pod: Pod) -> AsyncIterator[int]:
    server = await asyncio.start_server(pod.serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@contextmanager
def unreachable() -> Iterator[int]:
    """A port whose queue is full: connections to it are neither made nor refused."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


async def put_slice(cluster: World, name: str, port: int, **conditions: bool) -> None:
    """One endpoint of the function, in a slice of its own."""
    labels = {"kubernetes.io/service-name": "echo", "created-by": "kubeless"}
    body: JsonObject = {
        "apiVersion": ENDPOINT_SLICES.api_version,
        "kind": "EndpointSlice",
        "metadata": {"namespace": NAMESPACE, "name": name, "labels": labels},
        "addressType": "IPv4",
        "ports": [{"name": "http-function-port", "port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True, **conditions}}],
    }
    await cluster.client.apply(ENDPOINT_SLICES, body, field_manager="test", force=True)


async def metric(cluster: World, start: str) -> float:
    lines = (await cluster.metrics()).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))


async def test_an_endpoint_that_terminates_gets_no_new_requests_and_finishes_its_old_ones(cluster: World) -> None:
    leaving, staying = Pod(), Pod()
    async with running(leaving) as first, running(staying) as second:
        await put_slice(cluster, "echo-1", first)
        await cluster.start()
        held = asyncio.create_task(cluster.get("/a/held"))
        await asyncio.wait_for(leaving.held.wait(), 5)
        await put_slice(cluster, "echo-2", second)
        await put_slice(cluster, "echo-1", first, ready=False, serving=True, terminating=True)

        async def moved() -> bool:
            before = leaving.seen
            assert (await cluster.get("/a")).status == 200
            return staying.seen > 0 and leaving.seen == before

        await until(moved)
        seen = leaving.seen
        for _ in range(50):
            assert (await cluster.get("/a")).status == 200
        assert leaving.seen == seen
        leaving.go.set()
        assert (await held).status == 200


async def test_an_endpoint_that_takes_no_connection_is_left_for_another(cluster: World) -> None:
    pod = Pod()
    with unreachable() as nowhere:
        async with running(pod) as port:
            await put_slice(cluster, "echo-1", nowhere)
            await cluster.start(GATEWAY_CONNECT_TIMEOUT="0.2")
            answer = await asyncio.wait_for(cluster.get("/a"), 5)
            assert answer.status in {502, 503, 504}
            assert await metric(cluster, "kubeless_transport_errors_total{") >= 1
            await put_slice(cluster, "echo-2", port)
            await cluster.wait_status("/a", 200)
            answers = [await cluster.get("/a", method="POST") for _ in range(20)]
            assert {answer.status for answer in answers} == {200}
            assert await metric(cluster, "kubeless_transport_shunned") == 1


async def test_metrics_tell_the_connections_and_what_went_wrong(cluster: World) -> None:
    pod = Pod()
    async with running(pod) as port:
        await put_slice(cluster, "echo-1", port)
        await cluster.start()
        held = asyncio.create_task(cluster.get("/a/held"))
        await asyncio.wait_for(pod.held.wait(), 5)
        assert await metric(cluster, 'kubeless_transport_connections{state="busy"}') == 1
        assert await metric(cluster, "kubeless_gateway_requests_in_flight") == 1
        pod.go.set()
        assert (await held).status == 200
        assert await metric(cluster, 'kubeless_transport_connections{state="idle"}') == 1
        assert await metric(cluster, "kubeless_gateway_requests_in_flight") == 0
        assert await metric(cluster, "kubeless_gateway_request_duration_seconds_count") == 1
