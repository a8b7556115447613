"""The pods of a function: which are ready, and what the last one said before it died."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import KubeError
from kubeless.kube.resources import PODS

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient

_LAST_LINES = 10
_LAST_BYTES = 16_384


async def function_pods(client: "KubeClient", namespace: str, name: str) -> list[JsonObject]:
    """The pods with the function's label, oldest first."""
    found = await client.list(PODS, namespace=namespace, label_selector=f"function={name}")
    return sorted(
        found.items, key=lambda pod: (pod["metadata"].get("creationTimestamp") or "", pod["metadata"]["name"])
    )


def is_ready(pod: JsonObject) -> bool:
    """Whether all its containers are ready."""
    containers = (pod.get("status") or {}).get("containerStatuses") or []
    return bool(containers) and all(container.get("ready") for container in containers)


def crash_of(pods: Sequence[JsonObject]) -> str:
    """How the newest pod ended before it was started again; empty if it has not, or is ready by now."""
    if not pods or is_ready(pods[-1]):
        return ""
    for status in _container_statuses(pods[-1]):
        ended = (status.get("lastState") or {}).get("terminated") or {}
        if ended.get("exitCode"):
            return f"it ended with exit code {ended['exitCode']} before, and is started again and again"
    return ""


async def last_words(client: "KubeClient", namespace: str, name: str) -> list[str]:
    """The last lines of the newest pod that is not ready; none if they cannot be had, which is no error of its own."""
    try:
        pods = [pod for pod in await function_pods(client, namespace, name) if not is_ready(pod)]
        if not pods:
            return []
        return await _tail(client, namespace, pods[-1])
    except KubeError:
        return []


async def _tail(client: "KubeClient", namespace: str, pod: JsonObject) -> list[str]:
    for status, is_previous in _crashed_containers(pod):
        chunks = client.logs(
            pod["metadata"]["name"],
            namespace=namespace,
            container=status["name"],
            tail_lines=_LAST_LINES,
            previous=is_previous,
        )
        text = b""
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    text = (text + chunk)[-_LAST_BYTES:]
        except KubeError:  # that container's log is gone already
            continue
        if text.strip():
            return text.decode(errors="replace").splitlines()[-_LAST_LINES:]
    return _termination_message(pod)


def _crashed_containers(pod: JsonObject) -> list[tuple[JsonObject, bool]]:
    """Containers that ended badly, and whether it is the run before the current one whose log tells why."""
    crashed = []
    for status in _container_statuses(pod):
        if _failed(status.get("state")):
            crashed.append((status, False))
        elif _failed(status.get("lastState")):
            crashed.append((status, True))
            crashed.append((status, False))
    return crashed


def _failed(state: JsonObject | None) -> bool:
    ended = (state or {}).get("terminated") or {}
    return bool(ended.get("exitCode"))


def _container_statuses(pod: JsonObject) -> list[JsonObject]:
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def _termination_message(pod: JsonObject) -> list[str]:
    for status in _container_statuses(pod):
        for state in ("state", "lastState"):
            message = ((status.get(state) or {}).get("terminated") or {}).get("message")
            if message:
                return str(message).splitlines()[-_LAST_LINES:]
    return []
