"""Rules for Pods and for the template of whatever makes them."""

from collections.abc import Iterator, Sequence
from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver import names
from kubeless.local.apiserver.problems import (
    FieldProblem,
    child,
    duplicate,
    entry,
    forbidden,
    invalid,
    item,
    not_found,
    required,
)
from kubeless.local.apiserver.rules.metadata import annotation_problems, label_problems
from kubeless.local.apiserver.rules.values import at_least, one_of, port_number, port_or_name
from kubeless.local.apiserver.schema.formats import is_quantity

RESTART_POLICIES = ("Always", "OnFailure", "Never")
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_UPDATABLE = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"  # noqa: E501  # one sentence of the API


def pod_problems(obj: JsonObject, old: JsonObject | None) -> Iterator[FieldProblem]:
    spec = obj.get("spec", {})
    yield from pod_spec_problems(spec, "spec", RESTART_POLICIES)
    if old is not None and _fixed_part(spec, old.get("spec", {})) != _fixed_part(old.get("spec", {}), {}):
        yield forbidden("spec", f"pod updates may not change fields other than {_UPDATABLE}")


def template_problems(template: JsonObject, path: str, restart_policies: Sequence[str]) -> Iterator[FieldProblem]:
    """The problems of a pod template."""
    metadata = template.get("metadata", {})
    yield from label_problems(metadata.get("labels", {}), child(path, "metadata.labels"))
    yield from annotation_problems(metadata.get("annotations", {}), child(path, "metadata.annotations"))
    yield from pod_spec_problems(template.get("spec", {}), child(path, "spec"), restart_policies)


