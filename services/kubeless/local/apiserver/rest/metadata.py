"""
The part of an object's metadata that belongs to the server: identity, times, generation.
"""

import secrets
import uuid

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.problems import FieldProblem, forbidden, required
from kubeless.local.apiserver.problems import invalid as invalid_field
from kubeless.local.apiserver.resources import PODS, ResourceType
from kubeless.local.apiserver.status import bad_request, conflict, invalid, modified

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""Kubernetes' alphabet for generated names: no vowels, so no words."""
_LONGEST_PREFIX = 58
_OWNED_BY_SERVER = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
_NAMES = ("name", "generateName", "namespace", "uid", "resourceVersion")
_NOT_CONTENT = ("metadata", "status", "apiVersion", "kind")


def check_type(obj: JsonObject, resource: ResourceType) -> JsonObject:
    """
    The object with its apiVersion and kind, which a client may leave out for built-in types.

    Raises:
        ApiError: 400 or 422, they are others than those of the path, or the metadata cannot be read.
    """
    if resource.custom and not obj.get("kind"):
        raise bad_request("Object 'Kind' is missing in the body of the request")
    version, kind = obj.get("apiVersion") or resource.api_version, obj.get("kind") or resource.kind
    if kind != resource.kind and resource.custom:
        raise invalid(resource, _name_in(obj), [invalid_field("kind", kind, f"must be {resource.kind}")])
    if kind != resource.kind:
        raise bad_request(f"the kind in the data ({kind}) does not match the expected kind ({resource.kind})")
    if version != resource.api_version:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version ({resource.api_version})"
        )
    metadata = obj.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise bad_request("metadata: expected an object")
    for field in _NAMES:
        if not isinstance((metadata or {}).get(field), str | None):
            raise bad_request(f"metadata.{field}: expected a string")
    return {**obj, "apiVersion": version, "kind": kind, "metadata": metadata or {}}


def _name_in(obj: JsonObject) -> str:
    metadata = obj.get("metadata")
    return str(metadata.get("name") or "") if isinstance(metadata, dict) else ""


def placed(obj: JsonObject, resource: ResourceType, namespace: str) -> JsonObject:
    """
    The object with the namespace of the path.

    Raises:
        ApiError: 400, it names another.
    """
    metadata = dict(obj["metadata"])
    if not resource.namespaced:
        metadata.pop("namespace", None)
    elif metadata.get("namespace") not in {None, "", namespace}:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    else:
        metadata["namespace"] = namespace
    return {**obj, "metadata": metadata}


def named(obj: JsonObject, resource: ResourceType) -> JsonObject:
    """
    The object with a name, generated if it asks for that.

    Raises:
        ApiError: 422, it has neither `name` nor `generateName`.
    """
    metadata = obj["metadata"]
    if metadata.get("name"):
        return obj
    prefix = metadata.get("generateName")
    if not isinstance(prefix, str) or not prefix:
        raise invalid(resource, "", [required("metadata.name", "name or generateName is required")])
    suffix = "".join(secrets.choice(_LETTERS) for _ in range(5))
    return {**obj, "metadata": {**metadata, "name": prefix[:_LONGEST_PREFIX] + suffix}}


def fresh(obj: JsonObject, resource: ResourceType, now: str) -> JsonObject:
    """The object with the metadata of something that begins to exist."""
    metadata = {name: value for name, value in obj["metadata"].items() if name not in _OWNED_BY_SERVER}
    metadata.pop("selfLink", None)
    metadata.pop("resourceVersion", None)
    metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": now}
    if counts_generations(resource):
        metadata["generation"] = 1
    return {**obj, "metadata": metadata}


def continued(obj: JsonObject, current: JsonObject, resource: ResourceType) -> JsonObject:
    """
    The object with the metadata that an update cannot change, taken from what is stored.

    Raises:
        ApiError: 400 or 409, it is another object or an old copy; 422, it cannot be told or adds finalizers too late.
    """
    metadata, old = dict(obj["metadata"]), current["metadata"]
    name = old["name"]
    if metadata.get("name") not in {None, "", name}:
        raise bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})")
    if metadata.get("uid") not in {None, "", old["uid"]}:
        raise conflict(
            resource,
            name,
            f"Precondition failed: UID in precondition: {metadata['uid']}, UID in object meta: {old['uid']}",
        )
    if metadata.get("resourceVersion") not in {None, "", old["resourceVersion"]}:
        raise modified(resource, name)
    metadata.pop("selfLink", None)
    metadata |= {"name": name, "resourceVersion": old["resourceVersion"]}
    for field in _OWNED_BY_SERVER:
        metadata.pop(field, None)
        if field in old:
            metadata[field] = old[field]
    _check_finalizers(metadata, old, resource)
    return {**obj, "metadata": metadata}


def counts_generations(resource: ResourceType) -> bool:
    """Kinds whose desired state and status are apart count the versions of the former."""
    return resource.custom or (resource.has_status and resource.key != PODS.key and resource.group != "")


def same_content(new: JsonObject, old: JsonObject, resource: ResourceType) -> bool:
    """Whether the desired state is the same: everything but metadata and, where it is a sub-resource, the status."""
    ignored = _NOT_CONTENT if resource.has_status else ("metadata", "apiVersion", "kind")
    return _without(new, ignored) == _without(old, ignored)


def _without(obj: JsonObject, names: tuple[str, ...]) -> JsonObject:
    return {name: value for name, value in obj.items() if name not in names}


def _check_finalizers(metadata: JsonObject, old: JsonObject, resource: ResourceType) -> None:
    if "deletionTimestamp" not in old:
        return
    added = sorted(set(metadata.get("finalizers") or ()) - set(old.get("finalizers") or ()))
    if added:
        detail = f"no new finalizers can be added if the object is being deleted, found new finalizers {added}"
        problems: list[FieldProblem] = [forbidden("metadata.finalizers", detail)]
        raise invalid(resource, str(old["name"]), problems)
