"""The lines of `function list` and `function describe`, from the objects as they are."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kubeless.cli.output import string_map
from kubeless.core.jsontypes import JsonObject

if TYPE_CHECKING:
    from kubeless.cli.function.bindings import Bindings  # reading selectors takes longer than listing functions

HEADER = ("NAME", "NAMESPACE", "HANDLER", "RUNTIME", "DEPENDENCIES", "STATUS")
WIDE_HEADER = (
    "NAME",
    "NAMESPACE",
    "HANDLER",
    "RUNTIME",
    "TYPE",
    "TOPIC",
    "DEPENDENCIES",
    "STATUS",
    "MEMORY",
    "ENV",
    "LABEL",
    "SCHEDULE",
)


def list_row(function: JsonObject, deployment: JsonObject | None) -> tuple[str, ...]:
    """One function in the columns of `HEADER`."""
    spec = function.get("spec") or {}
    return (
        *_identity(function),
        str(spec.get("handler") or ""),
        str(spec.get("runtime") or ""),
        dependencies(spec),
        deployment_status(deployment),
    )


def wide_row(function: JsonObject, deployment: JsonObject | None, bindings: "Bindings") -> tuple[str, ...]:
    """One function in the columns of `WIDE_HEADER`."""
    spec = function.get("spec") or {}
    name, namespace, handler, runtime, deps, status = list_row(function, deployment)
    return (
        name,
        namespace,
        handler,
        runtime,
        "\n".join(bindings.types),
        "\n".join(bindings.topics),
        deps,
        status,
        memory(spec),
        "\n".join(f"{key} = {value}" for key, value in environment(spec)),
        "\n".join(f"{key} : {value}" for key, value in labels(function).items()),
        "\n".join(bindings.schedules),
    )


def describe_rows(function: JsonObject) -> list[tuple[str, str]]:
    """The rows that scripts know, then one per condition."""
    spec = function.get("spec") or {}
    name, namespace = _identity(function)
    return [
        ("Name:", name),
        ("Namespace:", namespace),
        ("Handler:", str(spec.get("handler") or "")),
        ("Runtime:", str(spec.get("runtime") or "")),
        ("Label:", _compact(labels(function))),
        ("Envvar:", _compact(container(spec).get("env") or [])),
        ("Memory:", memory(spec)),
        ("Dependencies:", dependencies(spec)),
        *_condition_rows(function),
    ]


def deployment_status(deployment: JsonObject | None) -> str:
    """How many replicas are ready, in the words that scripts know."""
    if deployment is None:
        return "MISSING: Check controller logs"
    status = deployment.get("status") or {}
    ready, replicas = int(status.get("readyReplicas") or 0), int(status.get("replicas") or 0)
    return f"{ready}/{replicas} {'READY' if ready else 'NOT READY'}"


def dependencies(spec: JsonObject) -> str:
    """The dependency file; of a package.json only what it depends on, one a line."""
    deps = str(spec.get("deps") or "")
    if not deps or "nodejs" not in str(spec.get("runtime")):
        return deps
    try:
        packages = json.loads(deps)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return deps
    return "\n".join(f"{name}: {version}" for name, version in string_map(packages).items())


def memory(spec: JsonObject) -> str:
    """The memory that the function's container requests."""
    resources = container(spec).get("resources") or {}
    return str((resources.get("requests") or {}).get("memory") or "")


def environment(spec: JsonObject) -> Iterable[tuple[str, str]]:
    """The function's own environment variables; those that come from elsewhere without their value."""
    return [(str(each.get("name")), str(each.get("value") or "")) for each in container(spec).get("env") or []]


def labels(function: JsonObject) -> dict[str, str]:
    """The labels of an object."""
    return string_map(function["metadata"].get("labels"))


def container(spec: JsonObject) -> JsonObject:
    """The function's container in the Deployment template; empty if nothing is said about it."""
    place = spec.get("deployment") or {}
    for key in ("spec", "template", "spec"):
        place = place.get(key) or {}
    containers = place.get("containers") or [{}]
    return dict(containers[0])


def _identity(function: JsonObject) -> tuple[str, str]:
    return str(function["metadata"]["name"]), str(function["metadata"].get("namespace") or "")


def _condition_rows(function: JsonObject) -> list[tuple[str, str]]:
    conditions = (function.get("status") or {}).get("conditions") or []
    return [
        (
            f"{each.get('type')}:",
            " ".join(str(each.get(key)) for key in ("status", "reason", "message") if each.get(key)),
        )
        for each in conditions
    ]


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
