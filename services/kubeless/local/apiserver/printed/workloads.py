"""Deployments, ReplicaSets, Jobs, CronJobs and autoscalers as kubectl prints them."""

from datetime import datetime
from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.printed.age import age, human_duration, parse_time


def deployment_cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    return [
        *_named(obj),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        _age(obj, now),
        *template_cells(spec),
    ]


def replica_set_cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    counts = [spec.get("replicas", 1), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [*_named(obj), *counts, _age(obj, now), *template_cells(spec)]


def job_cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    wanted, done = spec.get("completions"), status.get("succeeded", 0)
    completions = f"{done}/{wanted}" if wanted is not None else f"{done}/1 of {spec.get('parallelism', 1)}"
    return [
        *_named(obj),
        _job_status(obj),
        completions,
        _job_duration(status, now),
        _age(obj, now),
        *template_cells(spec),
    ]


def cron_job_cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    last = status.get("lastScheduleTime")
    return [
        *_named(obj),
        spec.get("schedule"),
        spec.get("timeZone") or "<none>",
        "True" if spec.get("suspend") else "False",
        len(status.get("active", [])),
        age(last, now) if last else "<none>",
        _age(obj, now),
        *template_cells(spec.get("jobTemplate", {}).get("spec", {})),
    ]


def autoscaler_cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    target = spec.get("scaleTargetRef", {})
    return [
        *_named(obj),
        f"{target.get('kind')}/{target.get('name')}",
        _targets(spec.get("metrics", []), status.get("currentMetrics") or []),
        str(spec.get("minReplicas", "<unset>")),
        spec.get("maxReplicas"),
        status.get("currentReplicas", 0),
        _age(obj, now),
    ]


def template_cells(spec: JsonObject) -> list[str]:
    """The wide columns: Containers, Images, Selector."""
    containers = spec.get("template", {}).get("spec", {}).get("containers", [])
    names = ",".join(container.get("name", "") for container in containers)
    images = ",".join(container.get("image", "") for container in containers)
    return [names, images, selector_text(spec.get("selector"))]


def selector_text(selector: JsonObject | None) -> str:
    """A LabelSelector as kubectl writes it."""
    if not selector:
        return "<none>"
    terms = [f"{key}={value}" for key, value in sorted(selector.get("matchLabels", {}).items())]
    for requirement in selector.get("matchExpressions", []):
        key, operator = requirement.get("key"), requirement.get("operator")
        values = ",".join(sorted(requirement.get("values") or ()))
        terms.append(
            {"Exists": f"{key}", "DoesNotExist": f"!{key}"}.get(operator, f"{key} {str(operator).lower()} ({values})")
        )
    return ",".join(terms) or "<none>"


def _named(obj: JsonObject) -> list[Any]:
    return [obj["metadata"].get("name")]


def _age(obj: JsonObject, now: datetime) -> str:
    return age(obj["metadata"].get("creationTimestamp"), now)


def _job_status(obj: JsonObject) -> str:
    conditions = obj.get("status", {}).get("conditions", [])
    met = {condition.get("type") for condition in conditions if condition.get("status") == "True"}
    for condition, word in (("Complete", "Complete"), ("Failed", "Failed")):
        if condition in met:
            return word
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for condition, word in (("Suspended", "Suspended"), ("FailureTarget", "FailureTarget")):
        if condition in met:
            return word
    return "SuccessCriteriaMet" if "SuccessCriteriaMet" in met else "Running"


def _job_duration(status: JsonObject, now: datetime) -> str | None:
    start = parse_time(status.get("startTime"))
    if start is None:
        return None
    end = parse_time(status.get("completionTime")) or now
    return human_duration((end - start).total_seconds())


def _targets(metrics: list[JsonObject], current: list[JsonObject]) -> str:
    """The first two metrics as `cpu: 10%/80%`."""
    texts: list[str] = []
    for index, metric in enumerate(metrics):
        kind = str(metric.get("type", ""))
        source = metric.get(kind[:1].lower() + kind[1:], {})
        found = current[index] if index < len(current) and isinstance(current[index], dict) else {}
        now_value = found.get(kind[:1].lower() + kind[1:], {}).get("current", {})
        name = f"{source['name']}: " if kind == "Resource" and "name" in source else ""
        texts.append(f"{name}{_amount(now_value)}/{_amount(source.get('target', {}))}")
    more = f" + {len(texts) - 2} more..." if len(texts) > 2 else ""
    return ", ".join(texts[:2]) + more if texts else "<none>"


def _amount(value: JsonObject) -> str:
    if value.get("averageUtilization") is not None:
        return f"{value['averageUtilization']}%"
    if value.get("averageValue") is not None:
        return f"{value['averageValue']} (avg)"
    return str(value.get("value", "<unknown>"))
