"""What a node knows about containers, in values that become `status.containerStatuses`."""

from dataclasses import dataclass, field
from datetime import datetime

from kubeless.api.metadata import format_time
from kubeless.core.jsontypes import JsonObject

CRASH_LOOP = "CrashLoopBackOff"
"""Why a container waits that ended and is to be started again."""

OOM_KILLED = "OOMKilled"
"""Why a container ended that used more memory than its limit."""

MESSAGE_LIMIT = 4096
"""Bytes of a message in a container's state, as the kubelet bounds it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not running yet, or not again yet."""

    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """The process runs."""

    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminated:
    """The process has ended."""

    code: int
    """Exit code; negative: the number of the signal that ended it."""
    started: datetime
    finished: datetime
    message: str = ""
    reason: str = ""
    """Why it ended; "" leaves that to the exit code."""

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.code == 0


State = Waiting | Running | Terminated


@dataclass(slots=True)
class ContainerRecord:
    """One container through its restarts. Changed by the task that runs it, read by the one that reports."""

    name: str
    image: str
    state: State = field(default_factory=lambda: Waiting("PodInitializing"))
    last: Terminated | None = None
    restarts: int = 0
    ready: bool = False
    started: bool = False

    def to_json(self, pod_uid: str) -> JsonObject:
        """The entry of `containerStatuses`."""
        return {
            "name": self.name,
            "image": self.image,
            "imageID": "",
            "containerID": ""
            if isinstance(self.state, Waiting)
            else f"process://{pod_uid}/{self.name}/{self.restarts}",
            "state": state_json(self.state),
            "lastState": {} if self.last is None else state_json(self.last),
            "ready": self.ready,
            "started": self.started,
            "restartCount": self.restarts,
        }


def state_json(state: State) -> JsonObject:
    """A state as core/v1 ContainerState."""
    match state:
        case Waiting():
            return {"waiting": {"reason": state.reason, **_message(state.message)}}
        case Running():
            return {"running": {"startedAt": format_time(state.since)}}
        case Terminated():
            return {"terminated": _terminated_json(state)}


def _terminated_json(state: Terminated) -> JsonObject:
    # A shell's rule, which container runtimes follow as well: 128 + n means signal n.
    by_signal = {"exitCode": 128 - state.code, "signal": -state.code} if state.code < 0 else {"exitCode": state.code}
    return {
        **by_signal,
        "reason": state.reason or ("Completed" if state.succeeded else "Error"),
        **_message(state.message),
        "startedAt": format_time(state.started),
        "finishedAt": format_time(state.finished),
    }


def _message(text: str) -> JsonObject:
    return {"message": text.encode()[:MESSAGE_LIMIT].decode(errors="ignore")} if text else {}


def recover(name: str, image: str, status: JsonObject | None, *, now: datetime) -> ContainerRecord:
    """
    The record of a container that an earlier platform ran, from what it had reported.

    Whatever ran has ended with that platform; the next start counts as a restart.
    """
    record = ContainerRecord(name, image)
    if status is None:
        return record
    record.restarts = int(status.get("restartCount", 0))
    state = status.get("state") or {}
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    if "running" in state:
        since = _parse_time(state["running"].get("startedAt"), now)
        record.last = Terminated(code=-9, started=since, finished=now, message="the platform stopped")
    elif ended:
        record.last = _parse_terminated(ended, now)
    # In other states of waiting the restart that they wait for is counted already.
    if "running" in state or "terminated" in state or _waits_for(state) == CRASH_LOOP:
        record.restarts += 1
    return record


def recover_init(name: str, image: str, status: JsonObject | None, *, now: datetime) -> ContainerRecord:
    """The same for an init container: one that has completed stays so."""
    ended = ((status or {}).get("state") or {}).get("terminated")
    if status is None or not ended or ended.get("exitCode") != 0:
        return recover(name, image, status, now=now)
    return ContainerRecord(
        name, image, state=_parse_terminated(ended, now), restarts=int(status.get("restartCount", 0)), ready=True
    )


def _waits_for(state: JsonObject) -> str:
    return str((state.get("waiting") or {}).get("reason", ""))


def _parse_terminated(value: JsonObject, now: datetime) -> Terminated:
    return Terminated(
        code=-int(value["signal"]) if value.get("signal") else int(value.get("exitCode", 0)),
        started=_parse_time(value.get("startedAt"), now),
        finished=_parse_time(value.get("finishedAt"), now),
        message=str(value.get("message", "")),
        reason=OOM_KILLED if value.get("reason") == OOM_KILLED else "",
    )


def _parse_time(text: object, default: datetime) -> datetime:
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return default
