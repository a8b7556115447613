"""Platforms that stop, or are killed, and start again on the same folder."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.resources import PODS

if TYPE_CHECKING:
    import aiohttp

    from integration.node.conftest import LocalCluster, Machine

WHO_AM_I = """
import os
print("started", os.getpid())
def run(path):
    if path.startswith("/say/"):
        print(path[5:])
    return 200, str(os.getpid())
"""


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def ask(http: aiohttp.ClientSession, url: str) -> str:
    async with http.get(url) as answer:
        return await answer.text()


async def test_a_stop_ends_processes_and_keeps_objects_and_the_next_start_goes_on(
    machine: Machine, http: aiohttp.ClientSession
) -> None:
    async with machine.start() as cluster:
        await cluster.deploy("who", WHO_AM_I)
        [url] = await cluster.ready("who")
        pid = int(await ask(http, url))
        [before] = await cluster.pods("who")
    assert is_gone(pid)
    async with machine.start() as cluster:
        assert await cluster.ready("who") == [url], "the pod keeps its address"
        assert int(await ask(http, url)) != pid
        [after] = await cluster.pods("who")
        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        assert after["status"]["containerStatuses"][0]["restartCount"] == 1
        assert f"started {pid}" in await read_log(cluster.client, after, previous=True)


async def test_no_pod_claims_to_be_ready_once_a_node_has_started(machine: Machine) -> None:
    async with machine.start() as cluster:
        await cluster.deploy("who", WHO_AM_I)
        await cluster.ready("who")
        [pod] = await cluster.pods("who")
        ready = pod["status"]
    async with machine.api() as client:
        await client.patch(PODS, pod["metadata"]["name"], {"status": ready}, subresource="status")
    machine.options["restart_initial"] = 1000.0
    async with machine.start() as cluster:
        [pod] = await cluster.pods("who")
        conditions = {condition["type"]: condition["status"] for condition in pod["status"]["conditions"]}
        # It may have become ready again by now, but then as a later run.
        assert conditions["Ready"] == "False" or pod["status"]["containerStatuses"][0]["restartCount"] == 1


async def test_a_platform_killed_with_its_runners_leaves_strays_that_the_next_one_ends(
    machine: Machine, http: aiohttp.ClientSession
) -> None:
    platform = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PLATFORM.format(path=sys.path, folder=str(machine.folder)), stdout=asyncio.subprocess.PIPE
    )
    assert platform.stdout is not None
    async with await KubeClient.anonymous((await platform.stdout.readline()).decode().strip()) as client:
        cluster = machine.cluster(client)
        await cluster.deploy("who", WHO_AM_I)
        [url] = await cluster.ready("who")
        pid = int(await ask(http, url))
    [file] = await asyncio.to_thread(lambda: list(machine.folder.rglob("*.pid")))
    runner = int(file.read_text().split()[0])
    os.kill(platform.pid, signal.SIGSTOP)
    os.kill(runner, signal.SIGKILL)
    platform.kill()
    await platform.wait()
    assert not is_gone(pid)
    async with machine.start() as cluster:
        assert is_gone(pid)
        await cluster.ready("who")
        [pod] = await cluster.pods("who")
        assert pod["status"]["containerStatuses"][0]["restartCount"] == 1


PLATFORM = """
import asyncio, structlog, sys
sys.path[:0] = {path!r}
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
from pathlib import Path
from integration.node.conftest import Machine
async def main():
    async with Machine(Path({folder!r})).start() as cluster:
        print(cluster.client.server, flush=True)
        await asyncio.sleep(1000)
asyncio.run(main())
"""


async def test_a_followed_log_shows_lines_as_they_come_and_ends_with_the_container(
    cluster: LocalCluster, http: aiohttp.ClientSession
) -> None:
    await cluster.deploy("who", WHO_AM_I)
    [url] = await cluster.ready("who")
    [pod] = await cluster.pods("who")
    lines: asyncio.Queue[str] = asyncio.Queue()

    async def follow() -> None:
        chunks = cluster.client.logs(pod["metadata"]["name"], namespace="default", container="who", follow=True)
        async with aclosing(chunks):
            async for chunk in chunks:
                for line in chunk.decode().splitlines():
                    lines.put_nowait(line)

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(follow())
        assert (await lines.get()).startswith("started")
        await ask(http, f"{url}/say/one")
        assert await lines.get() == "one"
        await ask(http, f"{url}/say/two")
        assert await lines.get() == "two"
        os.kill(int(await ask(http, url)), signal.SIGTERM)


async def test_the_end_of_a_log_can_be_asked_for(cluster: LocalCluster, http: aiohttp.ClientSession) -> None:
    await cluster.deploy("who", WHO_AM_I)
    [url] = await cluster.ready("who")
    [pod] = await cluster.pods("who")
    for number in range(20):
        await ask(http, f"{url}/say/{number}")

    async def arrived() -> bool:
        return (await read_log(cluster.client, pod)).endswith("19\n")

    await cluster.eventually(arrived)
    assert await read_log(cluster.client, pod, tail_lines=2) == "18\n19\n"
    stamped = await read_log(cluster.client, pod, tail_lines=1, timestamps=True)
    assert stamped[:2] == "20"
    assert stamped.endswith("Z 19\n")
    assert "prepared file" in await read_log(cluster.client, pod, container="prepare")


async def read_log(client: KubeClient, pod: JsonObject, *, container: str = "who", **options: int | bool) -> str:
    chunks = client.logs(pod["metadata"]["name"], namespace="default", container=container, **options)  # type: ignore[arg-type]
    async with aclosing(chunks):
        return b"".join([chunk async for chunk in chunks]).decode()
