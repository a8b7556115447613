"""The real Python function server as a pod, and the real kubectl as its user."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

import pytest

from kubeless.local.node.plan import RuntimeFinder

if TYPE_CHECKING:
    import aiohttp

    from integration.node.conftest import Machine

ECHO = """
def run(event, context):
    print("called with", event["data"])
    return event["data"]
"""

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: local
contexts: [{{name: local, context: {{cluster: local, namespace: default}}}}]
clusters: [{{name: local, cluster: {{server: "{server}"}}}}]
"""


async def test_a_python_function_runs_with_the_real_server(machine: Machine, http: aiohttp.ClientSession) -> None:
    machine.runtimes = RuntimeFinder()
    async with machine.start() as cluster:
        await cluster.deploy("echo", ECHO)
        [url] = await cluster.ready("echo")
        async with http.post(url, data=b"Hello Kubeless!") as answer:
            assert await answer.text() == "Hello Kubeless!"
        [pod] = await cluster.pods("echo")

        async def logged() -> bool:
            chunks = cluster.client.logs(pod["metadata"]["name"], namespace="default")
            return b"called with" in b"".join([chunk async for chunk in chunks])

        await cluster.eventually(logged)


async def test_kubectl_sees_rollouts_nodes_events_and_logs(machine: Machine) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not on the PATH")
    async with machine.start() as cluster:
        config = machine.folder / "kubeconfig"
        await asyncio.to_thread(config.write_text, KUBECONFIG.format(server=cluster.client.server))

        async def run(*arguments: str) -> str:
            process = await asyncio.create_subprocess_exec(
                kubectl,
                "--kubeconfig",
                str(config),
                *arguments,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            output, _ = await process.communicate()
            assert process.returncode == 0, output.decode()
            return output.decode()

        await cluster.deploy("app", "print('up')\ndef run(path):\n    return 200, 'x'\n")
        await run("rollout", "status", "deployment/app", "--timeout=20s")
        await run("rollout", "restart", "deployment/app")
        assert "successfully rolled out" in await run("rollout", "status", "deployment/app", "--timeout=20s")
        await run("rollout", "undo", "deployment/app")
        await run("rollout", "status", "deployment/app", "--timeout=20s")
        await run("scale", "deployment/app", "--replicas=2")
        await run("wait", "--for=condition=Available", "deployment/app", "--timeout=20s")
        await cluster.ready("app", replicas=2)
        assert "Ready" in await run("get", "nodes")
        assert "up" in await run("logs", "deployment/app")
        assert "Scheduled" in await run("describe", "pods", "-l", "function=app")
        assert "NewReplicaSetAvailable" in await run("describe", "deployment", "app")
