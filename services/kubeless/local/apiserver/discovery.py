"""
What the server serves, as clients ask: all at once (aggregated) or group by group.

https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
"""

from collections.abc import Mapping, Sequence

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.negotiation import JSON, media_ranges
from kubeless.local.apiserver.registry import Registry
from kubeless.local.apiserver.resources import ResourceType
from kubeless.local.apiserver.rest.scale import SCALE_VERSION
from kubeless.local.apiserver.status import no_such_path

VERSION: JsonObject = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.0+kubeless",
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": "local/python",
}
"""The Kubernetes minor whose behaviour we follow: clients choose by it how they talk to us."""

_SUBRESOURCE_VERBS: Mapping[str, Sequence[str]] = {
    "status": ("get", "patch", "update"),
    "scale": ("get", "patch", "update"),
    "log": ("get",),
    "exec": ("create", "get"),
    "proxy": ("create", "delete", "get", "patch", "update"),
}


def aggregated_version(accept: str) -> str | None:
    """The version of apidiscovery.k8s.io that the client prefers; None: it does not know aggregated discovery."""
    for choice in media_ranges(accept):
        parameters = choice.parameters
        if choice.type != JSON:
            continue
        if parameters.get("as") != "APIGroupDiscoveryList":
            return None
        if parameters.get("g") == "apidiscovery.k8s.io" and parameters.get("v") in {"v2", "v2beta1"}:
            return parameters["v"]
    return None


def aggregated_media_type(version: str) -> str:
    return f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"


def aggregated(registry: Registry, version: str, *, core: bool) -> JsonObject:
    """`/api` (core) or `/apis` (all other groups) with everything below them."""
    groups = {group: versions for group, versions in registry.groups().items() if (group == "") == core}
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": [
            {
                "metadata": {"name": group, "creationTimestamp": None} if group else {"creationTimestamp": None},
                "versions": [
                    {"version": name, "resources": [_aggregated_type(r) for r in types], "freshness": "Current"}
                    for name, types in versions.items()
                ],
            }
            for group, versions in groups.items()
        ],
    }


def core_versions() -> JsonObject:
    """`/api`."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def group_list(registry: Registry) -> JsonObject:
    """`/apis`."""
    groups = [_group(group, versions) for group, versions in registry.groups().items() if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(registry: Registry, name: str) -> JsonObject:
    """`/apis/<group>`. Raises ApiError 404."""
    versions = registry.groups().get(name)
    if not versions or not name:
        raise no_such_path()
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}


def resource_list(registry: Registry, group_name: str, version: str) -> JsonObject:
    """`/api/v1` and `/apis/<group>/<version>`. Raises ApiError 404."""
    types = registry.groups().get(group_name, {}).get(version)
    if types is None:
        raise no_such_path()
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": types[0].api_version,
        "resources": [entry for resource in types for entry in _plain_type(resource)],
    }


def _group(name: str, versions: Mapping[str, object]) -> JsonObject:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _plain_type(resource: ResourceType) -> list[JsonObject]:
    entry: JsonObject = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    return [entry, *(_plain_subresource(resource, name) for name in sorted(resource.subresources))]


def _plain_subresource(resource: ResourceType, name: str) -> JsonObject:
    group_name, version, kind = _subresource_kind(resource, name)
    entry: JsonObject = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": kind,
        "verbs": list(_SUBRESOURCE_VERBS[name]),
    }
    return entry | ({"group": group_name, "version": version} if name == "scale" else {})


def _aggregated_type(resource: ResourceType) -> JsonObject:
    entry: JsonObject = {
        "resource": resource.plural,
        "responseKind": {"group": resource.group, "version": resource.version, "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [_aggregated_subresource(resource, name) for name in sorted(resource.subresources)]
    return entry


def _aggregated_subresource(resource: ResourceType, name: str) -> JsonObject:
    group_name, version, kind = _subresource_kind(resource, name)
    return {
        "subresource": name,
        "responseKind": {"group": group_name, "version": version, "kind": kind},
        "verbs": list(_SUBRESOURCE_VERBS[name]),
    }


def _subresource_kind(resource: ResourceType, name: str) -> tuple[str, str, str]:
    if name == "scale":
        group_name, _, version = SCALE_VERSION.partition("/")
        return group_name, version, "Scale"
    return resource.group, resource.version, resource.kind
