"""
What a function's new pods are doing, for somebody who watches them come up.

This is decoration: the wait itself is decided by the function's own status, and goes on without it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import KubeError
from kubeless.kube.resources import PODS
from kubeless.manage.pods import is_ready

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient

_INIT_STEPS = {"prepare": "preparing", "install": "installing dependencies", "compile": "compiling"}


@asynccontextmanager
async def telling_steps(client: "KubeClient", function: JsonObject, tell: Callable[[str], None]) -> AsyncIterator[None]:
    """Tell every new step of the function's pods for as long as the block runs."""
    # Not a TaskGroup: that would wrap the error which ends the wait.
    task = asyncio.create_task(_follow_pods(client, function, tell))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def pod_step(pods: Iterable[JsonObject]) -> str | None:
    """What the first pod that is on its way is doing; None if none is."""
    for pod in pods:
        if not pod["metadata"].get("deletionTimestamp") and not is_ready(pod):
            status = pod.get("status") or {}
            return _init_step(status) or _server_step(status)
    return None


def _init_step(status: JsonObject) -> str | None:
    running = (each for each in status.get("initContainerStatuses") or [] if (each.get("state") or {}).get("running"))
    return next((_INIT_STEPS.get(each.get("name", ""), "initialising") for each in running), None)


def _server_step(status: JsonObject) -> str | None:
    servers = status.get("containerStatuses") or []
    return "starting" if any((each.get("state") or {}).get("running") for each in servers) else None


async def _follow_pods(client: "KubeClient", function: JsonObject, tell: Callable[[str], None]) -> None:
    namespace, selector = function["metadata"]["namespace"], f"function={function['metadata']['name']}"
    try:
        found = await client.list(PODS, namespace=namespace, label_selector=selector)
        pods = {pod["metadata"]["name"]: pod for pod in found.items}
        _tell_step(pods, tell)
        events = client.watch(
            PODS, namespace=namespace, label_selector=selector, resource_version=found.resource_version
        )
        async with aclosing(events):
            async for event in events:
                if event.type == "DELETED":
                    pods.pop(event.object["metadata"]["name"], None)
                elif event.type != "BOOKMARK":
                    pods[event.object["metadata"]["name"]] = event.object
                _tell_step(pods, tell)
    except KubeError:  # not everybody may read pods
        return


def _tell_step(pods: dict[str, JsonObject], tell: Callable[[str], None]) -> None:
    if step := pod_step(pods.values()):
        tell(step)
