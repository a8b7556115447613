"""
Create an object.
"""

from copy import deepcopy

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver import managed_fields
from kubeless.local.apiserver.cluster import Cluster, key_of
from kubeless.local.apiserver.custom import initial_status
from kubeless.local.apiserver.resources import CRDS, INGRESSES, NAMESPACES, PODS, SERVICES, ResourceType
from kubeless.local.apiserver.rest.admit import check_fields, check_rules, fill_defaults
from kubeless.local.apiserver.rest.list_keys import keys_of
from kubeless.local.apiserver.rest.metadata import check_type, fresh, named, placed
from kubeless.local.apiserver.rest.options import WriteOptions
from kubeless.local.apiserver.rest.outcome import Outcome, stored_as
from kubeless.local.apiserver.rest.service_address import with_address
from kubeless.local.apiserver.status import already_exists, bad_request, forbidden, method_not_allowed, not_found

CRD_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
NAMESPACE_FINALIZER = "kubernetes"
_GENERATE_ATTEMPTS = 8
_FIRST_STATUS: dict[tuple[str, str], JsonObject] = {
    PODS.key: {"phase": "Pending"},
    SERVICES.key: {"loadBalancer": {}},
    INGRESSES.key: {"loadBalancer": {}},
}
"""Built-in kinds not listed begin with an empty one."""


def create(
    cluster: Cluster,
    resource: ResourceType,
    namespace: str,
    body: JsonObject,
    options: WriteOptions,
    *,
    track: bool = True,
) -> Outcome:
    """
    Store a new object made from `body`.

    Args:
        track: note the manager of the fields; server-side apply has done so already.

    Raises:
        ApiError: 400, 403, 404, 409 or 422.
    """
    obj = placed(check_type(body, resource), resource, namespace)
    if obj["metadata"].get("resourceVersion"):
        raise bad_request("resourceVersion should not be set on objects to be created")
    obj, warnings = check_fields(obj, resource, options.validation)
    obj = _free_name(cluster, obj, resource)
    now = cluster.timestamp()
    obj = _initial(fresh(obj, resource, now), resource)
    obj = with_address(cluster, fill_defaults(obj, resource), None, resource)
    check_rules(obj, None, resource)
    if resource.key == CRDS.key:
        obj = {**obj, "status": initial_status(obj, now)}
    _check_namespace(cluster, obj, resource)
    _check_definition(cluster, resource)
    if track:
        obj = managed_fields.record_update(
            None,
            obj,
            manager=options.manager,
            now=now,
            subresource="",
            keys=keys_of(resource),
            api_version=resource.api_version,
        )
    obj = _with_first_status(obj, resource)
    if options.dry_run:
        return Outcome(obj, code=201, warnings=tuple(warnings))
    key = key_of(resource, namespace, obj["metadata"]["name"])
    record = cluster.store.put(key, stored_as(obj, cluster.registry.storage_version(resource)))
    return Outcome(record.view(resource.api_version), record, code=201, warnings=tuple(warnings))


def _free_name(cluster: Cluster, obj: JsonObject, resource: ResourceType) -> JsonObject:
    """The object with a name that no other has; a generated one is drawn again, a given one is refused."""
    generated = not obj["metadata"].get("name")
    namespace = obj["metadata"].get("namespace", "")
    for _ in range(_GENERATE_ATTEMPTS):
        candidate = named(obj, resource)
        name = candidate["metadata"]["name"]
        if cluster.store.get(key_of(resource, namespace, name)) is None:
            return candidate
        if not generated:
            break
    raise already_exists(resource, name)


def _initial(obj: JsonObject, resource: ResourceType) -> JsonObject:
    """The object without the status a client sent where that is a sub-resource, and with what starts a life."""
    if resource.has_status:
        obj = {name: value for name, value in obj.items() if name != "status"}
    if resource.key == NAMESPACES.key:
        labels = {**(obj["metadata"].get("labels") or {}), "kubernetes.io/metadata.name": obj["metadata"]["name"]}
        obj = {**obj, "metadata": {**obj["metadata"], "labels": labels}}
        return {**obj, "spec": {"finalizers": [NAMESPACE_FINALIZER]}, "status": {"phase": "Active"}}
    if resource.key == CRDS.key:
        finalizers = [*(obj["metadata"].get("finalizers") or ()), CRD_FINALIZER]
        return {**obj, "metadata": {**obj["metadata"], "finalizers": list(dict.fromkeys(finalizers))}}
    return obj


def _with_first_status(obj: JsonObject, resource: ResourceType) -> JsonObject:
    """Clients with typed objects rely on a status from the beginning; nobody owns what the server says in it."""
    if resource.custom or not resource.has_status or "status" in obj:
        return obj
    return {**obj, "status": deepcopy(_FIRST_STATUS.get(resource.key, {}))}


def _check_namespace(cluster: Cluster, obj: JsonObject, resource: ResourceType) -> None:
    if not resource.namespaced:
        return
    name = obj["metadata"]["namespace"]
    namespace = cluster.store.get(key_of(NAMESPACES, "", name))
    if namespace is None:
        raise not_found(NAMESPACES, name)
    if namespace.deleting:
        problem = f"unable to create new content in namespace {name} because it is being terminated"
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {name} is being terminated",
            "field": "metadata.namespace",
        }
        subject = obj["metadata"]["name"]
        raise forbidden(f'{resource.qualified} "{subject}" is forbidden: {problem}', resource, subject, [cause])


def _check_definition(cluster: Cluster, resource: ResourceType) -> None:
    if resource.custom:
        definition = cluster.store.get(key_of(CRDS, "", f"{resource.plural}.{resource.group}"))
        if definition is not None and definition.deleting:
            raise method_not_allowed("create not allowed while custom resource definition is terminating")
