"""
Custom types: the rows that a CustomResourceDefinition adds to the resource table.
"""

from collections.abc import Iterator

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.resources import ResourceType, ScalePaths


def types_of(definition: JsonObject) -> Iterator[ResourceType]:
    """The types of a definition that passed `schema.crd.check_crd`, one for each version, served or not."""
    for version in definition["spec"]["versions"]:
        yield _type_of(definition["spec"], version)


def initial_status(definition: JsonObject, now: str) -> JsonObject:
    """The status of a definition that is in force; it keeps the versions that objects may have been stored in."""
    stored = [version["name"] for version in definition["spec"]["versions"] if version.get("storage")]
    before = definition.get("status") or {}
    known = [name for name in before.get("storedVersions") or [] if isinstance(name, str)]
    return {
        "acceptedNames": definition["spec"]["names"],
        "storedVersions": known + [name for name in stored if name not in known],
        "conditions": before.get("conditions")
        or [
            _condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
            _condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now),
        ],
    }


def with_default_names(definition: JsonObject) -> JsonObject:
    """The definition with `singular` and `listKind` filled in as the API server does."""
    spec = definition.get("spec")
    if not isinstance(spec, dict) or not isinstance(spec.get("names"), dict):
        return definition
    names = dict(spec["names"])
    kind = names.get("kind")
    if isinstance(kind, str):
        names.setdefault("singular", kind.lower())
        names.setdefault("listKind", f"{kind}List")
    return {**definition, "spec": {**spec, "names": names}}


def _condition(kind: str, reason: str, message: str, now: str) -> JsonObject:
    return {"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": now}


def _type_of(spec: JsonObject, version: JsonObject) -> ResourceType:
    names = spec["names"]
    subresources = version.get("subresources") or {}
    return ResourceType(
        group=spec["group"],
        version=version["name"],
        plural=names["plural"],
        kind=names["kind"],
        namespaced=spec["scope"] == "Namespaced",
        singular=names.get("singular") or names["kind"].lower(),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=frozenset(name for name in ("status", "scale") if subresources.get(name) is not None),
        list_kind=names.get("listKind") or f"{names['kind']}List",
        schema=(version.get("schema") or {}).get("openAPIV3Schema"),
        columns=tuple(version.get("additionalPrinterColumns") or ()),
        served=bool(version.get("served")),
        storage=bool(version.get("storage")),
        scale=_scale_of(subresources.get("scale")),
        selectable=frozenset(field["jsonPath"].lstrip(".") for field in version.get("selectableFields") or ()),
        custom=True,
    )


def _scale_of(scale: JsonObject | None) -> ScalePaths | None:
    if scale is None:
        return None
    return ScalePaths(
        spec_replicas=scale["specReplicasPath"],
        status_replicas=scale["statusReplicasPath"],
        label_selector=scale.get("labelSelectorPath"),
    )
