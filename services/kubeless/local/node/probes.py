"""
What a probe asks and how its answers count.

A probe is a check with a rhythm (core/v1 Probe). Here is the check itself, as an async function that returns why it
failed, and the count of successes and failures in a row, as a value without clock or I/O.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.addresses import PodAddress

_LONGEST_STATUS_LINE = 1 << 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A probe with the defaults of core/v1. Times are seconds."""

    initial_delay: float = 0.0
    period: float = 10.0
    timeout: float = 1.0
    successes: int = 1
    failures: int = 3
    host: str = ""
    port: int = 0
    scheme: str = ""
    """`http`, `https` or `tcp`; "" for a command."""
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()


def parse_probe(value: JsonObject, container: JsonObject, address: PodAddress) -> Probe:
    """
    Read a core/v1 Probe of a container whose pod listens at `address`.

    Raises:
        InvalidField: a kind of probe that local mode has not, or a port that is not known.
    """
    timing: JsonObject = {
        "initial_delay": float(value.get("initialDelaySeconds") or 0),
        "period": float(value.get("periodSeconds") or 10),
        "timeout": float(value.get("timeoutSeconds") or 1),
        "successes": int(value.get("successThreshold") or 1),
        "failures": int(value.get("failureThreshold") or 3),
    }
    if "exec" in value:
        return Probe(**timing, command=tuple(str(part) for part in value["exec"].get("command") or ()))
    if "httpGet" in value:
        return Probe(**timing, **_http_target(value["httpGet"], container, address))
    if "tcpSocket" in value:
        action = value["tcpSocket"]
        port = resolve_port(action.get("port"), container, address)
        return Probe(**timing, scheme="tcp", host=str(action.get("host") or address.host), port=port)
    kind = next((key for key in value if isinstance(value[key], dict)), "none")
    raise InvalidField("probe", kind, problem="local mode has no such probe", remedy="use httpGet, tcpSocket or exec")


def _http_target(action: JsonObject, container: JsonObject, address: PodAddress) -> JsonObject:
    path = str(action.get("path") or "/")
    headers = {str(header["name"]): str(header.get("value", "")) for header in action.get("httpHeaders") or []}
    if any(character in text for text in (path, *headers, *headers.values()) for character in "\r\n\0 "):
        raise InvalidField("probe.httpGet", path, problem="has a space or line end", remedy="percent-encode it")
    return {
        "scheme": str(action.get("scheme") or "HTTP").lower(),
        "host": str(action.get("host") or address.host),
        "port": resolve_port(action.get("port"), container, address),
        "path": path if path.startswith("/") else f"/{path}",
        "headers": headers,
    }


def resolve_port(port: object, container: JsonObject, address: PodAddress) -> int:
    """A port given as number or as the name of one of the container's ports; as the pod really listens."""
    declared = {entry.get("name"): entry.get("containerPort") for entry in container.get("ports") or []}
    number = declared.get(port, port)
    if isinstance(number, str) and number.isdigit():
        number = int(number)
    if not isinstance(number, int) or not 0 < number < 65536:
        raise InvalidField(
            "probe port", port, problem="is no port of the container", remedy="name or number one of them"
        )
    return address.port(number)


async def check(probe: Probe) -> str:
    """Ask once over the network. Returns why it failed, "" if it did not."""
    try:
        async with asyncio.timeout(probe.timeout):
            return await (_check_tcp(probe) if probe.scheme == "tcp" else _check_http(probe))
    except TimeoutError:
        return f"no answer within {probe.timeout:g} s"
    except (OSError, ValueError) as error:
        return f"{probe.host}:{probe.port}: {error.strerror if isinstance(error, OSError) else error}"


async def _check_tcp(probe: Probe) -> str:
    _, writer = await asyncio.open_connection(probe.host, probe.port)
    writer.transport.abort()
    return ""


async def _check_http(probe: Probe) -> str:
    reader, writer = await asyncio.open_connection(
        probe.host, probe.port, ssl=_trust_anyone() if probe.scheme == "https" else None, limit=_LONGEST_STATUS_LINE
    )
    try:
        headers = {"Host": f"{probe.host}:{probe.port}", "User-Agent": "kube-probe/kubeless", **probe.headers}
        lines = [f"GET {probe.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        status_line = await reader.readline()
    finally:
        writer.transport.abort()
    return judge_status_line(status_line)


def judge_status_line(line: bytes) -> str:
    """The kubelet's rule: 200 to 399 is well."""
    parts = line.split()
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1].isdigit():
        return "the answer is not HTTP"
    return "" if 200 <= int(parts[1]) < 400 else f"HTTP probe failed with statuscode: {int(parts[1])}"


def _trust_anyone() -> ssl.SSLContext:
    # The kubelet does not verify either: it asks whether somebody answers, not who.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@dataclass(slots=True)
class Tally:
    """Successes and failures in a row."""

    successes: int
    failures: int
    _streak: int = 0
    _last: bool | None = None

    def count(self, succeeded: bool) -> bool | None:
        """Add a result. Returns True or False once enough of the same came in a row, None while that is open."""
        self._streak = self._streak + 1 if succeeded == self._last else 1
        self._last = succeeded
        enough = self.successes if succeeded else self.failures
        return succeeded if self._streak >= enough else None
