"""The Deployment of a function."""

import hashlib
import json

from kubeless.api.function import Function
from kubeless.controller.config import Config
from kubeless.controller.desired.overlay import overlay
from kubeless.controller.desired.ownership import child_metadata, pod_selector
from kubeless.controller.desired.pod import fill_template
from kubeless.controller.desired.shape import copied, member, objects, texts
from kubeless.controller.desired.source import Source
from kubeless.core.jsontypes import JsonObject
from kubeless.runtimes.runtime import Runtime

CHECKSUM = "kubeless.io/checksum"
"""Annotation of the pod template: a digest of all its pods are made from, so that new code always is a rollout."""


def desired_deployment(
    function: Function,
    source: Source | None,
    runtime: Runtime | None,
    config: Config,
    *,
    data: dict[str, str],
    autoscaled: bool,
) -> JsonObject:
    """
    The Deployment. `data` is that of the ConfigMap; with an autoscaler the number of pods is left to it.

    Raises InvalidField for parts of `spec.deployment` that cannot be used.
    """
    given = base_deployment(function, config)
    spec = member(given, "spec", "spec.deployment")
    template = member(spec, "template", "spec.deployment.spec")
    fill_template(template, function, source, runtime, config)
    template["metadata"].pop("creationTimestamp", None)
    template["metadata"]["annotations"][CHECKSUM] = digest([template, data])
    spec["selector"] = {"matchLabels": pod_selector(function)}
    spec["strategy"] = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0}}
    if autoscaled:
        spec.pop("replicas", None)
    elif function.spec.replicas is not None:
        spec["replicas"] = function.spec.replicas
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(function, member(given, "metadata", "spec.deployment")),
        "spec": spec,
    }


def base_deployment(function: Function, config: Config) -> JsonObject:
    """A fresh copy of what a person gave in `spec.deployment`, with what the configuration gives to all functions."""
    own = copied(function.spec.deployment, "spec.deployment")
    base: JsonObject = overlay(own, copied(config.deployment, "deployment"))
    return copied(base, "spec.deployment")  # type: ignore[no-any-return]  # an object stays one


def custom_image(deployment: JsonObject) -> str:
    """The image that a person chose for the function's server; empty if the runtime's is to be used."""
    pod = member(member(member(deployment, "spec", ""), "template", ""), "spec", "")
    containers = objects(pod, "containers", "spec.deployment.spec.template.spec")
    return str(containers[0].get("image") or "") if containers else ""


def digest(value: object) -> str:
    """A short digest of a JSON value that does not depend on the order of keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _metadata(function: Function, given: JsonObject) -> JsonObject:
    path = "spec.deployment.metadata"
    metadata = child_metadata(function)
    metadata["labels"] = {**texts(given, "labels", path), **metadata["labels"]}
    metadata["annotations"] = {**texts(given, "annotations", path), **metadata["annotations"]}
    return metadata
