"""Rules for the metadata of every object: names, labels, annotations, finalizers, owners."""

from collections.abc import Callable, Iterator
from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver import names
from kubeless.local.apiserver.problems import TOO_LONG, FieldProblem, child, invalid, item, required
from kubeless.local.apiserver.resources import ResourceType
from kubeless.local.apiserver.schema.builtin import object_meta_schema
from kubeless.local.apiserver.schema.validation import check_value

_MOST_ANNOTATIONS = 256 * 1024
_LONGEST_CRON_JOB = 52
_STANDARD_FINALIZERS = {"orphan", "foregroundDeletion", "kubernetes"}
_NAME_RULES: dict[tuple[str, str], Callable[[str], str]] = {
    ("", "services"): names.label_1035_problem,
    ("", "namespaces"): names.label_1123_problem,
}


def metadata_problems(obj: JsonObject, old: JsonObject | None, resource: ResourceType) -> list[FieldProblem]:
    """The problems of `metadata`; `old` is what the object replaces."""
    metadata = obj.get("metadata", {})
    problems = check_value(metadata, object_meta_schema(), "metadata")
    if problems:
        return problems
    problems += _name_problems(metadata, resource)
    problems += label_problems(metadata.get("labels") or {}, "metadata.labels")
    problems += annotation_problems(metadata.get("annotations") or {}, "metadata.annotations")
    problems += _finalizer_problems(metadata.get("finalizers") or [], resource)
    problems += _owner_problems(metadata.get("ownerReferences") or [])
    if old is not None:
        problems += _immutable_problems(metadata, old.get("metadata", {}))
    return problems


def label_problems(labels: JsonObject, path: str) -> Iterator[FieldProblem]:
    """Keys and values of labels."""
    for key, value in labels.items():
        problem = names.qualified_name_problem(key)
        if problem:
            yield invalid(path, key, problem)
        problem = names.label_value_problem(value or "")
        if problem:
            yield invalid(path, value, problem)


def annotation_problems(annotations: JsonObject, path: str) -> Iterator[FieldProblem]:
    """Keys of annotations and the size of them all."""
    for key in annotations:
        problem = names.qualified_name_problem(key.lower())
        if problem:
            yield invalid(path, key, problem)
    size = sum(len(key.encode()) + len((value or "").encode()) for key, value in annotations.items())
    if size > _MOST_ANNOTATIONS:
        yield FieldProblem(path, TOO_LONG, f"Too long: may not be more than {_MOST_ANNOTATIONS} bytes")


def immutable(new: Any, old: Any, path: str) -> Iterator[FieldProblem]:
    """The problem of a value that differs from the old one though it must not."""
    if new != old:
        yield invalid(path, new, "field is immutable")


def _name_problems(metadata: JsonObject, resource: ResourceType) -> Iterator[FieldProblem]:
    rule = _NAME_RULES.get(resource.key, names.subdomain_problem)
    prefix, name = metadata.get("generateName") or "", metadata.get("name") or ""
    if prefix:
        problem = rule(f"{prefix.removesuffix('-')}a" if prefix.endswith("-") else prefix)
        if problem:
            yield invalid("metadata.generateName", prefix, problem)
    if not name:
        yield required("metadata.name", "name or generateName is required")
        return
    problem = rule(name)
    if problem:
        yield invalid("metadata.name", name, problem)
    elif resource.key == ("batch", "cronjobs") and len(name) > _LONGEST_CRON_JOB:
        yield invalid("metadata.name", name, f"must be no more than {_LONGEST_CRON_JOB} characters")


def _finalizer_problems(finalizers: list[str], resource: ResourceType) -> Iterator[FieldProblem]:
    """Only the core kinds ask for a domain in the name."""
    for index, finalizer in enumerate(finalizers):
        problem = names.qualified_name_problem(finalizer)
        if problem:
            yield invalid("metadata.finalizers", finalizer, problem)
        elif resource.group == "" and "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid(item("metadata.finalizers", index), finalizer, detail)


def _owner_problems(owners: list[JsonObject]) -> Iterator[FieldProblem]:
    path = "metadata.ownerReferences"
    for owner in owners:
        for name in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(name):
                # The path has no index in the answers of a real API server either.
                yield invalid(child(path, name), owner.get(name, ""), f"{name} must not be empty")
    if sum(owner.get("controller") is True for owner in owners) > 1:
        yield invalid(path, owners, "Only one reference can have Controller set to true.")


def _immutable_problems(metadata: JsonObject, old: JsonObject) -> Iterator[FieldProblem]:
    for name in ("name", "namespace", "uid"):
        if metadata.get(name) and old.get(name):
            yield from immutable(metadata[name], old[name], f"metadata.{name}")
