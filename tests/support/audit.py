"""
What the users of an API server asked for, read from its audit log: the least rights that would have done.

`python -m support.audit AUDIT_LOG [PREFIX_OF_USERS]` prints them as a table.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kubeless.core.jsontypes import JsonObject

CLUSTER = ""
"""The scope of a request for the objects of all namespaces, or for one that is in none."""

_SERVICE_ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """To do `verb` with a resource (`deployments`, `functions/status`) of a group, in a namespace or all of them."""

    group: str
    resource: str
    verb: str
    scope: str = CLUSTER

    def __str__(self) -> str:
        place = f"namespace {self.scope}" if self.scope else "all namespaces"
        return f"{self.verb} {self.resource}.{self.group or 'core'} in {place}"


@dataclass(frozen=True, slots=True)
class Request:
    """One request for resources and how it ended."""

    user: str
    right: Right
    status: int
    uri: str
    name: str = ""
    """The one object it is about, also of a list or watch by `metadata.name`."""


def read_requests(log: Path, since: int = 0) -> list[Request]:
    """
    The requests for resources in an audit log, in order, from a size on that the file had.

    Other paths, such as `/version`, everybody may read. A line that is being written is left out.
    """
    with log.open("rb") as file:
        file.seek(since)
        whole, _, _ = file.read().rpartition(b"\n")
    return list(_requests(whole.splitlines()))


def service_account(namespace: str, name: str) -> str:
    """The user that a service account is."""
    return f"{_SERVICE_ACCOUNT}{namespace}:{name}"


def refusals(requests: Iterable[Request], prefix: str = _SERVICE_ACCOUNT) -> list[str]:
    """The requests that were forbidden to users whose name begins so, in words."""
    refused = (each for each in requests if each.status == 403 and each.user.startswith(prefix))
    return [f"{each.user}: {each.right} ({each.uri})" for each in refused]


def table(requests: Iterable[Request], prefix: str) -> str:
    """The rights of all users whose name begins so, as lines of Markdown."""
    verbs: dict[tuple[str, str, str, str], set[str]] = {}
    for request in requests:
        if request.user.startswith(prefix):
            right = request.right
            row = (request.user.removeprefix(prefix), right.group, right.resource, right.scope)
            verbs.setdefault(row, set()).add(right.verb)
    lines = ["| user | group | resource | namespace | verbs |", "| --- | --- | --- | --- | --- |"]
    for (user, group, resource, scope), used in sorted(verbs.items()):
        lines.append(f"| {user} | {group or 'core'} | {resource} | {scope or 'all'} | {', '.join(sorted(used))} |")
    return "\n".join(lines)


def _requests(lines: Iterable[bytes]) -> Iterator[Request]:
    for line in lines:
        event: JsonObject = json.loads(line)
        about = event.get("objectRef")
        # A watch is written twice, when it starts and when it ends.
        if about is None or "resource" not in about or event["stage"] == "Panic":
            continue
        resource = "/".join(filter(None, (about["resource"], about.get("subresource"))))
        right = Right(about.get("apiGroup", ""), resource, event["verb"], _scope(about))
        status = event.get("responseStatus", {}).get("code", 0)
        yield Request(event["user"]["username"], right, status, event["requestURI"], about.get("name", ""))


def _scope(about: JsonObject) -> str:
    return CLUSTER if about["resource"] == "namespaces" else str(about.get("namespace", CLUSTER))


if __name__ == "__main__":
    sys.stdout.write(table(read_requests(Path(sys.argv[1])), sys.argv[2] if len(sys.argv) > 2 else "") + "\n")
