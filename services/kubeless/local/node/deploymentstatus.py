"""
A Deployment's status, as `kubectl rollout status` and people read it: a pure function.

Counts are sums over the ReplicaSets. `Available` says whether enough pods serve; `Progressing` whether the rollout
moves, is done, or stands still for longer than its deadline.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kubeless.api.metadata import format_time, parse_time
from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.deploymentplan import deployment_bounds
from kubeless.local.node.replicasets import desired_replicas

_DEADLINE = 600.0
_DONE, _MOVING, _STUCK = "NewReplicaSetAvailable", "ReplicaSetUpdated", "ProgressDeadlineExceeded"


@dataclass(frozen=True, slots=True)
class _Statement:
    type: str
    status: str
    reason: str
    message: str


def deployment_status(
    deployment: JsonObject, new: JsonObject | None, old: Sequence[JsonObject], *, now: datetime
) -> JsonObject:
    """The whole status. What did not change keeps its times, so an unchanged Deployment gets an equal status."""
    before = deployment.get("status") or {}
    counts = _counts(deployment, new, old)
    statements = [_available(deployment, counts), *_progressing(deployment, before, counts, new, now=now)]
    conditions = _merge(before.get("conditions") or [], statements, moved=_moved(before, counts), now=now)
    return {"observedGeneration": deployment["metadata"].get("generation", 0), **counts, "conditions": conditions}


def deadline_in(deployment: JsonObject, status: JsonObject, *, now: datetime) -> float | None:
    """Seconds until an unfinished rollout counts as stuck; None if that cannot happen."""
    progressing = _find(status["conditions"], "Progressing")
    if progressing.get("reason") in (_DONE, _STUCK) or progressing.get("status") != "True":
        return None
    since = parse_time(progressing.get("lastUpdateTime")) or now
    return max(1.0, (since + timedelta(seconds=_deadline(deployment)) - now).total_seconds() + 1.0)


def is_complete(deployment: JsonObject, counts: JsonObject) -> bool:
    """Whether all replicas are of the current template and available, and no others are left."""
    wanted = desired_replicas(deployment)
    return all(counts.get(name) == wanted for name in ("replicas", "updatedReplicas", "availableReplicas"))


def _counts(deployment: JsonObject, new: JsonObject | None, old: Sequence[JsonObject]) -> JsonObject:
    sets = [*old, *([new] if new else [])]
    total = _sum(sets, "replicas")
    available = _sum(sets, "availableReplicas")
    return {
        "replicas": total,
        "updatedReplicas": _sum([new], "replicas") if new else 0,
        "readyReplicas": _sum(sets, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, max(total, desired_replicas(deployment)) - available),
    }


def _sum(sets: Sequence[JsonObject], name: str) -> int:
    return sum(int((item.get("status") or {}).get(name) or 0) for item in sets)


def _available(deployment: JsonObject, counts: JsonObject) -> _Statement:
    least = desired_replicas(deployment) - deployment_bounds(deployment).unavailable
    if counts["availableReplicas"] >= least:
        return _Statement("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    return _Statement(
        "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability."
    )


def _progressing(
    deployment: JsonObject, before: JsonObject, counts: JsonObject, new: JsonObject | None, *, now: datetime
) -> list[_Statement]:
    """Nothing if what was said about progress stays true."""
    current = _find(before.get("conditions") or [], "Progressing")
    if deployment["spec"].get("paused"):
        return [_Statement("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")]
    if new is None:
        return [_Statement("Progressing", "True", _MOVING, "Deployment is about to make a new replica set.")]
    name = f'ReplicaSet "{new["metadata"]["name"]}"'
    if is_complete(deployment, counts):
        return [_Statement("Progressing", "True", _DONE, f"{name} has successfully progressed.")]
    # A finished rollout does not begin again because a pod crashes.
    if (
        current.get("reason") == _DONE
        and counts["replicas"] == counts["updatedReplicas"]
        and name in current["message"]
    ):
        return []
    since = parse_time(current.get("lastUpdateTime")) or now
    if _moved(before, counts) or current.get("reason") not in (_MOVING, _STUCK):
        return [_Statement("Progressing", "True", _MOVING, f"{name} is progressing.")]
    if now >= since + timedelta(seconds=_deadline(deployment)):
        return [_Statement("Progressing", "False", _STUCK, f"{name} has timed out progressing.")]
    return []


def _moved(before: JsonObject, counts: JsonObject) -> bool:
    """Whether something got better since the last status."""
    old_before = int(before.get("replicas") or 0) - int(before.get("updatedReplicas") or 0)
    return bool(
        counts["updatedReplicas"] > int(before.get("updatedReplicas") or 0)
        or counts["replicas"] - counts["updatedReplicas"] < old_before
        or counts["readyReplicas"] > int(before.get("readyReplicas") or 0)
        or counts["availableReplicas"] > int(before.get("availableReplicas") or 0)
    )


def _deadline(deployment: JsonObject) -> float:
    seconds = deployment["spec"].get("progressDeadlineSeconds")
    return _DEADLINE if seconds is None else float(seconds)


def _merge(
    current: Sequence[JsonObject], statements: Sequence[_Statement], *, moved: bool, now: datetime
) -> list[JsonObject]:
    merged = {condition["type"]: condition for condition in current}
    for statement in statements:
        old = merged.get(statement.type) or {}
        same = all(old.get(name) == getattr(statement, name) for name in ("status", "reason", "message"))
        if same and not (moved and statement.type == "Progressing"):
            continue
        turned = old.get("status") != statement.status
        merged[statement.type] = {
            "type": statement.type,
            "status": statement.status,
            "reason": statement.reason,
            "message": statement.message,
            "lastUpdateTime": format_time(now),
            "lastTransitionTime": format_time(now) if turned else old["lastTransitionTime"],
        }
    return list(merged.values())


def _find(conditions: Sequence[JsonObject], kind: str) -> JsonObject:
    return next((condition for condition in conditions if condition.get("type") == kind), {})
