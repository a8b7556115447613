"""Pods as kubectl prints them: how many containers are ready, and one word for what is going on."""

from datetime import datetime
from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.printed.age import age, human_duration, parse_time


def pod_cells(pod: JsonObject, now: datetime) -> list[Any]:
    """Name, Ready, Status, Restarts, Age, IP, Node, Nominated Node, Readiness Gates."""
    spec, status = pod.get("spec", {}), pod.get("status", {})
    statuses = status.get("containerStatuses", [])
    ready = sum(bool(container.get("ready")) and "running" in container.get("state", {}) for container in statuses)
    return [
        pod["metadata"].get("name"),
        f"{ready}/{len(spec.get('containers', []))}",
        pod_status(pod),
        _restarts(statuses, now),
        age(pod["metadata"].get("creationTimestamp"), now),
        status.get("podIP") or "<none>",
        spec.get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        _gates(spec, status),
    ]


def pod_status(pod: JsonObject) -> str:
    """The word in the STATUS column."""
    status = pod.get("status", {})
    word = status.get("reason") or status.get("phase") or "Unknown"
    word = _init_word(pod) or _container_word(status.get("containerStatuses", []), word)
    if pod["metadata"].get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return str(word)


def _init_word(pod: JsonObject) -> str:
    """What the first unfinished init container is at, "" if all are done."""
    total = len(pod.get("spec", {}).get("initContainers", []))
    for index, container in enumerate(pod.get("status", {}).get("initContainerStatuses", [])):
        state = container.get("state", {})
        ended = state.get("terminated")
        if (ended and ended.get("exitCode") == 0) or (container.get("started") and "running" in state):
            continue
        if ended:
            return f"Init:{_end_word(ended)}"
        waiting = state.get("waiting", {}).get("reason", "")
        return f"Init:{waiting}" if waiting not in {"", "PodInitializing"} else f"Init:{index}/{total}"
    return ""


def _container_word(statuses: list[JsonObject], word: str) -> str:
    running = False
    for container in reversed(statuses):
        state = container.get("state", {})
        waiting, ended = state.get("waiting", {}).get("reason"), state.get("terminated")
        if waiting:
            word = waiting
        elif ended is not None:
            word = _end_word(ended)
        elif container.get("ready") and "running" in state:
            running = True
    if word == "Completed" and running:
        return "Running" if all(container.get("ready") for container in statuses) else "NotReady"
    return word


def _end_word(ended: JsonObject) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _restarts(statuses: list[JsonObject], now: datetime) -> str:
    count = sum(container.get("restartCount", 0) for container in statuses)
    ends = [container.get("lastState", {}).get("terminated", {}).get("finishedAt") for container in statuses]
    moments = [moment for moment in map(parse_time, ends) if moment is not None]
    if not count or not moments:
        return str(count)
    return f"{count} ({human_duration((now - max(moments)).total_seconds())} ago)"


def _gates(spec: JsonObject, status: JsonObject) -> str:
    gates = spec.get("readinessGates", [])
    if not gates:
        return "<none>"
    met = {condition.get("type") for condition in status.get("conditions", []) if condition.get("status") == "True"}
    return f"{sum(gate.get('conditionType') in met for gate in gates)}/{len(gates)}"
