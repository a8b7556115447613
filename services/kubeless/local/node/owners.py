"""Who controls an object: owner references as controllers of Kubernetes set them."""

from kubeless.api.resource import Resource
from kubeless.core.jsontypes import JsonObject


def controller_of(obj: JsonObject) -> str:
    """The uid of the object's controller, "" if it has none."""
    for reference in obj["metadata"].get("ownerReferences") or []:
        if reference.get("controller"):
            return str(reference.get("uid", ""))
    return ""


def controller_reference(owner: JsonObject, resource: Resource) -> JsonObject:
    """The owner reference that makes `owner`, an object of `resource`, the controller."""
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
