"""What a node knows about containers, in values that become `status.containerStatuses`."""

from dataclasses import dataclass, field
from datetime import datetime

from kubeless.api.metadata import format_time
from kubeless.core.jsontypes import JsonObject

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
        "reason": "Completed" if state.succeeded else "Error",
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
    state = status.get("state") or {}
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated")
    if "running" in state:
        since = _parse_time(state["running"].get("startedAt"), now)
        record.last = Terminated(code=-9, started=since, finished=now, message="the platform stopped")
    elif ended:
        code = -int(ended["signal"]) if ended.get("signal") else int(ended.get("exitCode", 0))
        record.last = Terminated(
            code=code,
            started=_parse_time(ended.get("startedAt"), now),
            finished=_parse_time(ended.get("finishedAt"), now),
            message=str(ended.get("message", "")),
        )
    record.restarts = int(status.get("restartCount", 0)) + (1 if record.last else 0)
    return record


def _parse_time(text: object, default: datetime) -> datetime:
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return default
