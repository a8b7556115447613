"""The server as a neighbour of browsers, slow clients and the processes behind its proxy."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import pytest
import structlog
from aiohttp import ClientError, ClientSession, web
from yarl import URL

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.logs import LogRequest
from kubeless.local.apiserver.server import ApiServer

NAMESPACE = "/api/v1/namespaces/default"


class Logs:
    """Says what it was asked for, then ends or waits for ever."""

    def __init__(self) -> None:
        self.requests: list[LogRequest] = []
        self.ended = asyncio.Event()

    async def stream(self, request: LogRequest) -> AsyncIterator[bytes]:
        self.requests.append(request)
        if request.previous:
            raise KubelessError("previous terminated container not found")
        try:
            yield f"{request.pod}/{request.container}\n".encode()
            if request.follow:
                await asyncio.Event().wait()
        finally:
            self.ended.set()


@pytest.fixture
async def logs() -> Logs:
    return Logs()


@pytest.fixture
async def server(logs: Logs) -> AsyncIterator[ApiServer]:
    async with ApiServer(logs=logs) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as client:
        yield client


async def post(session: ClientSession, url: str, body: JsonObject) -> None:
    async with session.post(url, json=body) as response:
        assert response.status == 201, await response.text()


async def status_of(session: ClientSession, url: str) -> int:
    async with session.get(url) as response:
        return response.status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "192.0.2.1"}, 403),
        ({"Host": "[::1"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_web_pages_from_elsewhere_are_kept_out(
    server: ApiServer, session: ClientSession, headers: Mapping[str, str], status: int
) -> None:
    async with session.get(f"{server.url}/api/v1/namespaces", headers=headers) as response:
        assert response.status == status


async def test_a_page_of_the_server_itself_is_let_in(server: ApiServer, session: ClientSession) -> None:
    async with session.get(f"{server.url}/api/v1/namespaces", headers={"Origin": server.url}) as response:
        assert response.status == 200


@pytest.fixture
async def backend() -> AsyncIterator[int]:
    """A process behind a Service: tells what reached it. Yields its port."""

    async def echo(request: web.Request) -> web.StreamResponse:
        if request.path == "/half":
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b"x")
            assert request.transport is not None
            request.transport.abort()
            return response
        body = await request.read()
        seen = {
            "method": request.method,
            "path": request.raw_path,
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "body": body.decode(),
        }
        return web.json_response(seen, status=int(request.query.get("status", 200)), headers={"X-Backend": "yes"})

    application = web.Application(client_max_size=64 * 1024 * 1024)
    application.router.add_route("*", "/{path:.*}", echo)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.fixture
async def service(server: ApiServer, session: ClientSession, backend: int) -> str:
    """The proxy URL of a Service whose port `http` (80) leads to the backend."""
    ports = [{"name": "http", "port": 80, "targetPort": backend}, {"name": "other", "port": 81}]
    await post(session, f"{server.url}{NAMESPACE}/services", {"metadata": {"name": "web"}, "spec": {"ports": ports}})
    piece: JsonObject = {
        "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": ["127.0.0.1"], "conditions": {"ready": True}},
            {"addresses": ["192.0.2.1"], "conditions": {"ready": False}},
        ],
        "ports": [{"name": "http", "port": backend}],
    }
    path = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    await post(session, server.url + path, piece)
    return f"{server.url}{NAMESPACE}/services"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("reference", ["web:80", "web:http", "http:web:80"])
async def test_requests_reach_the_service_as_they_are(
    service: str, session: ClientSession, method: str, reference: str
) -> None:
    url = URL(f"{service}/{reference}/proxy/a%20b/c?x=1&y=%2F&status=418", encoded=True)
    headers = {"X-Mine": "1", "Authorization": "Bearer secret", "Cookie": "a=b", "Connection": "X-Hop", "X-Hop": "1"}
    async with session.request(method, url, data=b"hello" if method != "GET" else None, headers=headers) as response:
        assert response.status == 418
        assert response.headers["X-Backend"] == "yes"
        seen = await response.json()
    assert (seen["method"], seen["path"]) == (method, "/a%20b/c?x=1&y=%2F&status=418")
    assert seen["body"] == ("hello" if method != "GET" else "")
    assert seen["headers"]["x-mine"] == "1"
    assert not {"authorization", "cookie", "x-hop"} & set(seen["headers"])


async def test_bodies_larger_than_objects_may_be_pass(service: str, session: ClientSession) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b"x" * 128 * 1024

    async with session.post(f"{service}/web:80/proxy/", data=pieces()) as response:
        assert len((await response.json())["body"]) == 8 * 1024 * 1024


async def test_an_answer_that_breaks_off_breaks_off_for_the_client_as_well(
    service: str, session: ClientSession
) -> None:
    async with session.get(f"{service}/web:80/proxy/half") as response:
        with pytest.raises(ClientError):
            await response.read()


@pytest.mark.parametrize(
    ("reference", "status"),
    [("web:81", 503), ("web:99", 503), ("none:80", 404), ("a:b:c:d", 400), ("ftp:web:80", 400), (":80", 400)],
)
async def test_a_service_that_cannot_be_reached_is_an_error_of_the_server(
    service: str, session: ClientSession, reference: str, status: int
) -> None:
    async with session.get(f"{service}/{reference}/proxy/") as response:
        assert response.status == status
        assert (await response.json())["kind"] == "Status"


async def test_a_service_without_endpoints_says_so(server: ApiServer, session: ClientSession) -> None:
    body = {"metadata": {"name": "empty"}, "spec": {"ports": [{"port": 80}]}}
    await post(session, f"{server.url}{NAMESPACE}/services", body)
    async with session.get(f"{server.url}{NAMESPACE}/services/empty:80/proxy/") as response:
        assert (await response.json())["message"] == 'no endpoints available for service "empty"'


@pytest.fixture
async def pod(server: ApiServer, session: ClientSession) -> str:
    """The URL of a pod with one container."""
    body = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "registry.invalid/c"}]}}
    await post(session, f"{server.url}{NAMESPACE}/pods", body)
    return f"{server.url}{NAMESPACE}/pods/p"


async def test_logs_come_from_their_source(pod: str, session: ClientSession, logs: Logs) -> None:
    async with session.get(f"{pod}/log?tailLines=3&sinceSeconds=7&timestamps=true") as response:
        assert await response.text() == "p/c\n"
        assert response.content_type == "text/plain"
    request = logs.requests[0]
    assert (request.container, request.tail_lines, request.since_seconds, request.timestamps) == ("c", 3, 7.0, True)


@pytest.mark.parametrize("query", ["container=none", "tailLines=many", "previous=true"])
async def test_logs_that_do_not_exist_are_bad_requests(pod: str, session: ClientSession, query: str) -> None:
    async with session.get(f"{pod}/log?{query}") as response:
        assert response.status == 400


async def test_a_followed_log_ends_with_its_reader(pod: str, session: ClientSession, logs: Logs) -> None:
    async with session.get(f"{pod}/log?follow=true") as response:
        assert await response.content.readline() == b"p/c\n"
    async with asyncio.timeout(5):
        await logs.ended.wait()


async def test_only_lines_from_a_time_on_are_asked_for(pod: str, session: ClientSession, logs: Logs) -> None:
    async with session.get(f"{pod}/log?sinceTime=2031-02-03T04:05:06Z") as response:
        assert response.status == 200
    assert logs.requests[0].since_time == datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
    for query in ("sinceTime=yesterday", "sinceTime=2031-02-03", "sinceTime=2031-02-03T04:05:06Z&sinceSeconds=1"):
        async with session.get(f"{pod}/log?{query}") as response:
            assert response.status == 400


@pytest.mark.parametrize("name", ["attach", "portforward"])
async def test_who_wants_into_a_container_is_told_that_there_is_none(
    pod: str, session: ClientSession, name: str
) -> None:
    async with session.post(f"{pod}/{name}?command=ls") as response:
        assert response.status == 405
        assert (await response.json())["message"].startswith(f"{name}: local mode runs pods as processes")


async def test_a_missing_path_has_details_because_clients_look_into_them(pod: str, session: ClientSession) -> None:
    async with session.get(f"{pod}/ephemeralcontainers") as response:
        assert response.status == 404
        assert (await response.json())["details"] == {}


@pytest.mark.parametrize("depth", [201, 900, 100_000])
@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("application/json", b'{"metadata":{"name":"d"},"data":%b%b}'),
        ("application/yaml", b'{"metadata":{"name":"d"},"data":%b%b}'),
        ("application/yaml", b"metadata: {name: d}\ndata: %b%b"),
    ],
)
async def test_objects_nested_without_end_are_refused(
    server: ApiServer, session: ClientSession, kind: str, form: bytes, depth: int
) -> None:
    deep = form % (b"[" * depth, b"]" * depth)
    url = f"{server.url}{NAMESPACE}/configmaps"
    async with session.post(url, data=deep, headers={"Content-Type": kind}) as response:
        assert (response.status, (await response.json())["reason"]) == (400, "BadRequest")


async def test_no_patch_nests_an_object_without_end(server: ApiServer, session: ClientSession) -> None:
    url = f"{server.url}{NAMESPACE}/configmaps"
    await post(session, url, {"metadata": {"name": "a"}, "data": {"a": "b"}})
    copies = [{"op": "copy", "from": "/data", "path": "/data/a"} for _ in range(250)]
    headers = {"Content-Type": "application/json-patch+json"}
    async with session.patch(f"{url}/a", json=copies, headers=headers) as response:
        assert response.status == 400


async def test_kinds_unknown_to_protobuf_are_asked_for_as_json(server: ApiServer, session: ClientSession) -> None:
    body = b"k8s\0\n\x0d\n\x02v1\x12\x07Unknown\x12\0"
    headers = {"Content-Type": "application/vnd.kubernetes.protobuf"}
    async with session.post(f"{server.url}{NAMESPACE}/events", data=body, headers=headers) as response:
        assert (response.status, (await response.json())["reason"]) == (415, "UnsupportedMediaType")


async def test_selectors_may_be_long(server: ApiServer, session: ClientSession) -> None:
    url = f"{server.url}{NAMESPACE}/configmaps"
    await post(session, url, {"metadata": {"name": "a", "labels": {"n": "5000"}}})
    wanted = ",".join(map(str, range(8000)))
    async with session.get(url, params={"labelSelector": f"n in ({wanted})"}) as response:
        assert [item["metadata"]["name"] for item in (await response.json())["items"]] == ["a"]


async def test_who_cannot_read_the_answer_changes_nothing(server: ApiServer, session: ClientSession) -> None:
    url, body = f"{server.url}{NAMESPACE}/configmaps", {"metadata": {"name": "a"}}
    async with session.post(url, json=body, headers={"Accept": "application/vnd.kubernetes.protobuf"}) as response:
        assert response.status == 406
    async with session.get(f"{url}/a") as response:
        assert response.status == 404


async def test_the_server_stops_while_watches_run() -> None:
    async with ClientSession() as session:
        async with asyncio.timeout(5), ApiServer() as server:
            response = await session.get(f"{server.url}/api/v1/namespaces?watch=1&resourceVersion=0")
            await response.content.readline()
        response.close()


async def test_a_watcher_that_falls_behind_is_told_to_list_anew(server: ApiServer, session: ClientSession) -> None:
    """It reads nothing while more happens than the server remembers; nobody who writes has to wait for it."""
    url = f"{server.url}{NAMESPACE}/configmaps"
    async with session.get(url) as response:
        version = (await response.json())["metadata"]["resourceVersion"]
    await post(session, url, {"metadata": {"name": "big"}})
    async with session.get(f"{url}?watch=1&resourceVersion={version}") as watch:
        for index in range(40):
            patch = {"data": {"x": f"{index:04}" + "x" * 1_000_000}}
            headers = {"Content-Type": "application/merge-patch+json"}
            async with session.patch(f"{url}/big", json=patch, headers=headers) as response:
                assert response.status == 200
        rest = b""
        async with asyncio.timeout(20):
            async for chunk in watch.content.iter_any():
                rest = (rest + chunk)[-2000:]
    assert b'"reason":"Expired"' in rest


async def test_a_namespace_empties_while_the_garbage_collector_works_in_it(
    server: ApiServer, session: ClientSession
) -> None:
    """Both delete the same objects; whoever comes second finds nothing to do."""
    await post(session, f"{server.url}/api/v1/namespaces", {"metadata": {"name": "full"}})
    maps = f"{server.url}/api/v1/namespaces/full/configmaps"
    async with session.post(maps, json={"metadata": {"name": "a-owner"}}) as response:
        uid = (await response.json())["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "a-owner", "uid": uid}
    for index in range(30):
        await post(session, maps, {"metadata": {"name": f"b-{index:02}", "ownerReferences": [owner]}})
    with structlog.testing.capture_logs() as logged:
        async with session.delete(f"{server.url}/api/v1/namespaces/full") as response:
            assert response.status == 200
        async with asyncio.timeout(10):
            while await status_of(session, f"{server.url}/api/v1/namespaces/full") != 404:  # noqa: ASYNC110 # HTTP
                await asyncio.sleep(0.01)
    assert [entry for entry in logged if entry["log_level"] == "error"] == []
