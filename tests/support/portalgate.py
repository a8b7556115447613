"""
An API server with accounts: the embedded one behind a gate that knows tokens, and what their people may do.

It runs in a thread of its own, so that a browser can be driven from a plain test.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import aiohttp
from aiohttp import web

from kubeless.api.crds import custom_resource_definitions
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.resources import CRDS
from kubeless.local.apiserver.server import ApiServer

WRITER, READER = "writer-token", "reader-token"

OWN = "of-the-portal-itself"
"""The portal's own token, which the gate does not know unless it is told."""

_READING = frozenset({"get", "list", "watch"})
_SAFE = frozenset({"GET", "HEAD"})


class Gate:
    """In front of the server at `upstream`. `tokens` may change while it runs."""

    def __init__(self, upstream: str) -> None:
        self.tokens = {WRITER, READER}
        self.away = False
        self.refused: list[str] = []
        self.impersonated: set[tuple[str, tuple[str, ...]]] = set()
        self.watches = 0
        self._upstream = upstream
        self.url = ""

    async def run(self, started: threading.Event, stop: asyncio.Event) -> None:
        application = web.Application(client_max_size=1 << 24)
        application.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession(auto_decompress=False) as self._http:
            started.set()
            await stop.wait()
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.away:
            return _status(503, "ServiceUnavailable", "the server is away")
        if token not in self.tokens:
            return _status(401, "Unauthorized", "Unauthorized")
        if "Impersonate-User" in request.headers:
            groups = tuple(request.headers.getall("Impersonate-Group", ()))
            self.impersonated.add((request.headers["Impersonate-User"], groups))
        body = await request.read()
        if request.path.endswith("/selfsubjectreviews"):
            return web.json_response({"kind": "SelfSubjectReview", "status": {"userInfo": {"username": token}}})
        if request.path.endswith("/selfsubjectaccessreviews"):
            return web.json_response(_review(token, json.loads(body)))
        if token == READER and request.method not in _SAFE:
            self.refused.append(f"{request.method} {request.path}")
            return _status(403, "Forbidden", "you may only read")
        return await self._forward(request, body)

    async def _forward(self, request: web.Request, body: bytes) -> web.StreamResponse:
        headers = {name: request.headers[name] for name in ("Accept", "Content-Type") if name in request.headers}
        is_watch = "watch" in request.query
        self.watches += is_watch
        try:
            async with self._http.request(
                request.method, self._upstream + request.raw_path, data=body, headers=headers
            ) as answer:
                response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
                await response.prepare(request)
                with suppress(ConnectionResetError):  # who watched has left
                    async for chunk in answer.content.iter_any():
                        await response.write(chunk)
                return response
        finally:
            self.watches -= is_watch


def _review(token: str, review: JsonObject) -> JsonObject:
    verb = review["spec"]["resourceAttributes"]["verb"]
    allowed = token == WRITER or verb in _READING
    return {**review, "status": {"allowed": allowed, **({} if allowed else {"reason": "only reading is granted"})}}


def _status(code: int, reason: str, message: str) -> web.Response:
    return web.json_response(
        {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": code},
        status=code,
    )


@contextmanager
def gated_api(functions: list[JsonObject]) -> Iterator[Gate]:
    """Both servers, with our definitions and some functions."""
    started, gates = threading.Event(), list[Gate]()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def work() -> None:
        api = ApiServer(host="127.0.0.1", port=0, database=None)
        async with api, await KubeClient.anonymous(api.url) as client:
            for definition in custom_resource_definitions():
                await client.apply(CRDS, definition, field_manager="test", force=True)
            for function in functions:
                await client.request("POST", "/apis/kubeless.io/v1beta1/namespaces/default/functions", body=function)
            gate = Gate(api.url)
            gates.append(gate)
            await gate.run(started, stop)

    thread = threading.Thread(target=lambda: loop.run_until_complete(work()))
    thread.start()
    assert started.wait(60)
    try:
        yield gates[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


def kubeconfig_of(folder: Path, url: str) -> Path:
    """For a process that has no account of its own there."""
    path = folder / "gate-kubeconfig"
    context = {"cluster": "gate", "user": "gate", "namespace": "default"}
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "gate", "cluster": {"server": url}}],
                "users": [{"name": "gate", "user": {"token": OWN}}],
                "contexts": [{"name": "gate", "context": context}],
                "current-context": "gate",
            }
        )
    )
    return path


def a_function(name: str) -> JsonObject:
    """A small one."""
    return {
        "apiVersion": "kubeless.io/v1beta1",
        "kind": "Function",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"runtime": "python3.11", "handler": "a.b", "function": "def b(event, context):\n    return 1\n"},
    }
