"""Where a function listens: the target of the first port of its Service."""

from dataclasses import dataclass

from kubeless.api.function import FunctionSpec
from kubeless.controller.desired.shape import copied, objects
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject

PORT_NAME = "http-function-port"
DEFAULT_PORT = 8080


@dataclass(frozen=True, slots=True)
class FunctionPort:
    """The port of a function's server."""

    number: int
    name: str
    """Set when the Service targets the port by name; the container must call it so then."""


def service_ports(spec: FunctionSpec) -> list[JsonObject]:
    """
    The ports of the Service, each with a target.

    Raises InvalidField for a port that is none.
    """
    ports = objects(copied({"ports": spec.service.get("ports")}, "spec.service"), "ports", "spec.service")
    if not ports:
        return [{"name": PORT_NAME, "protocol": "TCP", "port": DEFAULT_PORT, "targetPort": DEFAULT_PORT}]
    for index, port in enumerate(ports):
        path = f"spec.service.ports[{index}]"
        port["port"] = _number(port.get("port"), f"{path}.port")
        # What the Go controller left at 0 was a port nothing listens on.
        port["targetPort"] = port.get("targetPort") or port["port"]
        if not port.get("nodePort"):
            port.pop("nodePort", None)
    return ports


def function_port(spec: FunctionSpec) -> FunctionPort:
    """
    The port of the function's server.

    Raises InvalidField for a port that is none.
    """
    first = service_ports(spec)[0]
    target = first["targetPort"]
    if isinstance(target, str) and not target.isdecimal():
        return FunctionPort(first["port"], target)
    return FunctionPort(_number(target, "spec.service.ports[0].targetPort"), "")


def _number(value: object, path: str) -> int:
    try:
        number = int(value) if isinstance(value, int | str) and not isinstance(value, bool) else 0
    except ValueError:
        number = 0
    if not 1 <= number <= 65_535:
        raise InvalidField(path, value, problem="is no port", remedy="give a number from 1 to 65535")
    return number
