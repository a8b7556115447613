"""What mends a function, by the reason its condition gives."""

import re
from collections.abc import Mapping, Sequence

from kubeless.cli.explain.facts import FunctionFacts

IMPORT_ERROR = "ImportError"
OUT_OF_MEMORY = "OutOfMemory"
CRASH_LOOP = "CrashLoopBackOff"

_IMPORT = re.compile(
    r"ImportError|ModuleNotFoundError|SyntaxError|IndentationError|Cannot find module|cannot load such file"
    r"|has no (attribute|function)|is not defined in|is not exported|there is no (function|handler)",
    re.IGNORECASE,
)
_MISSING_MODULE = re.compile(r"ModuleNotFoundError|Cannot find module|cannot load such file", re.IGNORECASE)

_UPDATE = "kubeless function update {name}"

_IMAGE = _UPDATE + " --runtime-image <image>{flag}"

_REMEDIES: Mapping[str, str] = {
    "UnknownRuntime": _UPDATE + " --runtime <id>{flag}\nall of them: kubeless get-server-config",
    "InvalidHandler": _UPDATE + " --handler <file>.<function>{flag}",
    "InvalidSpec": "kubectl edit function {name}{flag}",
    "PrepareFailed": _UPDATE + " --from-file <file or URL>{flag}",
    "InstallFailed": _UPDATE + " --dependencies <file>{flag}",
    "CompileFailed": "correct the code, then: " + _UPDATE + " --from-file <file>{flag}",
    IMPORT_ERROR: "correct the code or the handler, then: "
    + _UPDATE
    + " --from-file <file> --handler <file>.<function>{flag}",
    CRASH_LOOP: "kubeless function logs {name}{flag}\ncorrect the code, then: " + _UPDATE + " --from-file <file>{flag}",
    OUT_OF_MEMORY: _UPDATE + " --memory <more>{flag}",
    "ErrImagePull": _IMAGE,
    "ImagePullBackOff": _IMAGE,
    "InvalidImageName": _IMAGE,
    "ErrImageNeverPull": _UPDATE + " --image-pull-policy IfNotPresent{flag}",
    "RuntimeNotAvailable": "install what the message names, or: " + _UPDATE + " --runtime <id>{flag}",
    "CreateContainerConfigError": "create what the message names, then wait: kubeless function list {name}{flag}",
    "ScaledToZero": "kubectl scale deployment {name} --replicas=1{flag}",
    "Conflict": "rename the function, or delete the object that the message names",
    "QuotaExceeded": "kubectl describe quota{flag}",
    "Forbidden": "kubectl get pods -n kubeless -l kubeless=controller\nits Role must allow what the message names",
    "Unschedulable": _UPDATE + " --memory <less> --cpu <less>{flag}\nkubectl describe pods -l function={name}{flag}",
}
_OTHERWISE = "kubeless function describe {name}{flag}\nkubectl describe pods -l function={name}{flag}"


def remedy_of(cause: str, facts: FunctionFacts) -> str:
    """The commands; a missing module is a matter of dependencies, not of code."""
    text = _REMEDIES.get(cause, _OTHERWISE)
    if cause == IMPORT_ERROR and _MISSING_MODULE.search(" ".join((_message(facts), *facts.log))):
        text = _UPDATE + " --dependencies <file>{flag}"
    return text.format(name=facts.name, flag=facts.flag)


def crash_cause(message: str, log: Sequence[str]) -> str:
    """Why a function that ends again and again does so, if its last words tell."""
    if "more memory than its limit" in message:
        return OUT_OF_MEMORY
    words = " ".join((message, *log[-3:]))
    return IMPORT_ERROR if _IMPORT.search(words) else CRASH_LOOP


def _message(facts: FunctionFacts) -> str:
    conditions = ((facts.function or {}).get("status") or {}).get("conditions") or []
    return " ".join(str(each.get("message") or "") for each in conditions)
