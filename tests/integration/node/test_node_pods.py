"""Function pods as processes."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import signal
import zipfile
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.resources import CONFIG_MAPS, DEPLOYMENTS, EVENTS, NODES, PODS, SERVICES

if TYPE_CHECKING:
    import aiohttp

    from integration.node.conftest import LocalCluster, Machine

HELLO = """
def run(path):
    return 200, "hello " + path
"""

WHO_AM_I = """
import os
def run(path):
    return 200, str(os.getpid())
"""


async def ask(http: aiohttp.ClientSession, url: str) -> str:
    async with http.get(url) as answer:
        assert answer.status == 200
        return await answer.text()


async def is_gone(pid: int) -> bool:
    try:
        state = await asyncio.to_thread(Path(f"/proc/{pid}/stat").read_text)
    except FileNotFoundError:
        return True
    return state.rpartition(")")[2].split()[0] == "Z"


async def test_a_deployment_becomes_a_process_that_answers_at_its_endpoint(
    cluster: LocalCluster, http: aiohttp.ClientSession
) -> None:
    await cluster.deploy("hello", HELLO)
    [url] = await cluster.ready("hello")
    assert await ask(http, f"{url}/world") == "hello /world"
    assert url.startswith("http://127.")
    assert url.endswith(":8080")


async def test_a_ready_pod_says_so_in_every_place_that_people_look(cluster: LocalCluster) -> None:
    await cluster.deploy("hello", HELLO)
    await cluster.ready("hello")

    async def available() -> JsonObject | None:
        deployment = await cluster.client.get(DEPLOYMENTS, "hello")
        return deployment if deployment["status"].get("availableReplicas") == 1 else None

    deployment = await cluster.eventually(available)
    assert deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"]
    assert {c["type"]: c["status"] for c in deployment["status"]["conditions"]} == {
        "Available": "True",
        "Progressing": "True",
    }
    [pod] = await cluster.pods("hello")
    assert pod["spec"]["nodeName"] == "local"
    assert pod["status"]["phase"] == "Running"
    assert {c["type"]: c["status"] for c in pod["status"]["conditions"]} == dict.fromkeys(
        ("PodScheduled", "Initialized", "ContainersReady", "Ready"), "True"
    )
    node = await cluster.client.get(NODES, "local")
    assert node["status"]["conditions"][0]["status"] == "True"

    async def reasons() -> bool:
        events = await cluster.client.list(EVENTS, namespace="default")
        return {event["reason"] for event in events.items} >= {"Scheduled", "Started", "SuccessfulCreate"}

    await cluster.eventually(reasons)


async def test_an_archive_is_unpacked_and_its_checksum_verified(
    cluster: LocalCluster, http: aiohttp.ClientSession
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped.py", "from lib.words import word\ndef run(path):\n    return 200, word\n")
        file.writestr("lib/words.py", "word = 'from the archive'")
    await cluster.deploy(
        "zipped", base64.b64encode(archive.getvalue()).decode(), **{"function-content-type": "base64+zip"}
    )
    [url] = await cluster.ready("zipped")
    assert await ask(http, url) == "from the archive"


async def test_a_wrong_checksum_keeps_the_pod_pending_and_says_why(cluster: LocalCluster) -> None:
    await cluster.deploy("wrong", HELLO, checksum=f"sha256:{'0' * 64}")

    async def failed() -> JsonObject | None:
        pods = await cluster.pods("wrong")
        status = pods[0].get("status", {}) if pods else {}
        waiting = [entry["state"].get("waiting", {}) for entry in status.get("initContainerStatuses", [])]
        return status if waiting and waiting[0].get("reason") == "PrepareFailed" else None

    status = await cluster.eventually(failed)
    assert status["phase"] == "Pending"
    step = status["initContainerStatuses"][0]
    assert "checksum mismatch" in step["state"]["waiting"]["message"]
    assert step["lastState"]["terminated"]["exitCode"] == 1
    assert "checksum mismatch" in (await read_log(cluster, "wrong", container="prepare"))


async def test_a_hostile_archive_is_refused_and_leaves_nothing(cluster: LocalCluster) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("evil.py", "def run(path): ...")
        file.writestr("../../../escaped.py", "x")
    await cluster.deploy(
        "evil", base64.b64encode(archive.getvalue()).decode(), **{"function-content-type": "base64+zip"}
    )

    async def failed() -> bool:
        pods = await cluster.pods("evil")
        return "path out of the folder" in str(pods[0].get("status")) if pods else False

    await cluster.eventually(failed)
    assert not await asyncio.to_thread(lambda: list(cluster.settings.data_dir.rglob("escaped.py")))


async def test_an_install_that_fails_says_why(cluster: LocalCluster) -> None:
    await cluster.deploy("needy", HELLO, deps="no-such-package")

    async def failed() -> bool:
        pods = await cluster.pods("needy")
        status = pods[0].get("status", {}) if pods else {}
        return any(
            entry["state"].get("waiting", {}).get("reason") == "InstallFailed"
            and "cannot install no-such-package" in entry["state"]["waiting"]["message"]
            for entry in status.get("initContainerStatuses", [])
        )

    await cluster.eventually(failed)


async def test_a_crash_loop_shows_the_last_line_of_the_traceback(cluster: LocalCluster) -> None:
    await cluster.deploy("broken", "raise ValueError('no luck today')")

    async def loops() -> JsonObject | None:
        container = await cluster.container("broken")
        waiting = container.get("state", {}).get("waiting", {})
        return container if waiting.get("reason") == "CrashLoopBackOff" and container["restartCount"] > 1 else None

    container = await cluster.eventually(loops)
    ended = container["lastState"]["terminated"]
    assert ended["exitCode"] == 1
    assert ended["message"].splitlines()[-1] == "ValueError: no luck today"
    assert "no luck today" in await read_log(cluster, "broken", previous=True)


async def test_a_runtime_that_is_not_a_function_is_refused_in_words(cluster: LocalCluster) -> None:
    spec = {"containers": [{"name": "web", "image": "nginx"}]}
    labels = {"function": "web"}
    await cluster.client.create(
        PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": labels}, "spec": spec}
    )

    async def refused() -> str:
        waiting = (await cluster.container("web")).get("state", {}).get("waiting", {})
        return waiting.get("message", "") if waiting.get("reason") == "ErrImagePull" else ""

    assert "function runtimes only" in await cluster.eventually(refused)


async def test_what_is_refused_never_looks_initialized(cluster: LocalCluster) -> None:
    image = {"image": "nginx"}
    spec = {"initContainers": [{"name": "first", **image}], "containers": [{"name": "web", **image}]}
    await cluster.client.create(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec})

    async def refused() -> JsonObject:
        status: JsonObject = (await cluster.client.get(PODS, "web", namespace="default"))["status"]
        states = [container["state"] for container in status.get("initContainerStatuses", ())]
        return status if any(state.get("waiting", {}).get("reason") == "ErrImagePull" for state in states) else {}

    conditions = (await cluster.eventually(refused))["conditions"]
    assert [condition["status"] for condition in conditions if condition["type"] == "Initialized"] == ["False"]


async def test_a_pod_waits_for_its_config_map_and_goes_on_when_it_comes(cluster: LocalCluster) -> None:
    env = [{"name": "COLOR", "valueFrom": {"configMapKeyRef": {"name": "colors", "key": "main"}}}]
    container = {"name": "paint", "env": env}
    await cluster.deploy("paint", HELLO, deployment={"spec": {"template": {"spec": {"containers": [container]}}}})

    async def waits() -> bool:
        waiting = (await cluster.container("paint")).get("state", {}).get("waiting", {})
        return waiting.get("reason") == "CreateContainerConfigError" and "colors" in waiting["message"]

    await cluster.eventually(waits)
    await cluster.apply(
        CONFIG_MAPS,
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "colors", "namespace": "default"},
            "data": {"main": "red"},
        },
    )
    await cluster.ready("paint")


async def test_a_deleted_deployment_leaves_no_process_folder_or_endpoint(
    cluster: LocalCluster, http: aiohttp.ClientSession
) -> None:
    await cluster.deploy("who", WHO_AM_I)
    [url] = await cluster.ready("who")
    pid = int(await ask(http, url))
    await cluster.client.delete(DEPLOYMENTS, "who")
    await cluster.client.delete(SERVICES, "who")

    async def nothing_left() -> bool:
        folder = cluster.settings.data_dir / "pods"
        return (
            not await cluster.pods("who")
            and not await cluster.endpoints("who")
            and not await asyncio.to_thread(lambda: list(folder.iterdir()))
            and await is_gone(pid)
        )

    await cluster.eventually(nothing_left)


async def test_a_killed_process_is_started_again(cluster: LocalCluster, http: aiohttp.ClientSession) -> None:
    await cluster.deploy("who", WHO_AM_I)
    [url] = await cluster.ready("who")
    pid = int(await ask(http, url))
    os.kill(pid, signal.SIGKILL)

    async def restarted() -> bool:
        container = await cluster.container("who")
        return bool(container["ready"]) and container["restartCount"] == 1

    await cluster.eventually(restarted)
    [url] = await cluster.ready("who")
    assert int(await ask(http, url)) != pid


async def test_a_failed_liveness_probe_restarts_the_container(
    cluster: LocalCluster, http: aiohttp.ClientSession
) -> None:
    code = """
    import os
    def run(path):
        if path == "/hang":
            open("hung", "w").close()
        if path == "/alive":
            first = os.path.exists("hung")
            return (500, "no") if first and os.environ["START"] == str(os.getpid()) else (200, "yes")
        return 200, str(os.getpid())
    os.environ["START"] = str(os.getpid()) if not os.path.exists("hung") else ""
    """
    probe = {"httpGet": {"path": "/alive", "port": 8080}, "initialDelaySeconds": 1, "periodSeconds": 1}
    container = {"name": "sick", "livenessProbe": {**probe, "failureThreshold": 1}}
    await cluster.deploy("sick", code, deployment={"spec": {"template": {"spec": {"containers": [container]}}}})
    [url] = await cluster.ready("sick")
    pid = await ask(http, url)
    await ask(http, f"{url}/hang")

    async def restarted() -> bool:
        container = await cluster.container("sick")
        return bool(container["ready"]) and container["restartCount"] == 1

    await cluster.eventually(restarted)
    [url] = await cluster.ready("sick")
    assert await ask(http, url) != pid


async def test_an_unready_pod_leaves_the_endpoints_and_comes_back(
    cluster: LocalCluster, http: aiohttp.ClientSession
) -> None:
    code = """
    ready = True
    def run(path):
        global ready
        if path in ("/on", "/off"):
            ready = path == "/on"
        return (200 if ready or path != "/ready" else 503), "ok"
    """
    probe = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1}
    container = {"name": "moody", "readinessProbe": probe}
    await cluster.deploy("moody", code, deployment={"spec": {"template": {"spec": {"containers": [container]}}}})
    [url] = await cluster.ready("moody")
    await ask(http, f"{url}/off")
    await cluster.ready("moody", replicas=0)
    await ask(http, f"{url}/on")
    await cluster.ready("moody")


async def test_pods_that_share_an_address_get_ports_of_their_own(machine: Machine, http: aiohttp.ClientSession) -> None:
    machine.options["own_addresses"] = False
    async with machine.start() as cluster:
        await cluster.deploy("who", WHO_AM_I, deployment={"spec": {"replicas": 2}})
        urls = await cluster.ready("who", replicas=2)
        assert {url.rpartition(":")[0] for url in urls} == {"http://127.0.0.1"}
        assert len({await ask(http, url) for url in urls}) == 2


async def read_log(cluster: LocalCluster, name: str, *, container: str | None = None, previous: bool = False) -> str:
    [pod] = await cluster.pods(name)
    chunks = cluster.client.logs(
        pod["metadata"]["name"], namespace="default", container=container or name, previous=previous
    )
    async with aclosing(chunks):
        return b"".join([chunk async for chunk in chunks]).decode()
