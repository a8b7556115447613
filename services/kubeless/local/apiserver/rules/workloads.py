"""Rules for what makes pods: Deployments, ReplicaSets, Jobs and CronJobs."""

from collections.abc import Iterator
from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver import names
from kubeless.local.apiserver.problems import FieldProblem, child, forbidden, invalid, item, not_supported, required
from kubeless.local.apiserver.rules.metadata import immutable, label_problems
from kubeless.local.apiserver.rules.pods import template_problems
from kubeless.local.apiserver.rules.values import at_least, count_or_percent, one_of

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_JOB_RESTARTS = ("OnFailure", "Never")


def deployment_problems(obj: JsonObject, old: JsonObject | None) -> Iterator[FieldProblem]:
    spec = obj.get("spec", {})
    for name in ("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"):
        yield from at_least(spec, name, "spec")
    yield from _selected_template_problems(spec, "deployment")
    yield from _strategy_problems(spec.get("strategy", {}), "spec.strategy")
    if spec.get("progressDeadlineSeconds", 600) <= spec.get("minReadySeconds", 0):
        yield invalid(
            "spec.progressDeadlineSeconds", spec["progressDeadlineSeconds"], "must be greater than minReadySeconds"
        )
    if old is not None:
        yield from immutable(spec.get("selector"), old["spec"].get("selector"), "spec.selector")


def replica_set_problems(obj: JsonObject, old: JsonObject | None) -> Iterator[FieldProblem]:
    spec = obj.get("spec", {})
    for name in ("replicas", "minReadySeconds"):
        yield from at_least(spec, name, "spec")
    yield from _selected_template_problems(spec, "replicaset")
    if old is not None:
        yield from immutable(spec.get("selector"), old["spec"].get("selector"), "spec.selector")


def job_problems(obj: JsonObject, old: JsonObject | None) -> Iterator[FieldProblem]:
    spec = obj.get("spec", {})
    yield from _job_spec_problems(spec, "spec")
    if old is not None:
        before = old.get("spec", {})
        for name in ("completions", "selector", "completionMode"):
            yield from immutable(spec.get(name), before.get(name), f"spec.{name}")
        if not before.get("suspend"):
            yield from immutable(spec.get("template"), before.get("template"), "spec.template")


def cron_job_problems(obj: JsonObject, old: JsonObject | None) -> Iterator[FieldProblem]:  # noqa: ARG001  # one form
    spec = obj.get("spec", {})
    yield from _schedule_problems(spec.get("schedule", ""))
    yield from one_of(spec, "concurrencyPolicy", "spec", ("Allow", "Forbid", "Replace"))
    for name in ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        yield from at_least(spec, name, "spec")
    yield from _job_spec_problems(spec.get("jobTemplate", {}).get("spec", {}), "spec.jobTemplate.spec")


def selector_problems(selector: JsonObject, path: str) -> Iterator[FieldProblem]:
    """The problems of a LabelSelector."""
    yield from label_problems(selector.get("matchLabels", {}), child(path, "matchLabels"))
    for index, requirement in enumerate(selector.get("matchExpressions", [])):
        here = item(child(path, "matchExpressions"), index)
        operator, values = requirement.get("operator"), requirement.get("values", [])
        if problem := names.qualified_name_problem(requirement.get("key", "")):
            yield invalid(child(here, "key"), requirement.get("key", ""), problem)
        if operator not in _OPERATORS:
            yield invalid(child(here, "operator"), operator, "not a valid selector operator")
        elif operator in {"In", "NotIn"} and not values:
            yield required(child(here, "values"), "must be specified when `operator` is 'In' or 'NotIn'")
        elif operator not in {"In", "NotIn"} and values:
            yield forbidden(child(here, "values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")


def selects(selector: JsonObject, labels: JsonObject) -> bool:
    """Whether a LabelSelector selects something with these labels."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(_meets(requirement, labels) for requirement in selector.get("matchExpressions", []))


def _meets(requirement: JsonObject, labels: JsonObject) -> bool:
    key, values = requirement["key"], requirement.get("values", [])
    match requirement["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
    return key not in labels


def _selected_template_problems(spec: JsonObject, kind: str) -> Iterator[FieldProblem]:
    template = spec.get("template", {})
    yield from template_problems(template, "spec.template", ("Always",))
    selector = spec.get("selector")
    if selector is None:
        yield required("spec.selector")
        return
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield invalid("spec.selector", selector, f"empty selector is invalid for {kind}")
        return
    problems = list(selector_problems(selector, "spec.selector"))
    yield from problems
    labels: Any = template.get("metadata", {}).get("labels", {})
    if not problems and not selects(selector, labels):
        yield invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")


def _strategy_problems(strategy: JsonObject, path: str) -> Iterator[FieldProblem]:
    kind, bounds = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "Recreate":
        if bounds is not None:
            yield forbidden(child(path, "rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'")
    elif kind != "RollingUpdate":
        yield not_supported(child(path, "type"), kind, ("Recreate", "RollingUpdate"))
    elif bounds is not None:
        here = child(path, "rollingUpdate")
        for name in ("maxUnavailable", "maxSurge"):
            yield from count_or_percent(bounds[name], child(here, name))
        if bounds["maxUnavailable"] in {0, "0%"} and bounds["maxSurge"] in {0, "0%"}:
            yield invalid(child(here, "maxUnavailable"), bounds["maxUnavailable"], "may not be 0 when `maxSurge` is 0")


def _job_spec_problems(spec: JsonObject, path: str) -> Iterator[FieldProblem]:
    for name in ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"):
        yield from at_least(spec, name, path)
    yield from one_of(spec, "completionMode", path, ("NonIndexed", "Indexed"))
    yield from template_problems(spec.get("template", {}), child(path, "template"), _JOB_RESTARTS)


def _schedule_problems(schedule: str) -> Iterator[FieldProblem]:
    if not schedule:
        yield required("spec.schedule")
    elif "TZ" in schedule:
        yield invalid("spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
    elif not schedule.startswith("@") and len(schedule.split()) != 5:
        yield invalid(
            "spec.schedule", schedule, f"expected exactly 5 fields, found {len(schedule.split())}: {schedule}"
        )