def pod_spec_problems(spec: JsonObject, path: str, restart_policies: Sequence[str]) -> Iterator[FieldProblem]:
    """The problems of a pod's specification, with defaults in place."""
    volumes = spec.get("volumes", [])
    yield from _volume_problems(volumes, child(path, "volumes"))
    if not spec.get("containers"):
        yield required(child(path, "containers"))
    seen: set[str] = set()
    for group in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(group, [])):
            here = item(child(path, group), index)
            yield from _container_problems(container, here, {volume.get("name", "") for volume in volumes})
            if container.get("name") in seen:
                yield duplicate(child(here, "name"), container["name"])
            seen.add(container.get("name", ""))
    yield from one_of(spec, "restartPolicy", path, restart_policies, needed=bool(spec))
    yield from one_of(spec, "dnsPolicy", path, ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"))
    yield from at_least(spec, "terminationGracePeriodSeconds", path)
    yield from at_least(spec, "activeDeadlineSeconds", path, 1)
    yield from label_problems(spec.get("nodeSelector", {}), child(path, "nodeSelector"))


def _fixed_part(spec: JsonObject, before: JsonObject) -> JsonObject:
    """What an update of a pod must leave alone. A node name may be set once: that is how a pod is scheduled."""
    fixed = {
        name: value
        for name, value in spec.items()
        if name not in {"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "ephemeralContainers"}
    }
    if before and not before.get("nodeName"):
        fixed.pop("nodeName", None)
    for group in ("containers", "initContainers"):
        if group in fixed:
            fixed[group] = [{**container, "image": ""} for container in fixed[group]]
    return fixed


def _container_problems(container: JsonObject, path: str, volumes: set[str]) -> Iterator[FieldProblem]:
    yield from _label_name(container.get("name"), child(path, "name"))
    if not container.get("image"):
        yield required(child(path, "image"))
    yield from one_of(container, "imagePullPolicy", path, ("Always", "IfNotPresent", "Never"))
    yield from one_of(container, "terminationMessagePolicy", path, ("File", "FallbackToLogsOnError"))
    yield from _port_problems(container.get("ports", []), child(path, "ports"))
    yield from _variable_problems(container.get("env", []), child(path, "env"))
    yield from _mount_problems(container.get("volumeMounts", []), child(path, "volumeMounts"), volumes)
    yield from _amount_problems(container.get("resources", {}), child(path, "resources"))
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if name in container:
            yield from _probe_problems(container[name], child(path, name), may_repeat=name == "readinessProbe")


def _label_name(name: Any, path: str) -> Iterator[FieldProblem]:
    if not name:
        yield required(path)
    elif problem := names.label_1123_problem(name):
        yield invalid(path, name, problem)


def _port_problems(ports: list[JsonObject], path: str) -> Iterator[FieldProblem]:
    seen: set[str] = set()
    for index, port in enumerate(ports):
        here = item(path, index)
        if not port.get("containerPort"):
            yield required(child(here, "containerPort"))
        else:
            yield from port_number(port["containerPort"], child(here, "containerPort"))
        if port.get("hostPort"):
            yield from port_number(port["hostPort"], child(here, "hostPort"))
        yield from one_of(port, "protocol", here, _PROTOCOLS)
        name = port.get("name")
        if name and (problem := names.port_name_problem(name)):
            yield invalid(child(here, "name"), name, problem)
        elif name and name in seen:
            yield duplicate(child(here, "name"), name)
        seen.add(name or "")


def _variable_problems(variables: list[JsonObject], path: str) -> Iterator[FieldProblem]:
    for index, variable in enumerate(variables):
        here, name = item(path, index), variable.get("name")
        if not name:
            yield required(child(here, "name"))
        elif problem := names.environment_name_problem(name):
            yield invalid(child(here, "name"), name, problem)
        source = variable.get("valueFrom")
        if source is None:
            continue
        if variable.get("value"):
            yield invalid(child(here, "valueFrom"), "", "may not be specified when `value` is not empty")
        if len(source) != 1:
            detail = "may not have more than one field specified at a time" if source else "must specify one of: "
            yield invalid(child(here, "valueFrom"), "", detail)


def _mount_problems(mounts: list[JsonObject], path: str, volumes: set[str]) -> Iterator[FieldProblem]:
    seen: set[str] = set()
    for index, mount in enumerate(mounts):
        here = item(path, index)
        if not mount.get("name"):
            yield required(child(here, "name"))
        elif mount["name"] not in volumes:
            yield not_found(child(here, "name"), mount["name"])
        if not mount.get("mountPath"):
            yield required(child(here, "mountPath"))
        elif mount["mountPath"] in seen:
            yield invalid(child(here, "mountPath"), mount["mountPath"], "must be unique")
        seen.add(mount.get("mountPath", ""))


def _amount_problems(resources: JsonObject, path: str) -> Iterator[FieldProblem]:
    for group in ("limits", "requests"):
        for name, amount in resources.get(group, {}).items():
            here = entry(child(path, group), name)
            if not is_quantity(amount):
                yield invalid(here, amount, "quantities must match the regular expression of a resource amount")
            elif amount.startswith("-"):
                yield invalid(here, amount, "must be greater than or equal to 0")


def _probe_problems(probe: JsonObject, path: str, *, may_repeat: bool) -> Iterator[FieldProblem]:
    handlers = [name for name in _HANDLERS if name in probe]
    if not handlers:
        yield required(path, "must specify a handler type")
    for name in handlers[1:]:
        yield forbidden(child(path, name), "may not specify more than 1 handler type")
    numbers = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
    for name in numbers:
        yield from at_least(probe, name, path)
    if not may_repeat and probe.get("successThreshold", 1) != 1:
        yield invalid(child(path, "successThreshold"), probe["successThreshold"], "must be 1")
    for name in ("httpGet", "tcpSocket"):
        if name in probe:
            yield from port_or_name(probe[name].get("port", 0), child(path, f"{name}.port"))
    if "httpGet" in probe:
        yield from one_of(probe["httpGet"], "scheme", child(path, "httpGet"), ("HTTP", "HTTPS"))
    if "exec" in probe and not probe["exec"].get("command"):
        yield required(child(path, "exec.command"))


def _volume_problems(volumes: list[JsonObject], path: str) -> Iterator[FieldProblem]:
    seen: set[str] = set()
    for index, volume in enumerate(volumes):
        here = item(path, index)
        yield from _label_name(volume.get("name"), child(here, "name"))
        if volume.get("name") in seen:
            yield duplicate(child(here, "name"), volume["name"])
        seen.add(volume.get("name", ""))
        sources = [name for name in volume if name != "name"]
        for name in sources[1:]:
            yield forbidden(child(here, name), "may not specify more than 1 volume type")
