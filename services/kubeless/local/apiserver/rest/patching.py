"""
The four kinds of patches, told apart by Content-Type.

https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply
"""

from collections.abc import Callable

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver import managed_fields
from kubeless.local.apiserver.bodies import decode_yaml, parse_json
from kubeless.local.apiserver.cluster import Cluster
from kubeless.local.apiserver.depth import is_too_deep, too_deep
from kubeless.local.apiserver.patch.error import PatchError
from kubeless.local.apiserver.patch.json_patch import json_patch
from kubeless.local.apiserver.patch.merge import merge_patch
from kubeless.local.apiserver.patch.strategic import strategic_merge_patch
from kubeless.local.apiserver.problems import invalid as invalid_field
from kubeless.local.apiserver.problems import required
from kubeless.local.apiserver.resources import ResourceType
from kubeless.local.apiserver.rest.admit import Undecodable
from kubeless.local.apiserver.rest.create import create
from kubeless.local.apiserver.rest.list_keys import keys_of
from kubeless.local.apiserver.rest.metadata import check_type
from kubeless.local.apiserver.rest.options import WriteOptions
from kubeless.local.apiserver.rest.outcome import Outcome
from kubeless.local.apiserver.rest.update import Update, write
from kubeless.local.apiserver.status import (
    ApiError,
    bad_request,
    conflict,
    invalid_options,
    not_found,
    unprocessable,
    unsupported_media_type,
)
from kubeless.local.apiserver.storage.record import Key

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

_IDENTITY = {"name", "namespace", "uid", "resourceVersion"}

Patch = Callable[[JsonObject], JsonObject]
"""From the object as it is to the object as the client wants it. Raises ApiError."""


def check_patch_type(media_type: str, resource: ResourceType, subresource: str = "") -> None:
    """Raise ApiError 415 unless objects of the type can be patched in that way."""
    accepted = [JSON_PATCH, MERGE_PATCH, APPLY_PATCH]
    if not resource.custom:
        accepted.insert(2, STRATEGIC_PATCH)
    if subresource == "scale":
        accepted.remove(APPLY_PATCH)
    if media_type not in accepted:
        raise unsupported_media_type(accepted, media_type)


def parse_patch(body: bytes, media_type: str, resource: ResourceType) -> Patch:
    """
    The function that a JSON, merge or strategic patch stands for.

    Raises:
        ApiError: 400, the body is no JSON of the right shape.
    """
    content = parse_json(body)
    if media_type == JSON_PATCH:
        if not isinstance(content, list):
            raise bad_request("a JSON patch must be a list of operations")
        return _guarded(lambda current: json_patch(current, content))
    if not isinstance(content, dict):
        raise bad_request("a merge patch must be an object")
    if media_type == MERGE_PATCH:
        return _guarded(lambda current: merge_patch(current, content))
    return _guarded(
        lambda current: strategic_merge_patch(current, content, resource.group, resource.kind, resource.version)
    )


def patch(cluster: Cluster, update: Update, change: Patch) -> Outcome:
    """Patch an existing object. Raises ApiError."""
    current = update.old.view(update.resource.api_version)
    changed = change(current)
    try:
        return write(cluster, update, changed)
    except Undecodable as error:
        # The client's body was sound: it is the patch that makes no object.
        raise ApiError(422, "Invalid", error.message, {"causes": [invalid_field("patch", "", "").cause()]}) from error


async def parse_applied(body: bytes, resource: ResourceType, options: WriteOptions) -> JsonObject:
    """
    The configuration in the body of a server-side apply.

    Raises:
        ApiError: 400 or 422, it is none, or nobody says whose it is.
    """
    content = await decode_yaml(body)
    if not isinstance(content, dict):
        raise bad_request("the body of an apply patch must be an object")
    if not options.explicit_manager:
        raise invalid_options("PatchOptions", [required("fieldManager", "is required for apply patch")])
    if not content.get("apiVersion") or not content.get("kind"):
        raise bad_request("apiVersion and kind must be set in the body of an apply patch")
    applied = check_type(content, resource)
    if applied["metadata"].get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    return applied


def apply(
    cluster: Cluster,
    resource: ResourceType,
    key: Key,
    applied: JsonObject,
    options: WriteOptions,
    subresource: str = "",
) -> Outcome:
    """Server-side apply: create the object, or merge what the manager owns into it. Raises ApiError."""
    old = cluster.store.get(key)
    if old is None and (subresource or applied["metadata"].get("uid") or applied["metadata"].get("resourceVersion")):
        raise not_found(resource, key.name)
    current = old.view(resource.api_version) if old else None
    applied = _of_subresource(_identified(applied, key, resource), resource, subresource)
    merged = _merged(cluster, resource, current, applied, options, subresource)
    if old is None:
        return create(cluster, resource, key.namespace, merged, options, track=False)
    return write(cluster, Update(resource, old, options, subresource, track=False), merged)


def _identified(applied: JsonObject, key: Key, resource: ResourceType) -> JsonObject:
    metadata = {"name": key.name, **applied["metadata"]}
    if metadata["name"] != key.name:
        raise bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL ({key.name})"
        )
    if resource.namespaced:
        metadata = {"namespace": key.namespace, **metadata}
    return {**applied, "metadata": metadata}


def _of_subresource(applied: JsonObject, resource: ResourceType, subresource: str) -> JsonObject:
    """Only what the write can change: nobody may own a status by applying the object, or a spec by its status."""
    if subresource == "status":
        metadata = {name: value for name, value in applied["metadata"].items() if name in _IDENTITY}
        kept: JsonObject = {name: applied[name] for name in ("apiVersion", "kind", "status") if name in applied}
        return {**kept, "metadata": metadata}
    if resource.has_status:
        return {name: value for name, value in applied.items() if name != "status"}
    return applied


def _merged(
    cluster: Cluster,
    resource: ResourceType,
    current: JsonObject | None,
    applied: JsonObject,
    options: WriteOptions,
    subresource: str,
) -> JsonObject:
    try:
        return managed_fields.apply(
            current,
            applied,
            manager=options.manager,
            force=options.force,
            now=cluster.timestamp(),
            keys=keys_of(resource),
            api_version=resource.api_version,
            subresource=subresource,
        )
    except managed_fields.ApplyConflict as error:
        refusal = conflict(resource, str(applied["metadata"]["name"]), "", error.causes)
        raise ApiError(refusal.code, refusal.reason, str(error), refusal.details) from error


def _guarded(change: Patch) -> Patch:
    def guarded(current: JsonObject) -> JsonObject:
        try:
            result = change(current)
        except PatchError as error:
            raise unprocessable(f"the patch cannot be applied: {error}") from error
        if not isinstance(result, dict):
            raise unprocessable("the patch leaves no object")
        if is_too_deep(result):  # a `copy` of an object into itself doubles its depth
            raise too_deep()
        return result

    return guarded
