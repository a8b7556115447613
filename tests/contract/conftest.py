"""
The contract suite: the same cases against the embedded API server and a real one. Every test works in a namespace of
its own.

The real one is the cluster that KUBELESS_TEST_KUBECONFIG names, else a control plane without nodes that the suite
starts once, where its programs are (see `support.clusterprograms`).
"""

import asyncio
import base64
import io
import os
import secrets
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
import yaml
from aiohttp import ClientSession, ClientTimeout, TCPConnector

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.local.apiserver.server import ApiServer
from support.clusterfixtures import real_cluster_or_skip

DEADLINE = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    object: JsonObject
    warnings: list[str] = field(default_factory=list)
    content_type: str = ""

    @property
    def version(self) -> str:
        """The resourceVersion of the object or list."""
        return str(self.object["metadata"]["resourceVersion"])

    @property
    def names(self) -> list[str]:
        return [item["metadata"]["name"] for item in self.object["items"]]


@dataclass(frozen=True, slots=True)
class RealServer:
    """A real API server, and whether anything there collects garbage."""

    kubeconfig: Path
    has_controllers: bool = True


class Api:
    """An API server, spoken to in plain HTTP: what is tested is the protocol, not a client library."""

    def __init__(self, session: ClientSession, server: str, namespace: str, real: RealServer | None = None) -> None:
        self._session = session
        self.server = server
        self.namespace = namespace
        self.embedded = real is None
        self.kubeconfig = real and real.kubeconfig
        self.has_controllers = real is None or real.has_controllers

    def core(self, plural: str, name: str = "") -> str:
        """The path of a core type in the namespace of the test."""
        return f"/api/v1/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "")

    def group(self, group_version: str, plural: str, name: str = "") -> str:
        return f"/apis/{group_version}/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "")

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        query: Mapping[str, str | int] | None = None,
    ) -> Answer:
        raw = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        data = None if raw is None else io.BytesIO(raw)
        headers = {"Accept": accept} | ({"Content-Type": content_type} if data is not None else {})
        async with self._session.request(
            method, self.server + path, data=data, headers=headers, params=query
        ) as response:
            kind = response.headers["Content-Type"]
            # What no API group serves is told in plain text.
            value = orjson.loads(await response.read()) if "json" in kind else {"text": await response.text()}
            return Answer(response.status, value, response.headers.getall("Warning", []), kind)

    async def get(self, path: str, **query: str | int) -> Answer:
        return await self.call("GET", path, query=query)

    async def create(self, path: str, body: object, **query: str | int) -> Answer:
        return await self.call("POST", path, body, query=query)

    async def made(self, path: str, body: object) -> JsonObject:
        """Create an object that is only the setting of a test."""
        answer = await self.create(path, body)
        assert answer.status == 201, answer.object
        return answer.object

    async def put(self, path: str, body: object, **query: str | int) -> Answer:
        return await self.call("PUT", path, body, query=query)

    async def delete(self, path: str, body: object = None, **query: str | int) -> Answer:
        return await self.call("DELETE", path, body, query=query)

    async def merge(self, path: str, body: object, **query: str | int) -> Answer:
        return await self.call("PATCH", path, body, content_type="application/merge-patch+json", query=query)

    async def json_patch(self, path: str, body: object) -> Answer:
        return await self.call("PATCH", path, body, content_type="application/json-patch+json")

    async def strategic(self, path: str, body: object) -> Answer:
        return await self.call("PATCH", path, body, content_type="application/strategic-merge-patch+json")

    async def apply(self, path: str, body: object, manager: str, **query: str | int) -> Answer:
        return await self.call(
            "PATCH", path, body, content_type="application/apply-patch+yaml", query={"fieldManager": manager, **query}
        )

    async def watch(self, path: str, **query: str | int) -> AsyncGenerator[JsonObject, None]:
        """Events until the server ends the watch (by default after a few seconds)."""
        params = {"watch": "true", "timeoutSeconds": 5, **query}
        timeout = ClientTimeout(total=DEADLINE, sock_read=DEADLINE)
        async with self._session.get(self.server + path, params=params, timeout=timeout) as response:
            assert response.status == 200, await response.text()
            async for line in response.content:
                yield orjson.loads(line)

    async def until(self, check: Callable[[], Awaitable[bool]]) -> None:
        """Wait for a condition that other actors bring about."""
        async with asyncio.timeout(DEADLINE):
            while not await check():  # noqa: ASYNC110 # the condition lies in another process
                await asyncio.sleep(0.02)

    async def until_gone(self, path: str) -> None:
        async def gone() -> bool:
            return (await self.get(path)).status == 404

        await self.until(gone)


