"""
The `log` sub-resource of pods: what the server asks of whoever keeps the logs.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kubeless.core.errors import shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.rest.options import parse_bool, parse_int
from kubeless.local.apiserver.status import bad_request
from kubeless.local.apiserver.storage.record import Record


@dataclass(frozen=True, slots=True)
class LogRequest:
    """Which lines of which container."""

    namespace: str
    pod: str
    uid: str
    container: str
    follow: bool = False
    tail_lines: int | None = None
    since_seconds: float | None = None
    since_time: datetime | None = None
    """Lines from then on; never together with `since_seconds`."""
    timestamps: bool = False
    previous: bool = False
    """The run of the container before the current one."""
    limit_bytes: int | None = None


class LogSource(Protocol):
    def stream(self, request: LogRequest) -> AsyncIterator[bytes]:
        """
        The log in pieces of any size; with `follow` until the container ends.

        Raises:
            KubelessError: before the first piece, there is no such log.
        """
        ...


def parse_log_request(pod: Record, query: Mapping[str, str]) -> LogRequest:
    """
    The request for a pod's log; the container may be left out if there is only one.

    Raises:
        ApiError: 400, the container is not in the pod or must be chosen, or a number is no number.
    """
    since = parse_int(query, "sinceSeconds")
    moment = _parse_since_time(query.get("sinceTime", ""))
    if since is not None and moment is not None:
        raise bad_request("at most one of `sinceTime` or `sinceSeconds` may be specified")
    return LogRequest(
        namespace=pod.key.namespace,
        pod=pod.key.name,
        uid=pod.uid,
        container=container_of(pod, query.get("container", "")),
        follow=parse_bool(query, "follow"),
        tail_lines=parse_int(query, "tailLines"),
        since_seconds=None if since is None else float(since),
        since_time=moment,
        timestamps=parse_bool(query, "timestamps"),
        previous=parse_bool(query, "previous"),
        limit_bytes=parse_int(query, "limitBytes"),
    )


def _parse_since_time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise bad_request(f"sinceTime: expected a time as RFC 3339 has it, got {shorten(text)}")
    return moment


def container_of(pod: Record, wanted: str) -> str:
    """The wanted container of a pod, or its only one. Raises ApiError 400."""
    spec: JsonObject = pod.object.get("spec") or {}
    first = [str(container["name"]) for container in spec.get("initContainers") or ()]
    main = [str(container["name"]) for container in spec.get("containers") or ()]
    if wanted:
        if wanted not in first + main:
            raise bad_request(f"container {shorten(wanted)} is not valid for pod {pod.key.name}")
        return wanted
    if len(main) != 1:
        inits = f" or one of the init containers: [{' '.join(first)}]" if first else ""
        raise bad_request(
            f"a container name must be specified for pod {pod.key.name}, choose one of: [{' '.join(main)}]{inits}"
        )
    return main[0]
