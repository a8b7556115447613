"""The real command as a process, against the embedded API server in the test's own loop."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from kubeless.api.crds import custom_resource_definitions
from kubeless.api.resource import FUNCTIONS
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import KubeError
from kubeless.kube.resources import CRDS, NAMESPACES
from kubeless.local.apiserver.logs import LogRequest
from kubeless.local.apiserver.server import ApiServer

NAMESPACE = "team"
PATIENCE = 60.0
"""Seconds for anything in these tests."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str
    raw: bytes


@dataclass(slots=True)
class WrittenLogs:
    """The logs of pods, by pod name and whether it is the run before."""

    texts: dict[tuple[str, bool], bytes] = field(default_factory=dict)
    followed: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(self, request: LogRequest) -> AsyncIterator[bytes]:
        yield self.texts.get((request.pod, request.previous), b"")
        if request.follow:
            await self.followed.wait()
            yield b"later\n"


@dataclass(frozen=True, slots=True)
class Bench:
    """A cluster without controllers, and the command that talks to it."""

    client: KubeClient
    logs: WrittenLogs
    folder: Path
    kubeconfig: Path

    async def start(
        self, *args: str, stdout: int = asyncio.subprocess.PIPE, **environ: str
    ) -> asyncio.subprocess.Process:
        """Start `kubeless` in the bench's folder."""
        own = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "KUBECONFIG": str(self.kubeconfig)}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "kubeless.cli.main",
            *args,
            cwd=self.folder,
            env=own | {"PYTHONPATH": os.pathsep.join(sys.path)} | environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    async def run(self, *args: str, **environ: str) -> Ran:
        """Run `kubeless` to its end."""
        return await self.finish(await self.start(*args, stdout=asyncio.subprocess.PIPE, **environ))

    async def finish(self, process: asyncio.subprocess.Process) -> Ran:
        """Wait for a command's end; a hanging one is killed and fails the test."""
        try:
            async with asyncio.timeout(PATIENCE):
                out, err = await process.communicate()
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            raise
        return Ran(process.returncode or 0, (out or b"").decode(errors="replace"), err.decode(), out)

    async def eventually(self, check: Callable[[], Awaitable[bool]]) -> None:
        """Wait for a condition."""
        deadline = time.monotonic() + PATIENCE
        while not await check():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)

    async def function(self, name: str) -> JsonObject:
        """A Function as stored."""
        return await self.client.get(FUNCTIONS, name, namespace=NAMESPACE)

    async def write_ready(self, name: str, status: str, reason: str, message: str = "") -> None:
        """Write the Ready condition, as the controller would."""
        generation = (await self.function(name))["metadata"]["generation"]
        condition = {
            "type": "Ready",
            "status": status,
            "reason": reason,
            "message": message,
            "observedGeneration": generation,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }
        patch = {"status": {"observedGeneration": generation, "conditions": [condition]}}
        await self.client.patch(FUNCTIONS, name, patch, namespace=NAMESPACE, subresource="status")

    def write_source(self, name: str = "app.py", text: str = "def run(event, context):\n    return 1\n") -> str:
        """A source file in the bench's folder."""
        (self.folder / name).write_text(text)
        return name


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    logs = WrittenLogs()
    async with ApiServer(logs=logs) as server, await KubeClient.anonymous(server.url, namespace=NAMESPACE) as client:
        for definition in custom_resource_definitions():
            await client.create(CRDS, definition)
        await client.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        kubeconfig = tmp_path / "config.yaml"
        kubeconfig.write_text(yaml.safe_dump(_kubeconfig(server.url)))
        bench = Bench(client, logs, tmp_path, kubeconfig)
        await bench.eventually(lambda: _serves_functions(client))
        yield bench


async def _serves_functions(client: KubeClient) -> bool:
    try:
        await client.list(FUNCTIONS, namespace=NAMESPACE)
    except KubeError:
        return False
    return True


def _kubeconfig(url: str) -> JsonObject:
    contexts = [
        {"name": "team", "context": {"cluster": "it", "user": "me", "namespace": NAMESPACE}},
        {"name": "other", "context": {"cluster": "it", "user": "me"}},
    ]
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "team",
        "clusters": [{"name": "it", "cluster": {"server": url}}],
        "users": [{"name": "me", "user": {}}],
        "contexts": contexts,
    }
