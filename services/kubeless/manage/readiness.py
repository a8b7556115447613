"""
What the status of a Function means for somebody who waits for it.

Only statements about the generation that was asked for count: an older one may well be ready while the new one is not
even looked at. Reasons that no waiting mends end the wait at once, whatever is left of the time.
"""

import re
from dataclasses import dataclass
from typing import Literal

from kubeless.core.jsontypes import JsonObject

HOPELESS = frozenset(
    {
        "CompileFailed",
        "Conflict",
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "Failed",
        "Forbidden",
        "ImageInspectError",
        "ImagePullBackOff",
        "InitFailed",
        "InstallFailed",
        "PrepareFailed",
        "ProgressDeadlineExceeded",
        "QuotaExceeded",
        "RunContainerError",
        "RuntimeNotAvailable",
        "ScaledToZero",
        "UnknownRuntime",
    }
)
"""Reasons after which nothing happens until a person does something. Those that begin with `Invalid` are, too."""

UNSEEN = "submitted"
"""The step before the controller has looked at the object."""

PROGRESSING = "progressing"
"""The step while its pods come up."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """How far a function is."""

    state: Literal["waiting", "ready", "failed"]
    step: str = UNSEEN
    """A word or two for people: submitted, preparing, installing, starting, ready."""
    reason: str = ""
    message: str = ""

    def describe(self) -> str:
        """Reason and message in one line."""
        return ": ".join(part for part in (self.reason, self.message) if part)


def readiness(function: JsonObject, *, generation: int) -> Readiness:
    """What the Ready condition says about `generation` or a later one."""
    status = function.get("status") or {}
    condition = next((each for each in status.get("conditions") or [] if each.get("type") == "Ready"), None)
    if condition is None or _observed(condition, status) < generation:
        return Readiness("waiting")
    reason, message = str(condition.get("reason") or ""), str(condition.get("message") or "")
    if condition.get("status") == "True":
        # The message repeats what a node finds odd about a function that runs all the same.
        return Readiness("ready", f"ready: {message}" if message else "ready", reason, message)
    hopeless = condition.get("status") == "False" and (reason in HOPELESS or reason.startswith("Invalid"))
    return Readiness("failed" if hopeless else "waiting", _in_words(reason), reason, message)


def _observed(condition: JsonObject, status: JsonObject) -> int:
    return int(condition.get("observedGeneration") or status.get("observedGeneration") or 0)


def _in_words(reason: str) -> str:
    """`PullingImage` as "pulling image"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", reason).lower() or "starting"
