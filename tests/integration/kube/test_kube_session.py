"""What the client makes of servers and networks that misbehave."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from kubeless.api.resource import FUNCTIONS
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import Forbidden, Gone, ServerError, Timeout, Unreachable
from kubeless.kube.resources import PODS
from kubeless.kube.watch import WatchEvent

Serve = Callable[..., AbstractAsyncContextManager[str]]
Watching = Callable[..., AbstractAsyncContextManager[AsyncGenerator[WatchEvent, None]]]

OBJECT = {"metadata": {"name": "hello", "namespace": "shop"}}


class Recorder:
    """Remembers what it was sent and answers each request with the next of `answers`, the last one for ever."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.requests: list[web.BaseRequest] = []
        self.bodies: list[bytes] = []

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.json_response(body, status=status)


async def test_a_server_that_is_not_there_is_named_with_what_to_do() -> None:
    async with await KubeClient.anonymous("http://127.0.0.1:1") as client:
        with pytest.raises(
            Unreachable, match=r"list pods in all namespaces.*http://127\.0\.0\.1:1.*local up"
        ) as caught:
            await client.list(PODS)
    assert caught.value.retriable


async def test_a_server_that_does_not_answer_is_given_up(serve: Serve) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        await asyncio.sleep(10)
        return web.Response()

    async with serve(handler) as url, await KubeClient.anonymous(url) as client:
        with pytest.raises(Timeout, match=r"did not answer within 0\.1 s"):
            await client.request("GET", "/version", timeout=0.1)


async def test_a_connection_that_breaks_in_the_middle_of_an_answer_is_retriable(serve: Serve) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b'{"items": [')
        assert request.transport is not None
        request.transport.abort()
        return response

    async with serve(handler) as url, await KubeClient.anonymous(url) as client:
        with pytest.raises(Unreachable):
            await client.list(PODS)


@pytest.mark.parametrize("body", ["<html>", "[]", ""])
async def test_an_answer_that_is_not_from_an_api_server_is_shown(serve: Serve, body: str) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(text=body)

    async with serve(handler) as url, await KubeClient.anonymous(url) as client:
        with pytest.raises(ServerError, match="the answer is not"):
            await client.list(PODS)


async def test_a_refusal_by_something_before_the_api_server_is_shown(serve: Serve) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(status=403, text="blocked by policy 7")

    async with serve(handler) as url, await KubeClient.anonymous(url) as client:
        with pytest.raises(
            Forbidden, match=r"list pods in all namespaces: the server answered 403 blocked by policy 7"
        ):
            await client.list(PODS)


async def test_every_patch_says_how_it_is_to_be_read(serve: Serve) -> None:
    recorder = Recorder((200, OBJECT))
    async with serve(recorder) as url, await KubeClient.anonymous(url) as client:
        await client.patch(FUNCTIONS, "hello", {"spec": {}}, namespace="shop")
        await client.apply(FUNCTIONS, OBJECT, field_manager="me", force=True)
    assert [request.headers["Content-Type"] for request in recorder.requests] == [
        "application/merge-patch+json",
        "application/apply-patch+yaml",
    ]
    assert dict(recorder.requests[1].query) == {"fieldManager": "me", "force": "true"}


async def test_a_list_whose_pages_expired_is_read_in_one_piece(serve: Serve) -> None:
    first = {"metadata": {"resourceVersion": "5", "continue": "token"}, "items": [OBJECT]}
    gone = {"kind": "Status", "code": 410, "reason": "Expired"}
    whole = {"metadata": {"resourceVersion": "6"}, "items": [OBJECT, OBJECT]}
    recorder = Recorder((200, first), (410, gone), (200, whole))
    async with serve(recorder) as url, await KubeClient.anonymous(url) as client:
        result = await client.list(FUNCTIONS)
    assert (len(result.items), result.resource_version) == (2, "6")
    assert "limit" not in recorder.requests[2].query


class WatchServer:
    """Sends prepared bytes to whoever watches, and then stays silent."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for chunk in self.chunks:
            await response.write(chunk)
        await asyncio.sleep(10)
        return response


def make_event(obj: dict[str, Any], event_type: str = "ADDED") -> bytes:
    return json.dumps({"type": event_type, "object": obj}).encode() + b"\n"


@pytest.fixture
def watching(serve: Serve) -> Watching:
    """`async with watching(handler) as events`: watch functions on a server that answers with `handler`."""

    @asynccontextmanager
    async def watch(handler: WatchServer, *, timeout: float = 290.0) -> AsyncIterator[AsyncGenerator[WatchEvent, None]]:
        async with (
            serve(handler) as url,
            await KubeClient.anonymous(url) as client,
            aclosing(client.watch(FUNCTIONS, resource_version="1", timeout=timeout)) as events,
        ):
            yield events

    return watch


async def test_events_of_megabytes_pass(watching: Watching) -> None:
    big = {"metadata": {"name": "big"}, "spec": {"function": "x" * (5 << 20)}}
    async with watching(WatchServer(make_event(big), make_event(OBJECT))) as events:
        assert (await anext(events)).object == big
        assert (await anext(events)).object == OBJECT


async def test_an_error_event_ends_the_watch(watching: Watching) -> None:
    gone = make_event({"kind": "Status", "code": 410, "message": "too old"}, "ERROR")
    async with watching(WatchServer(gone)) as events:
        with pytest.raises(Gone, match="too old"):
            await anext(events)


async def test_silence_beyond_the_end_of_a_watch_means_that_the_server_is_gone(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubeless.kube.client.WATCH_SLACK", 0.1)
    async with watching(WatchServer(), timeout=0.1) as events:
        with pytest.raises(Timeout):
            await anext(events)


async def test_leaving_a_watch_closes_its_connection(serve: Serve) -> None:
    closed = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(make_event(OBJECT))
                await asyncio.sleep(0.01)
        except ConnectionError:
            closed.set()
            raise

    async with serve(handler) as url, await KubeClient.anonymous(url) as client, asyncio.timeout(2):
        async with aclosing(client.watch(FUNCTIONS, resource_version="1")) as events:
            await anext(events)
        await closed.wait()


async def test_a_functions_own_error_is_an_answer_and_the_api_servers_is_raised(serve: Serve) -> None:
    recorder = Recorder((500, {"error": "boom"}), (503, {"kind": "Status", "code": 503, "message": "no endpoints"}))
    async with serve(recorder) as url, await KubeClient.anonymous(url) as client:
        answer = await client.proxy("shop", "bill", port=8080, path="/x?y=1", method="POST", body=b"data")
        assert (answer.status, json.loads(answer.body)) == (500, {"error": "boom"})
        assert answer.headers["content-type"].startswith("application/json")
        with pytest.raises(ServerError, match="no endpoints"):
            await client.proxy("shop", "bill", port="http")
    assert recorder.requests[0].path_qs == "/api/v1/namespaces/shop/services/bill%3A8080/proxy/x?y=1"
    assert recorder.bodies[0] == b"data"
