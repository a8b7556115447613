"""
The `kubeless-config` ConfigMap as a value.

Its keys are those of the Go controller; all are optional, and without the ConfigMap everything has its default. It is
read anew whenever it changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from kubeless.controller.desired.shape import copied, member, objects
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.core.settings import split_names
from kubeless.runtimes.catalog import REGISTRY, Catalog, built_in, catalog_from_config

_DEPLOYMENT_KEYS = {"apiVersion", "kind", "metadata", "spec", "status"}
_SERVICE_TYPES = ("ClusterIP", "NodePort", "LoadBalancer")


@dataclass(frozen=True, slots=True)
class Config:
    """What an administrator decided for all functions."""

    catalog: Catalog = field(default_factory=built_in)
    deployment: JsonObject = field(default_factory=dict)
    """An apps/v1 Deployment; what a function leaves open is taken from here."""
    provision_image: str = f"{REGISTRY}/unzip:latest"
    """Image of the step that puts a function's source in place: sh, base64, sha256sum, curl, unzip, tar."""
    pull_secrets: tuple[str, ...] = ()
    service_type: str = "ClusterIP"
    """Type of the Service of a function that does not say one."""
    functions_namespaces: tuple[str, ...] = ()
    """The namespaces to look after; empty is all of them."""


def parse_config(
    data: Mapping[str, str], *, registry: str = REGISTRY, image_overrides: Mapping[str, str] | None = None
) -> Config:
    """
    Read the data of the ConfigMap.

    `registry` is where the images of the built-in runtimes are; `image_overrides` are variables such as
    `PYTHON3.11_RUNTIME`. Raises InvalidField that names the key which cannot be used.
    """
    catalog = catalog_from_config(data.get("runtime-images") or "", registry=registry)
    secrets = (data.get("provision-image-secret", ""), data.get("builder-image-secret", ""))
    return Config(
        catalog=catalog.with_images(image_overrides or {}),
        deployment=_deployment(data.get("deployment") or ""),
        provision_image=data.get("provision-image") or f"{registry}/unzip:latest",
        pull_secrets=tuple(secret for secret in secrets if secret),
        service_type=_service_type(data.get("service-type") or "ClusterIP"),
        functions_namespaces=split_names(data.get("functions-namespace", "")),
    )


def _service_type(text: str) -> str:
    if text not in _SERVICE_TYPES:
        remedy = f"use one of {', '.join(_SERVICE_TYPES)}"
        raise InvalidField("service-type", text, problem="is no type of Service for functions", remedy=remedy)
    return text


def _deployment(text: str) -> JsonObject:
    try:
        value = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise InvalidField("deployment", text, problem=f"is not YAML: {error}", remedy="correct the syntax") from error
    if not isinstance(value, dict):
        raise InvalidField("deployment", text, problem="is not an object", remedy="write an apps/v1 Deployment")
    if unknown := set(value) - _DEPLOYMENT_KEYS:
        raise InvalidField("deployment", sorted(map(str, unknown)), problem="has unknown fields", remedy="remove them")
    _check_shape(copied(value, "deployment"))
    return value


def _check_shape(deployment: JsonObject) -> None:
    """Tell here what else every function would be told about a template that it does not know."""
    template = member(member(deployment, "spec", "deployment"), "template", "deployment.spec")
    pod = member(template, "spec", "deployment.spec.template")
    for container in objects(pod, "containers", "deployment.spec.template.spec"):
        for key in ("env", "ports", "volumeMounts"):
            objects(container, key, "deployment.spec.template.spec.containers")