@pytest.fixture(scope="session")
def real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """The one of the whole run; skips where there is none."""
    named = os.environ.get("KUBELESS_TEST_KUBECONFIG")
    if named:
        yield RealServer(Path(named))
        return
    with real_cluster_or_skip(tmp_path_factory.mktemp("cluster")) as cluster:
        yield RealServer(cluster.kubeconfig, cluster.has_controllers)


@pytest.fixture
async def embedded() -> AsyncIterator[Api]:
    """The embedded server."""
    async with embedded_api() as api:
        yield api


@pytest.fixture
async def real(real_server: RealServer) -> AsyncIterator[Api]:
    """The real server, for tests that compare."""
    async with real_api(real_server) as api:
        yield api


@pytest.fixture(params=["embedded", "real"])
async def api(request: pytest.FixtureRequest) -> AsyncIterator[Api]:
    """Each API server in turn."""
    if request.param == "real":
        async with real_api(request.getfixturevalue("real_server")) as real:
            yield real
    else:
        async with embedded_api() as embedded:
            yield embedded


@pytest.fixture
async def client(api: Api) -> AsyncIterator[KubeClient]:
    """Our own client of it, in the namespace of the test."""
    connecting = (
        KubeClient.connect(kubeconfig=str(api.kubeconfig)) if api.kubeconfig else KubeClient.anonymous(api.server)
    )
    async with await connecting as connected:
        connected.namespace = api.namespace
        yield connected


@asynccontextmanager
async def embedded_api() -> AsyncIterator[Api]:
    """The embedded server, new."""
    async with ApiServer() as server, ClientSession() as session:
        api = Api(session, server.url, _new_namespace())
        await api.made("/api/v1/namespaces", {"metadata": {"name": api.namespace}})
        yield api


@asynccontextmanager
async def real_api(real: RealServer) -> AsyncIterator[Api]:
    """The real server, with a namespace that goes afterwards."""
    async with _connected(real) as api:
        await api.made("/api/v1/namespaces", {"metadata": {"name": api.namespace}})
        yield api
        await api.delete(f"/api/v1/namespaces/{api.namespace}")


def _new_namespace() -> str:
    return f"contract-{secrets.token_hex(4)}"


@asynccontextmanager
async def _connected(real: RealServer) -> AsyncIterator[Api]:
    """The cluster of a kubeconfig's current context; certificates and tokens in it, no exec plugins."""
    config = yaml.safe_load(await asyncio.to_thread(real.kubeconfig.read_text))
    context = _named(config["contexts"], config["current-context"])["context"]
    cluster = _named(config["clusters"], context["cluster"])["cluster"]
    user = _named(config["users"], context["user"])["user"]
    headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
    with TemporaryDirectory() as folder:
        tls = _tls(cluster, user, Path(folder))
        async with ClientSession(headers=headers, connector=TCPConnector(ssl=tls)) as session:
            yield Api(session, cluster["server"].rstrip("/"), _new_namespace(), real)


def _named(entries: list[JsonObject], name: str) -> JsonObject:
    return next(entry for entry in entries if entry["name"] == name)


def _tls(cluster: JsonObject, user: JsonObject, folder: Path) -> ssl.SSLContext:
    authority = cluster.get("certificate-authority-data")
    context = ssl.create_default_context(
        cafile=cluster.get("certificate-authority"), cadata=base64.b64decode(authority).decode() if authority else None
    )
    if "client-certificate-data" in user:
        for name in ("client-certificate", "client-key"):
            (folder / name).write_bytes(base64.b64decode(user[f"{name}-data"]))
            user[name] = str(folder / name)
    if "client-certificate" in user:
        context.load_cert_chain(user["client-certificate"], user["client-key"])
    return context
