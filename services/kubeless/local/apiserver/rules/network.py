"""Rules for Services, EndpointSlices and Ingresses."""

import ipaddress
from collections.abc import Iterator

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver import names
from kubeless.local.apiserver.problems import FieldProblem, child, duplicate, forbidden, invalid, item, required
from kubeless.local.apiserver.rules.metadata import immutable, label_problems
from kubeless.local.apiserver.rules.values import one_of, port_number, port_or_name

_PROTOCOLS = ("TCP", "UDP", "SCTP")
_SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")


def service_problems(obj: JsonObject, old: JsonObject | None) -> Iterator[FieldProblem]:
    spec = obj.get("spec", {})
    kind, ports = spec["type"], spec.get("ports", [])
    if not ports and kind != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    yield from _service_port_problems(ports)
    yield from one_of(spec, "type", "spec", _SERVICE_TYPES)
    yield from one_of(spec, "sessionAffinity", "spec", ("ClientIP", "None"))
    yield from label_problems(spec.get("selector", {}), "spec.selector")
    if kind == "ExternalName":
        yield from _external_name_problems(spec)
    elif spec.get("clusterIP") not in {None, "", "None"} and not _is_address(spec["clusterIP"]):
        yield invalid(
            "spec.clusterIPs[0]", spec["clusterIP"], "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
        )
    if old is not None and kind == old["spec"].get("type") != "ExternalName" and old["spec"].get("clusterIP"):
        before = old["spec"]["clusterIP"]
        if spec.get("clusterIP") != before:
            yield from immutable([spec.get("clusterIP")], [before], "spec.clusterIPs[0]")


def _service_port_problems(ports: list[JsonObject]) -> Iterator[FieldProblem]:
    seen_names: set[str] = set()
    seen_ports: set[tuple[int, str]] = set()
    for index, port in enumerate(ports):
        here, name = item("spec.ports", index), port.get("name", "")
        if not name and len(ports) > 1:
            yield required(child(here, "name"))
        elif name and (problem := names.label_1123_problem(name)):
            yield invalid(child(here, "name"), name, problem)
        elif name in seen_names:
            yield duplicate(child(here, "name"), name)
        seen_names.add(name)
        yield from port_number(port.get("port", 0), child(here, "port"))
        yield from one_of(port, "protocol", here, _PROTOCOLS)
        if "targetPort" in port:
            yield from port_or_name(port["targetPort"], child(here, "targetPort"))
        identity = (port.get("port", 0), port.get("protocol", "TCP"))
        if identity in seen_ports:
            yield duplicate(here, {"port": identity[0], "protocol": identity[1]})
        seen_ports.add(identity)


def _external_name_problems(spec: JsonObject) -> Iterator[FieldProblem]:
    name = spec.get("externalName", "").removesuffix(".")
    if not name:
        yield required("spec.externalName")
    elif problem := names.subdomain_problem(name):
        yield invalid("spec.externalName", name, problem)
    if spec.get("clusterIP"):
        yield forbidden("spec.clusterIPs", "may not be set for ExternalName services")


def endpoint_slice_problems(obj: JsonObject, old: JsonObject | None) -> Iterator[FieldProblem]:
    kind = obj.get("addressType")
    yield from one_of(obj, "addressType", "", ("FQDN", "IPv4", "IPv6"), needed=True)
    if old is not None:
        yield from immutable(kind, old.get("addressType"), "addressType")
    for index, endpoint in enumerate(obj.get("endpoints", [])):
        here = child(item("endpoints", index), "addresses")
        if not endpoint.get("addresses"):
            yield required(here, "must contain at least 1 address")
        for position, address in enumerate(endpoint.get("addresses", [])):
            if kind in {"IPv4", "IPv6"} and not _is_address(address, int(kind[-1])):
                yield invalid(item(here, position), address, f"must be a valid {kind} address")
    seen: set[str] = set()
    for index, port in enumerate(obj.get("ports", [])):
        here = item("ports", index)
        yield from one_of(port, "protocol", here, _PROTOCOLS)
        if port.get("name", "") in seen:
            yield duplicate(child(here, "name"), port.get("name", ""))
        seen.add(port.get("name", ""))


def ingress_problems(obj: JsonObject, old: JsonObject | None) -> Iterator[FieldProblem]:  # noqa: ARG001  # one form
    spec = obj.get("spec", {})
    if not spec.get("rules") and not spec.get("defaultBackend"):
        yield invalid("spec", spec, "either `defaultBackend` or `rules` must be specified")
    if "defaultBackend" in spec:
        yield from _backend_problems(spec["defaultBackend"], "spec.defaultBackend")
    for index, rule in enumerate(spec.get("rules", [])):
        here = item("spec.rules", index)
        host = rule.get("host", "")
        if host and (problem := names.subdomain_problem(host.removeprefix("*."))):
            yield invalid(child(here, "host"), host, problem)
        if "http" in rule:
            yield from _path_problems(rule["http"].get("paths", []), child(here, "http.paths"))


def _path_problems(paths: list[JsonObject], path: str) -> Iterator[FieldProblem]:
    if not paths:
        yield required(path)
    for index, route in enumerate(paths):
        here = item(path, index)
        yield from one_of(route, "pathType", here, _PATH_TYPES, needed=True)
        text = route.get("path", "")
        if route.get("pathType") in {"Exact", "Prefix"} and not text.startswith("/"):
            yield invalid(child(here, "path"), text, "must be an absolute path")
        yield from _backend_problems(route.get("backend", {}), child(here, "backend"))


def _backend_problems(backend: JsonObject, path: str) -> Iterator[FieldProblem]:
    service = backend.get("service")
    if service is None:
        if "resource" not in backend:
            yield required(path, "a `service` or `resource` backend must be specified")
        return
    if not service.get("name"):
        yield required(child(path, "service.name"))
    port = service.get("port", {})
    if not port.get("name") and not port.get("number"):
        yield required(child(path, "service"), "port name or number is required")
    elif "number" in port:
        yield from port_number(port["number"], child(path, "service.port.number"))


def _is_address(text: str, version: int | None = None) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return version is None or address.version == version
