"""
What a function's status says, decided from what is known about it.

`Deployed` says whether the objects that run the function are as they should be. `Ready` says whether the function as
it is written now answers: an older version that still runs does not count. Whoever reads only `Ready` learns all that
matters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from kubeless.api.conditions import Condition, merge_conditions
from kubeless.controller.pods import FunctionPod
from kubeless.controller.problem import Problem
from kubeless.core.jsontypes import JsonObject


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far a Deployment is."""

    wanted: int
    """Pods asked for."""
    pods: int
    updated: int
    """Of the current template."""
    ready: int
    observed: bool
    """Whether the numbers speak of the Deployment as it is now."""
    failure: str
    """Why pods cannot be made, such as an exhausted quota; empty if they can."""
    stuck: str
    """Set when the rollout has made no progress for too long."""


REMEDIES = {
    "PrepareFailed": "correct spec.function, its content type or its checksum",
    "InstallFailed": "correct spec.deps",
    "CompileFailed": "correct the source",
    "CrashLoopBackOff": "`kubeless function logs` shows more",
    "ErrImagePull": "check the name of the image and the pull secrets",
    "ImagePullBackOff": "check the name of the image and the pull secrets",
    "InvalidImageName": "correct the name of the image",
    "CreateContainerConfigError": "make what is missing, or correct spec.deployment",
    "Unschedulable": "add capacity, or ask for less in spec.deployment",
    "PodsNotCreated": "correct spec.deployment, or ask the administrator who set the policy",
    "QuotaExceeded": "raise the ResourceQuota of the namespace, or ask for less",
    "ProgressDeadlineExceeded": "`kubectl describe pods` with the label of the function says what they wait for",
}
"""What a person can do about a reason, where the message cannot say it."""

NO_ROLLOUT = Rollout(wanted=0, pods=0, updated=0, ready=0, observed=False, failure="", stuck="")


def read_rollout(deployment: JsonObject | None) -> Rollout:
    """The state of a Deployment."""
    if deployment is None:
        return NO_ROLLOUT
    status = deployment.get("status") or {}
    conditions = {item.get("type"): item for item in status.get("conditions") or []}
    failure = conditions.get("ReplicaFailure", {})
    progressing = conditions.get("Progressing", {})
    stuck = progressing.get("status") == "False"
    return Rollout(
        wanted=deployment["spec"].get("replicas", 1),
        pods=status.get("replicas") or 0,
        updated=status.get("updatedReplicas") or 0,
        ready=status.get("readyReplicas") or 0,
        observed=(status.get("observedGeneration") or 0) >= deployment["metadata"].get("generation", 0),
        failure=failure.get("message", "") if failure.get("status") == "True" else "",
        stuck=progressing.get("message", "") if stuck else "",
    )


def desired_status(
    current: JsonObject,
    *,
    generation: int,
    problem: Problem | None,
    rollout: Rollout,
    pods: Sequence[FunctionPod],
    selector: str,
    now: datetime,
) -> JsonObject:
    """
    The status to write, given the `current` one.

    `problem` is what stood in the way of making the objects; `pods` are those of the version that is wanted.
    """
    conditions = [deployed_condition(problem, generation), ready_condition(problem, rollout, pods, generation)]
    return {
        **current,
        "observedGeneration": generation,
        "replicas": rollout.pods,
        "readyReplicas": rollout.ready,
        "selector": selector,
        "conditions": merge_conditions(current.get("conditions") or [], conditions, now=now),
    }


def deployed_condition(problem: Problem | None, generation: int) -> Condition:
    """Whether the function's objects are in place."""
    if problem is not None:
        return Condition("Deployed", False, problem.reason, problem.message, generation)
    return Condition("Deployed", True, "Applied", "ConfigMap, Service and Deployment are as they should be", generation)


def ready_condition(
    problem: Problem | None, rollout: Rollout, pods: Sequence[FunctionPod], generation: int
) -> Condition:
    """Whether the function answers."""
    present = [pod for pod in pods if not pod.leaving]
    if problem is None and _answers(rollout, present):
        message = f"{rollout.ready} of {rollout.wanted} pods answer"
        return Condition("Ready", True, "Ready", _with_warnings(message, present), generation)
    found = problem or _pod_problem(present) or _rollout_problem(rollout)
    remedy = REMEDIES.get(found.reason)
    message = f"{found.message}; {remedy}" if remedy else found.message
    if rollout.ready and not any(pod.ready for pod in present):
        message = f"{message}; the version before still answers"
    return Condition("Ready", False, found.reason, _with_warnings(message, present), generation)


def _answers(rollout: Rollout, present: Sequence[FunctionPod]) -> bool:
    complete = rollout.observed and rollout.updated == rollout.pods and rollout.ready > 0
    return complete and any(pod.ready for pod in present)


def _pod_problem(present: Sequence[FunctionPod]) -> Problem | None:
    return next((pod.problem for pod in sorted(present, key=lambda pod: pod.name) if pod.problem), None)


def _rollout_problem(rollout: Rollout) -> Problem:
    if rollout.failure:
        reason = "QuotaExceeded" if "exceeded quota" in rollout.failure else "PodsNotCreated"
        return Problem(reason, f"pods cannot be created: {rollout.failure}")
    if rollout.observed and rollout.wanted == 0:
        return Problem("ScaledToZero", "the function has no pods, as its Deployment asks for 0; scale it up to call it")
    if rollout.stuck:
        return Problem("ProgressDeadlineExceeded", rollout.stuck)
    return Problem("Progressing", f"{rollout.updated} of {rollout.wanted} pods started, waiting for them to answer")


def _with_warnings(message: str, pods: Iterable[FunctionPod]) -> str:
    return "; ".join([message, *dict.fromkeys(pod.warning for pod in pods if pod.warning)])
