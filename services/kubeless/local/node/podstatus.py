"""
A pod's status, from what its node knows: a pure function.

The rules are the kubelet's: the phase follows from the containers and the restart policy; `Initialized`,
`ContainersReady` and `Ready` from their states.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from kubeless.api.metadata import format_time
from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.containerstate import ContainerRecord, Running, Terminated, Waiting


@dataclass(slots=True)
class PodRecord:
    """A pod on this node."""

    init: list[ContainerRecord]
    main: list[ContainerRecord]
    started: datetime
    ip: str = ""
    host_ip: str = ""
    initialized: bool = False
    deleting: bool = False


def pod_status(pod: JsonObject, record: PodRecord, *, now: datetime) -> JsonObject:
    """The whole `status` of the pod. Times of conditions that did not change are taken over from the object."""
    phase = pod_phase(record, str(pod["spec"].get("restartPolicy", "Always")))
    current = (pod.get("status") or {}).get("conditions") or []
    addresses = {"podIP": record.ip, "podIPs": [{"ip": record.ip}]} if record.ip else {}
    return {
        "phase": phase,
        "conditions": merge_core_conditions(current, _conditions(record, phase), now=now),
        "hostIP": record.host_ip,
        **addresses,
        "startTime": format_time(record.started),
        "qosClass": "BestEffort",
        "initContainerStatuses": [container.to_json(pod["metadata"]["uid"]) for container in record.init],
        "containerStatuses": [container.to_json(pod["metadata"]["uid"]) for container in record.main],
    }


def pod_phase(record: PodRecord, restart_policy: str) -> str:
    """Pending, Running, Succeeded or Failed."""
    if not record.initialized:
        failed = any(
            isinstance(container.state, Terminated) and not container.state.succeeded for container in record.init
        )
        return "Failed" if failed and restart_policy == "Never" else "Pending"
    states = [container.state for container in record.main]
    if not record.deleting and restart_policy != "Always" and all(isinstance(state, Terminated) for state in states):
        good = all(isinstance(state, Terminated) and state.succeeded for state in states)
        return "Succeeded" if good else "Failed"
    # A container that waits has not begun, unless it ran before.
    begun = [not isinstance(container.state, Waiting) or container.last is not None for container in record.main]
    return "Running" if all(begun) else "Pending"


@dataclass(frozen=True, slots=True)
class CoreCondition:
    """A condition of a built-in kind, which have no observedGeneration."""

    type: str
    status: bool
    reason: str = ""
    message: str = ""


def merge_core_conditions(
    current: Sequence[JsonObject], new: Iterable[CoreCondition], *, now: datetime
) -> list[JsonObject]:
    """The conditions to write; `lastTransitionTime` moves only with the status."""
    before = {condition.get("type"): condition for condition in current}
    merged = []
    for condition in new:
        old = before.get(condition.type) or {}
        same = old.get("status") == str(condition.status) and "lastTransitionTime" in old
        value = {
            "type": condition.type,
            "status": str(condition.status),
            "lastTransitionTime": old["lastTransitionTime"] if same else format_time(now),
        }
        if condition.reason:
            value |= {"reason": condition.reason, "message": condition.message}
        merged.append(value)
    return merged


def _conditions(record: PodRecord, phase: str) -> list[CoreCondition]:
    done = phase == "Succeeded"
    unready = [container.name for container in record.main if not container.ready]
    reason = (
        ("PodCompleted", "") if done else ("ContainersNotReady", f"containers with unready status: {_names(unready)}")
    )
    ready = ("", "") if not unready and record.initialized else reason
    waiting = [container.name for container in record.init if not _completed(container)]
    incomplete = ("ContainersNotInitialized", f"containers with incomplete status: {_names(waiting)}")
    return [
        CoreCondition("PodScheduled", True),
        CoreCondition("Initialized", record.initialized, *(("", "") if record.initialized else incomplete)),
        CoreCondition("ContainersReady", not ready[0], *ready),
        CoreCondition("Ready", not ready[0], *ready),
    ]


def _completed(container: ContainerRecord) -> bool:
    return isinstance(container.state, Terminated) and container.state.succeeded


def _names(names: list[str]) -> str:
    return f"[{' '.join(names)}]"


def any_running(record: PodRecord) -> bool:
    """Whether a process of the pod may be serving."""
    return any(isinstance(container.state, Running) for container in [*record.init, *record.main])
