"""What marks an object as the child of a function: labels, annotations, an owner reference."""

from kubeless.api.function import Function
from kubeless.api.resource import FUNCTIONS
from kubeless.core.jsontypes import JsonObject

CREATED_BY = {"created-by": "kubeless"}


def child_labels(function: Function) -> dict[str, str]:
    """Labels of every child: those of the function, and the two that everything else finds children by."""
    return {**function.metadata.labels, **pod_selector(function)}


def pod_selector(function: Function) -> dict[str, str]:
    """The labels that tell the pods of one function from all others. They never change, as a Deployment's selector."""
    return {**CREATED_BY, "function": function.metadata.name}


def child_annotations(function: Function) -> dict[str, str]:
    """The function's annotations, but for those of kubectl: one of them holds the whole function once more."""
    return {
        key: value
        for key, value in function.metadata.annotations.items()
        if not key.split("/")[0].endswith("kubectl.kubernetes.io")
    }


def child_metadata(function: Function, *, name: str | None = None) -> JsonObject:
    """Metadata of a child, named like the function unless said otherwise; it goes when the function goes."""
    return {
        "name": name or function.metadata.name,
        "namespace": function.metadata.namespace,
        "labels": child_labels(function),
        "annotations": child_annotations(function),
        "ownerReferences": [
            {
                "apiVersion": FUNCTIONS.api_version,
                "kind": FUNCTIONS.kind,
                "name": function.metadata.name,
                "uid": function.metadata.uid,
                "controller": True,
            }
        ],
    }
