"""Defaults of a pod's specification, the same for a Pod and for the template of whatever makes pods."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from kubeless.core.jsontypes import JsonObject

_DEFAULT_MODE = 0o644
_MODES = ("configMap", "secret", "downwardAPI", "projected")


def filled(obj: JsonObject, **defaults: Any) -> JsonObject:
    """The object with the defaults for what is missing or an empty string."""
    missing = {name: deepcopy(value) for name, value in defaults.items() if obj.get(name) in (None, "")}
    return {**obj, **missing}


def mapped(obj: JsonObject, path: tuple[str, ...], change: Callable[[Any], Any]) -> JsonObject:
    """The object with the value at the path changed; the same object if there is none."""
    name, *rest = path
    if obj.get(name) is None:
        return obj
    return {**obj, name: mapped(obj[name], tuple(rest), change) if rest else change(obj[name])}


def pod_spec(spec: JsonObject) -> JsonObject:
    """The specification of a pod with all defaults."""
    result = filled(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        schedulerName="default-scheduler",
        securityContext={},
    )
    account = result.get("serviceAccountName") or result.get("serviceAccount")
    if account:
        result = {**result, "serviceAccountName": account, "serviceAccount": account}  # the second is the old name
    on_host = result.get("hostNetwork") is True
    for name in ("initContainers", "containers", "ephemeralContainers"):
        result = mapped(result, (name,), lambda containers: [_container(value, on_host) for value in containers])
    return mapped(result, ("volumes",), lambda volumes: [_volume(value) for value in volumes])


def _container(container: JsonObject, on_host: bool) -> JsonObject:
    result = filled(
        container,
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy=_pull_policy(container.get("image", "")),
        resources={},
    )
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        result = mapped(result, (probe,), _probe)
    for hook in ("postStart", "preStop"):
        result = mapped(result, ("lifecycle", hook, "httpGet"), _http_get)
    result = mapped(result, ("env",), lambda variables: [_variable(value) for value in variables])
    return mapped(result, ("ports",), lambda ports: [_port(value, on_host) for value in ports])


def _pull_policy(image: str) -> str:
    """Only a fixed tag or digest is worth keeping: `latest` moves."""
    if "@" in image:
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if tag in {"", "latest"} else "IfNotPresent"


def _probe(probe: JsonObject) -> JsonObject:
    result = filled(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
    for name, default in (
        ("timeoutSeconds", 1),
        ("periodSeconds", 10),
        ("successThreshold", 1),
        ("failureThreshold", 3),
    ):
        if result[name] == 0:  # zero means "not said" here
            result[name] = default
    result = mapped(result, ("grpc",), lambda check: {"service": "", **check})
    return mapped(result, ("httpGet",), _http_get)


def _http_get(action: JsonObject) -> JsonObject:
    return filled(action, path="/", scheme="HTTP")


def _variable(variable: JsonObject) -> JsonObject:
    return mapped(variable, ("valueFrom", "fieldRef"), lambda reference: filled(reference, apiVersion="v1"))


def _port(port: JsonObject, on_host: bool) -> JsonObject:
    result = filled(port, protocol="TCP")
    if on_host and "containerPort" in port:
        result = filled(result, hostPort=port["containerPort"])
    return result


def _volume(volume: JsonObject) -> JsonObject:
    if volume.keys() <= {"name"}:
        return {**volume, "emptyDir": {}}
    result = mapped(volume, ("hostPath",), lambda source: {"type": "", **source})
    for name in _MODES:
        result = mapped(result, (name,), lambda source: filled(source, defaultMode=_DEFAULT_MODE))
    return mapped(result, ("projected", "sources"), lambda sources: [_projection(value) for value in sources])


def _projection(source: JsonObject) -> JsonObject:
    return mapped(source, ("serviceAccountToken",), lambda token: filled(token, expirationSeconds=3600))
