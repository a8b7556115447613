"""
The Function object for what a person said: decided here, sent elsewhere.

The shape is the one that Kubeless has always written, without the empty values that Go adds. An update starts from the
object as it is and changes what was asked for, nothing else.
"""

import copy
from typing import Any

from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.functionsettings import FunctionSettings

DEFAULT_PORT = 8080

DEFAULTS = FunctionSettings(timeout="180", port=DEFAULT_PORT, service_port=0, image_pull_policy="Always")
"""What a new function has where nothing is given."""


def new_function(name: str, namespace: str, settings: FunctionSettings) -> JsonObject:
    """The object that `function deploy` creates."""
    labels = own_labels(name) | dict(settings.labels)
    spec: JsonObject = {
        "handler": settings.handler,
        "runtime": settings.runtime,
        "timeout": settings.timeout or DEFAULTS.timeout,
        "deps": settings.deps,
    }
    spec = {key: value for key, value in spec.items() if value}
    _put_source(spec, settings)
    spec["deployment"] = {"spec": {"template": {"spec": {"containers": [{"name": ""}]}}}}
    pod = _pod(spec)
    _put_container(pod, settings, policy=settings.image_pull_policy or "Always")
    _put_pod(pod, settings)
    spec["service"] = {
        "ports": [_service_port(settings.port or DEFAULT_PORT, settings.service_port)],
        "selector": dict(labels),
        "type": "ClusterIP",
    }
    if settings.headless:
        spec["service"]["clusterIP"] = "None"
    return {
        "apiVersion": FUNCTIONS.api_version,
        "kind": FUNCTIONS.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": spec,
    }


def changed_function(current: JsonObject, settings: FunctionSettings) -> JsonObject:
    """The object that `function update` wants, given the one there is."""
    changed = copy.deepcopy(current)
    metadata, spec = changed["metadata"], changed.setdefault("spec", {})
    if settings.labels:
        metadata["labels"] = (metadata.get("labels") or {}) | dict(settings.labels)
    given = {
        "handler": settings.handler,
        "runtime": settings.runtime,
        "timeout": settings.timeout,
        "deps": settings.deps,
    }
    spec.update({key: value for key, value in given.items() if value is not None})
    _put_source(spec, settings)
    if _touches_pod(settings):
        pod = _pod(spec)
        _put_container(pod, settings, policy=settings.image_pull_policy)
        _put_pod(pod, settings)
    _change_service(spec, settings, labels=dict(settings.labels), name=metadata["name"])
    return changed


def schedule_trigger(name: str, namespace: str, schedule: str) -> JsonObject:
    """The trigger that `function deploy --schedule` creates. Without a payload the call is a GET."""
    return {
        "apiVersion": CRONJOB_TRIGGERS.api_version,
        "kind": CRONJOB_TRIGGERS.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": own_labels(name)},
        "spec": {"function-name": name, "schedule": schedule},
    }


def own_labels(name: str) -> dict[str, str]:
    """The labels that every function has."""
    return {"created-by": "kubeless", "function": name}


def _put_source(spec: JsonObject, settings: FunctionSettings) -> None:
    if settings.source is not None:
        spec["function"] = settings.source.function
        spec["function-content-type"] = settings.source.content_type
        spec["checksum"] = settings.source.checksum


def _touches_pod(settings: FunctionSettings) -> bool:
    asked = (
        settings.env,
        settings.secrets,
        settings.node_selectors,
        settings.service_account,
        settings.memory,
        settings.cpu,
        settings.image,
        settings.image_pull_policy,
    )
    return any(asked)


def _pod(spec: JsonObject) -> JsonObject:
    """The pod spec of the Deployment template; the way there is made where Go wrote nulls or nobody wrote anything."""
    place = spec
    for key in ("deployment", "spec", "template", "spec"):
        place[key] = place.get(key) or {}
        place = place[key]
    return place


def _put_container(pod: JsonObject, settings: FunctionSettings, *, policy: str | None) -> None:
    if not pod.get("containers"):
        pod["containers"] = [{"name": ""}]
    container: JsonObject = pod["containers"][0]
    if policy:
        container["imagePullPolicy"] = policy
    if settings.image:
        container["image"] = settings.image
    if settings.env:
        container["env"] = [{"name": name, "value": value} for name, value in settings.env]
    if settings.memory or settings.cpu:
        container["resources"] = _resources(container.get("resources") or {}, settings)
    mounts = [{"name": f"{secret}-vol", "mountPath": f"/{secret}"} for secret in settings.secrets]
    _add_by_name(container, "volumeMounts", mounts)


def _resources(current: JsonObject, settings: FunctionSettings) -> JsonObject:
    """Request and limit are the same. What is not given stays, or is 0, which is no limit."""
    before: dict[str, Any] = {"memory": "0", "cpu": "0"} | (current.get("limits") or {})
    given = {"memory": settings.memory, "cpu": settings.cpu}
    amounts = before | {key: value for key, value in given.items() if value}
    return {"limits": dict(amounts), "requests": dict(amounts)}


def _put_pod(pod: JsonObject, settings: FunctionSettings) -> None:
    if settings.service_account:
        pod["serviceAccountName"] = settings.service_account
    if settings.node_selectors:
        pod["nodeSelector"] = dict(settings.node_selectors)
    volumes = [{"name": f"{secret}-vol", "secret": {"secretName": secret}} for secret in settings.secrets]
    _add_by_name(pod, "volumes", volumes)


def _add_by_name(owner: JsonObject, key: str, items: list[JsonObject]) -> None:
    """Add what is not there yet: mounting a secret twice makes a pod that cannot start."""
    present = {item.get("name") for item in owner.get(key) or []}
    fresh = {item["name"]: item for item in items if item["name"] not in present}
    if fresh:
        owner[key] = [*(owner.get(key) or []), *fresh.values()]


def _service_port(port: int, service_port: int | None) -> JsonObject:
    return {"name": "http-function-port", "protocol": "TCP", "port": service_port or port, "targetPort": port}


def _change_service(spec: JsonObject, settings: FunctionSettings, *, labels: dict[str, str], name: str) -> None:
    service: JsonObject = spec.get("service") or {}
    selector = service.get("selector") or {}
    # A new label is no reason to select by it: the pods that run now do not have it yet.
    selector.update({key: value for key, value in labels.items() if key in selector})
    if settings.port is None and settings.service_port is None and settings.headless is None:
        return
    # A function that came without a service gets the whole of it, or it would have neither selector nor port.
    spec["service"] = service
    service.setdefault("type", "ClusterIP")
    service.setdefault("selector", own_labels(name))
    _change_ports(service, settings)
    if settings.headless:
        service["clusterIP"] = "None"
    elif settings.headless is False and service.get("clusterIP") == "None":
        del service["clusterIP"]


def _change_ports(service: JsonObject, settings: FunctionSettings) -> None:
    ports = service.get("ports") or []
    first: JsonObject = ports[0] if ports else _service_port(DEFAULT_PORT, 0)
    target = first.get("targetPort") or first.get("port") or DEFAULT_PORT
    outer = first.get("port") or target
    port = settings.port if settings.port is not None else target
    # A service port that followed the port goes on following it.
    kept = port if outer == target else outer
    service_port = kept if settings.service_port is None else settings.service_port
    service["ports"] = [first | {"port": service_port or port, "targetPort": port}, *ports[1:]]
