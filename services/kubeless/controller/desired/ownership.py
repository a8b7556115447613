"""What marks an object as the child of a function: labels, annotations, an owner reference."""

from kubeless.api.function import Function
from kubeless.api.metadata import Metadata
from kubeless.api.resource import FUNCTIONS, Resource
from kubeless.core.jsontypes import JsonObject

CREATED_BY = {"created-by": "kubeless"}


def child_labels(function: Function) -> dict[str, str]:
    """Labels of every child: those of the function, and the two that everything else finds children by."""
    return {**function.metadata.labels, **pod_selector(function)}


def pod_selector(function: Function) -> dict[str, str]:
    """The labels that tell the pods of one function from all others. They never change, as a Deployment's selector."""
    return {**CREATED_BY, "function": function.metadata.name}


def child_annotations(owner: Metadata) -> dict[str, str]:
    """The owner's annotations, but for those of kubectl: one of them holds the whole owner once more."""
    return {
        key: value
        for key, value in owner.annotations.items()
        if not key.split("/")[0].endswith("kubectl.kubernetes.io")
    }


def child_metadata(function: Function, *, name: str | None = None) -> JsonObject:
    """Metadata of a child, named like the function unless said otherwise; it goes when the function goes."""
    return {
        "name": name or function.metadata.name,
        "namespace": function.metadata.namespace,
        "labels": child_labels(function),
        "annotations": child_annotations(function.metadata),
        "ownerReferences": [owner_reference(FUNCTIONS, function.metadata)],
    }


def owner_reference(resource: Resource, owner: Metadata) -> JsonObject:
    """What makes the garbage collector delete a child with its owner."""
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
    }
