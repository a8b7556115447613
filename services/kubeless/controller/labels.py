"""How objects of ours are found: by label, and by the function that they belong to."""

from kubeless.api.resource import FUNCTIONS
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey

OURS = "created-by=kubeless"
"""Selects what we, or the Go controllers before us, have made."""


def function_of(child: JsonObject) -> ObjectKey | None:
    """The function a child belongs to, by its owner reference, else by the label that the Go controller wrote."""
    metadata = child["metadata"]
    for reference in metadata.get("ownerReferences") or []:
        if reference.get("kind") == FUNCTIONS.kind:
            return ObjectKey(metadata["namespace"], reference["name"])
    name = (metadata.get("labels") or {}).get("function")
    return ObjectKey(metadata["namespace"], name) if name else None


def key_of(obj: JsonObject) -> ObjectKey:
    """The key of an object that lives in a namespace."""
    return ObjectKey(obj["metadata"]["namespace"], obj["metadata"]["name"])
