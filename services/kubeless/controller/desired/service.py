"""The Service of a function."""

from kubeless.api.function import Function
from kubeless.controller.desired.ownership import child_metadata, pod_selector
from kubeless.controller.desired.ports import service_ports
from kubeless.controller.desired.shape import copied, texts
from kubeless.core.jsontypes import JsonObject


def desired_service(function: Function, *, default_type: str = "ClusterIP") -> JsonObject:
    """
    The Service, as `spec.service` says; of `default_type` where that says none.

    Raises InvalidField if that cannot be used.
    """
    spec: JsonObject = copied(function.spec.service, "spec.service")
    spec["ports"] = service_ports(function.spec)
    spec["selector"] = _selector(function, texts(spec, "selector", "spec.service"))
    # A headless Service can be of one type only.
    spec["type"] = spec.get("type") or ("ClusterIP" if spec.get("clusterIP") == "None" else default_type)
    return {"apiVersion": "v1", "kind": "Service", "metadata": child_metadata(function), "spec": spec}


def _selector(function: Function, given: dict[str, str]) -> dict[str, str]:
    """
    The selector a person gave, else the pods of the function.

    The CLI writes all labels the function has at that moment. Those that do not identify it are left out: else the
    Service would lose its pods when such a label changes.
    """
    own = pod_selector(function)
    return own if not given or own.items() <= given.items() else given
