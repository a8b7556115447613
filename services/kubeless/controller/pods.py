"""
What a pod of a function says about the function.

Pods are turned into these small values as they arrive; the rest of them is not kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kubeless.controller.desired.deployment import CHECKSUM
from kubeless.controller.problem import Problem
from kubeless.core.jsontypes import JsonObject

WARNING = "kubeless.io/warning"
"""Annotation in which a node tells people what is odd about a pod, though it runs."""

_STEP_REASONS = {"prepare": "PrepareFailed", "install": "InstallFailed", "compile": "CompileFailed"}

_HARMLESS = {"", "PodInitializing", "ContainerCreating"}
"""Reasons for waiting that pass by themselves."""

_IMAGE_REASONS = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}

LINE_LIMIT = 500
"""Characters of a log line that a condition repeats."""


@dataclass(frozen=True, slots=True)
class FunctionPod:
    """One pod of a function."""

    name: str
    namespace: str
    function: str
    checksum: str
    """Tells which version of the function the pod was made from."""
    ready: bool
    leaving: bool
    warning: str
    problem: Problem | None


def read_pod(obj: JsonObject) -> FunctionPod | None:
    """A pod with our labels as a value; None for one that belongs to no function."""
    metadata, status = obj["metadata"], obj.get("status") or {}
    function = (metadata.get("labels") or {}).get("function")
    if not function:
        return None
    annotations = metadata.get("annotations") or {}
    conditions = {item.get("type"): item for item in status.get("conditions") or []}
    return FunctionPod(
        name=metadata["name"],
        namespace=metadata["namespace"],
        function=function,
        checksum=annotations.get(CHECKSUM, ""),
        ready=conditions.get("Ready", {}).get("status") == "True",
        leaving=bool(metadata.get("deletionTimestamp")),
        warning=annotations.get(WARNING, ""),
        problem=next(_problems(status, conditions), None),
    )


def _problems(status: JsonObject, conditions: JsonObject) -> Iterator[Problem]:
    for container in status.get("initContainerStatuses") or []:
        yield from _step_problems(container)
    for container in status.get("containerStatuses") or []:
        yield from _server_problems(container)
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        yield Problem("Unschedulable", f"no node can run the pod: {scheduled.get('message', '')}")


def _step_problems(container: JsonObject) -> Iterator[Problem]:
    step = container.get("name", "")
    ended = _failure(container)
    waiting = _waiting(container)
    reason = _STEP_REASONS.get(step, "InitFailed")
    if ended is not None:
        yield Problem(reason, f"step {step} failed: {_last_words(ended)}")
    elif waiting.get("reason", "") in _STEP_REASONS.values():
        yield Problem(waiting["reason"], f"step {step} failed: {_line(waiting.get('message', ''))}")
    else:
        yield from _waiting_problems(waiting)


def _server_problems(container: JsonObject) -> Iterator[Problem]:
    ended = _failure(container)
    waiting = _waiting(container)
    if ended is not None and (container.get("state") or {}).get("running") is None:
        times = f" {container['restartCount'] + 1} times" if container.get("restartCount") else ""
        yield Problem("CrashLoopBackOff", f"the function ended{times}: {_last_words(ended)}")
    else:
        yield from _waiting_problems(waiting)


def _waiting_problems(waiting: JsonObject) -> Iterator[Problem]:
    reason, message = waiting.get("reason", ""), _line(waiting.get("message", ""))
    if reason in _HARMLESS:
        return
    if reason in _IMAGE_REASONS:
        message = f"the image cannot be run: {message}"
    yield Problem(reason, message or f"the pod waits: {reason}")


def _waiting(container: JsonObject) -> JsonObject:
    waiting: JsonObject = (container.get("state") or {}).get("waiting") or {}
    return waiting


def _failure(container: JsonObject) -> JsonObject | None:
    """How the container ended last, if it failed and has not started since."""
    for key in ("state", "lastState"):
        ended: JsonObject | None = (container.get(key) or {}).get("terminated")
        if ended is not None:
            return ended if ended.get("exitCode", 0) != 0 or ended.get("reason") == "OOMKilled" else None
    return None


def _last_words(ended: JsonObject) -> str:
    if ended.get("reason") == "OOMKilled":
        return "it used more memory than its limit; raise the limit or use less"
    lines = [line for line in str(ended.get("message") or "").splitlines() if line.strip()]
    if lines:
        return _line(lines[-1])
    return f"exit code {ended.get('exitCode')}, and nothing in its log"


def _line(text: str) -> str:
    text = text.strip()
    return text if len(text) <= LINE_LIMIT else f"{text[: LINE_LIMIT - 1]}…"
