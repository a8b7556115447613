"""Everything else as kubectl prints it: network, data, cluster."""

from datetime import datetime
from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.printed.age import age, parse_time

_MOST_SHOWN = 3


def service_cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec = obj.get("spec", {})
    kind = spec.get("type", "ClusterIP")
    ports = ",".join(_service_port(port) for port in spec.get("ports", [])) or "<none>"
    selector = ",".join(f"{key}={value}" for key, value in sorted((spec.get("selector") or {}).items())) or "<none>"
    return [_name(obj), kind, spec.get("clusterIP") or "<none>", _external(obj, kind), ports, _age(obj, now), selector]


def endpoints_cells(obj: JsonObject, now: datetime) -> list[Any]:
    pairs = [
        f"{address.get('ip')}:{port.get('port')}"
        for subset in obj.get("subsets", [])
        for port in subset.get("ports", [])
        for address in subset.get("addresses", [])
    ]
    return [_name(obj), _shortened(pairs) or "<none>", _age(obj, now)]


def endpoint_slice_cells(obj: JsonObject, now: datetime) -> list[Any]:
    ports = [str(port.get("port", "*")) for port in obj.get("ports") or []]
    addresses = [address for endpoint in obj.get("endpoints") or [] for address in endpoint.get("addresses", [])]
    shown_ports = _shortened(ports) or "<unset>"
    return [_name(obj), obj.get("addressType"), shown_ports, _shortened(addresses) or "<unset>", _age(obj, now)]


def ingress_cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec = obj.get("spec", {})
    hosts = [rule["host"] for rule in spec.get("rules", []) if rule.get("host")]
    balancer = obj.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    addresses = ",".join(entry.get("ip") or entry.get("hostname", "") for entry in balancer)
    ports = "80, 443" if spec.get("tls") else "80"
    hosts_text = _shortened(hosts) or "*"
    return [_name(obj), spec.get("ingressClassName") or "<none>", hosts_text, addresses, ports, _age(obj, now)]


def config_map_cells(obj: JsonObject, now: datetime) -> list[Any]:
    return [_name(obj), len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), _age(obj, now)]


def secret_cells(obj: JsonObject, now: datetime) -> list[Any]:
    return [_name(obj), obj.get("type", "Opaque"), len(obj.get("data") or {}), _age(obj, now)]


def service_account_cells(obj: JsonObject, now: datetime) -> list[Any]:
    return [_name(obj), len(obj.get("secrets") or []), _age(obj, now)]


def namespace_cells(obj: JsonObject, now: datetime) -> list[Any]:
    return [_name(obj), obj.get("status", {}).get("phase", "Active"), _age(obj, now)]


def lease_cells(obj: JsonObject, now: datetime) -> list[Any]:
    return [_name(obj), obj.get("spec", {}).get("holderIdentity") or "", _age(obj, now)]


def definition_cells(obj: JsonObject, now: datetime) -> list[Any]:  # noqa: ARG001  # one form
    return [_name(obj), obj["metadata"].get("creationTimestamp")]


def node_cells(obj: JsonObject, now: datetime) -> list[Any]:
    status = obj.get("status", {})
    info = status.get("nodeInfo", {})
    addresses = {address.get("type"): address.get("address") for address in status.get("addresses", [])}
    conditions = {condition.get("type"): condition.get("status") for condition in status.get("conditions", [])}
    word = {"True": "Ready", "False": "NotReady"}.get(str(conditions.get("Ready")), "Unknown")
    if obj.get("spec", {}).get("unschedulable"):
        word += ",SchedulingDisabled"
    prefix = "node-role.kubernetes.io/"
    roles = sorted(key.removeprefix(prefix) for key in obj["metadata"].get("labels") or {} if key.startswith(prefix))
    return [
        _name(obj),
        word,
        ",".join(roles) or "<none>",
        _age(obj, now),
        info.get("kubeletVersion"),
        addresses.get("InternalIP") or "<none>",
        addresses.get("ExternalIP") or "<none>",
        info.get("osImage") or "<unknown>",
        info.get("kernelVersion") or "<unknown>",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def event_cells(obj: JsonObject, now: datetime) -> list[Any]:
    subject, source = obj.get("involvedObject", {}), obj.get("source") or {}
    first = obj.get("firstTimestamp") or obj.get("eventTime")
    series = obj.get("series") or {}
    last = series.get("lastObservedTime") or obj.get("lastTimestamp") or first
    count = series.get("count") or obj.get("count") or 1
    repeated = count > 1 and parse_time(first) is not None
    seen = f"{age(last, now)} (x{count} over {age(first, now)})" if repeated else age(last, now)
    reporter = source.get("component") or obj.get("reportingComponent") or ""
    host = source.get("host") or obj.get("reportingInstance") or ""
    return [
        seen,
        obj.get("type"),
        obj.get("reason"),
        f"{str(subject.get('kind', '')).lower()}/{subject.get('name', '')}",
        str(obj.get("message", "")).strip(),
        subject.get("fieldPath", ""),
        f"{reporter}, {host}" if host else reporter,
        age(first, now),
        count,
        _name(obj),
    ]


def _name(obj: JsonObject) -> Any:
    return obj["metadata"].get("name")


def _age(obj: JsonObject, now: datetime) -> str:
    return age(obj["metadata"].get("creationTimestamp"), now)


def _service_port(port: JsonObject) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port')}{node}/{port.get('protocol', 'TCP')}"


def _external(obj: JsonObject, kind: str) -> str:
    spec = obj.get("spec", {})
    if kind == "ExternalName":
        return str(spec.get("externalName", ""))
    addresses = list(spec.get("externalIPs") or [])
    if kind == "LoadBalancer":
        balancer = obj.get("status", {}).get("loadBalancer", {}).get("ingress", [])
        addresses = [entry.get("ip") or entry.get("hostname", "") for entry in balancer] + addresses
        return ",".join(addresses) or "<pending>"
    return ",".join(addresses) or "<none>"


def _shortened(values: list[str]) -> str:
    more = f" + {len(values) - _MOST_SHOWN} more..." if len(values) > _MOST_SHOWN else ""
    return ",".join(values[:_MOST_SHOWN]) + more
