"""Why a function is not as it should be, in a form for its conditions."""

from dataclasses import dataclass

from kubeless.api.errors import InvalidObject
from kubeless.core.errors import InvalidField, KubelessError
from kubeless.kube.errors import Forbidden, KubeError
from kubeless.runtimes.runtime import UnknownRuntime


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason for programs, one message for people."""

    reason: str
    message: str


class ForeignObject(KubelessError):
    """An object of the name we need belongs to somebody else. It is never overwritten."""

    def __init__(self, kind: str, namespace: str, name: str, *, owner: str) -> None:
        """`owner` is the kind of the object of ours that wants the name."""
        super().__init__(
            f"Found a conflicting {kind} object {namespace}/{name}. Aborting: "
            f"rename the {owner}, or delete the {kind} if nothing needs it"
        )


class BeingDeleted(KubelessError):
    """An object is on its way out; the one that takes its place can be made when it is gone."""

    retriable = True

    def __init__(self, kind: str, namespace: str, name: str) -> None:
        super().__init__(f"{kind} {namespace}/{name} is being deleted; if that lasts, look at its finalizers")


def problem_of(error: KubelessError) -> Problem:
    """What an error means for the function that ran into it."""
    match error:
        case UnknownRuntime():
            known = ", ".join(error.known)
            return Problem("UnknownRuntime", f"Unable to find {error.runtime_id} as runtime. Supported: {known}")
        case InvalidObject():
            handlers = [problem for problem in error.problems if problem.field == "spec.handler"]
            return Problem("InvalidHandler" if handlers else "InvalidSpec", str(error))
        case InvalidField():
            return Problem("InvalidHandler" if error.field == "spec.handler" else "InvalidSpec", str(error))
        case ForeignObject():
            return Problem("Conflict", str(error))
        case Forbidden():
            return Problem("QuotaExceeded" if "exceeded quota" in str(error) else "Forbidden", str(error))
        case KubeError():
            return Problem(error.reason or "ApplyFailed", str(error))
        case _:
            return Problem("Failed", str(error))
