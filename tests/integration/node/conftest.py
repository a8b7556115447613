"""A cluster in this process: the embedded API server, a node, and a small function server that starts fast."""

import asyncio
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from kubeless.api.function import parse_function
from kubeless.api.resource import Resource
from kubeless.controller.config import Config
from kubeless.controller.desired.objects import desired_objects
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.resources import CONFIG_MAPS, DEPLOYMENTS, ENDPOINT_SLICES, PODS, SERVICES
from kubeless.local.apiserver.server import ApiServer
from kubeless.local.node.node import run_node
from kubeless.local.node.plan import RuntimeFinder
from kubeless.local.node.settings import NodeSettings
from kubeless.runtimes.localruntime import LocalRuntime
from kubeless.runtimes.runtime import Runtime

NAMESPACE = "default"

SERVER = '''
"""A function server of the smallest kind: imports the module, then answers every request with what it returns."""
import http.server, importlib, os, socketserver, sys

sys.path.insert(0, os.environ["KUBELESS_INSTALL_VOLUME"])
function = getattr(importlib.import_module(os.environ["MOD_NAME"]), os.environ["FUNC_HANDLER"])

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        status, text = (200, "OK") if self.path == "/healthz" else function(self.path)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass

class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

Server((os.environ["FUNC_HOST"], int(os.environ["FUNC_PORT"])), Handler).serve_forever()
'''


@dataclass(frozen=True)
class LocalCluster:
    """What tests use of the cluster."""

    client: KubeClient
    settings: NodeSettings

    async def deploy(self, name: str, code: str, **spec: Any) -> JsonObject:
        """Create (or replace the code of) what the controller makes of a function; returns the Deployment."""
        desired = desired_objects(
            parse_function(
                {
                    "apiVersion": "kubeless.io/v1beta1",
                    "kind": "Function",
                    "metadata": {"name": name, "namespace": NAMESPACE, "uid": "-", "labels": {"function": name}},
                    "spec": {
                        "handler": f"{name}.run",
                        "runtime": "python3.11",
                        "function": textwrap.dedent(code),
                        **spec,
                    },
                }
            ),
            Config(),
        )
        await self.apply(CONFIG_MAPS, desired.config_map)
        await self.apply(SERVICES, desired.service)
        return await self.apply(DEPLOYMENTS, desired.deployment)

    async def apply(self, resource: Resource, obj: JsonObject) -> JsonObject:
        """Apply an object without the owner that the tests do not have."""
        metadata = {key: value for key, value in obj["metadata"].items() if key != "ownerReferences"}
        return await self.client.apply(resource, {**obj, "metadata": metadata}, field_manager="test", force=True)

    async def pods(self, name: str) -> list[JsonObject]:
        """The pods of a function."""
        found = await self.client.list(PODS, namespace=NAMESPACE, label_selector=f"function={name}")
        return found.items

    async def endpoints(self, name: str) -> list[str]:
        """The URLs of a function's ready endpoints."""
        found = await self.client.list(
            ENDPOINT_SLICES, namespace=NAMESPACE, label_selector=f"kubernetes.io/service-name={name}"
        )
        return [
            f"http://{endpoint['addresses'][0]}:{item['ports'][0]['port']}"
            for item in found.items
            for endpoint in item["endpoints"]
            if endpoint["conditions"]["ready"]
        ]

    async def ready(self, name: str, replicas: int = 1) -> list[str]:
        """Wait until a function has exactly that many ready endpoints."""

        urls: list[str] = []

        async def enough() -> bool:
            urls[:] = await self.endpoints(name)
            return len(urls) == replicas

        await self.eventually(enough)
        return urls

    async def container(self, name: str) -> JsonObject:
        """The status of the only container of a function's only pod; empty while there is none."""
        pods = await self.pods(name)
        statuses = (pods[0].get("status") or {}).get("containerStatuses") if len(pods) == 1 else None
        return statuses[0] if statuses else {}

    async def eventually(self, check: Callable[[], Awaitable[Any]], *, timeout: float = 60.0) -> Any:
        """Wait until `check` returns something true, and return that."""
        try:
            async with asyncio.timeout(timeout):
                while not (result := await check()):  # noqa: ASYNC110 - it changes behind the API
                    await asyncio.sleep(0.02)
                return result
        except TimeoutError:
            raise AssertionError(f"not within {timeout} s; pods: {(await self.client.list(PODS)).items}") from None


@dataclass
class Machine:
    """A folder on which clusters run one after the other."""

    folder: Path
    options: dict[str, Any] = field(default_factory=dict)
    runtimes: RuntimeFinder | None = None
    """None runs the small server in place of the real ones."""

    @property
    def settings(self) -> NodeSettings:
        """Settings with short pauses."""
        return NodeSettings(**{"data_dir": self.folder, "restart_initial": 0.05, "stop_grace": 2.0, **self.options})

    def locate(self, runtime: Runtime) -> LocalRuntime:
        """The small server in place of the real one."""
        server = self.folder / "server.py"
        server.write_text(SERVER)
        return LocalRuntime(
            interpreter=sys.executable,
            version="3",
            warning=None,
            install=(
                sys.executable,
                "-S",
                "-c",
                "import sys; sys.exit('cannot install ' + open(sys.argv[1]).read())",
                "{deps}",
            ),
            compile=None,
            run=(sys.executable, "-S", str(server)),
            env={"PYTHONUNBUFFERED": "1", "WHERE": "{volume}"},
        )

    @asynccontextmanager
    async def start(self) -> AsyncIterator[LocalCluster]:
        """Run a cluster on this folder."""
        async with (
            ApiServer(database=self.folder / "state.db") as server,
            await KubeClient.anonymous(server.url) as client,
            run_node(self.settings, client, runtimes=self.runtimes or RuntimeFinder(self.locate)) as node,
        ):
            server.logs = node.logs
            server.serve_metrics(node.metrics)
            yield self.cluster(client)

    @asynccontextmanager
    async def api(self) -> AsyncIterator[KubeClient]:
        """Only the API server, with what is stored."""
        async with (
            ApiServer(database=self.folder / "state.db") as server,
            await KubeClient.anonymous(server.url) as client,
        ):
            yield client

    def cluster(self, client: KubeClient) -> LocalCluster:
        """A cluster on this folder that somebody runs."""
        return LocalCluster(client, self.settings)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
async def cluster(machine: Machine) -> AsyncIterator[LocalCluster]:
    async with machine.start() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield session
