"""
Requests to a Service through the API server (`…/services/<name>:<port>/proxy/<path>`).

The caller needs no network path into the cluster, and the API server's access rules guard what is reached.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from kubeless.core.errors import InvalidField
from kubeless.kube.request import TIMEOUT, Request, check_path_part
from kubeless.kube.resources import SERVICES

MAX_BYTES = 64 << 20
"""The longest answer of a function that is read into memory."""

SAFE_IN_PATH = "/:@!$&'()*+,;=-._~%?"
"""What stays as it is: RFC 3986 path characters, what is encoded already, and the query's question mark."""


@dataclass(frozen=True, slots=True)
class ProxyResponse:
    """What the Service answered. `headers` ignores case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def proxy_request(
    namespace: str,
    service: str,
    *,
    port: str | int,
    path: str,
    method: str,
    headers: Mapping[str, str] | None,
    body: bytes | None,
    timeout: float | None,
) -> Request:
    """Build the request; raises `InvalidField` for a path that would leave the Service."""
    for label, part in (("namespace", namespace), ("service", service), ("port", str(port))):
        check_path_part(label, part)
    target = path.lstrip("/")
    if any(unquote(segment) in {".", ".."} for segment in target.partition("?")[0].split("/")):
        raise InvalidField("path", path, problem="leaves the Service", remedy="use a path without . and .. segments")
    root = SERVICES.path(namespace, f"{service}:{port}", "proxy")
    return Request(
        method,
        f"{root}/{quote(target, safe=SAFE_IN_PATH)}",
        f'{method} service "{service}:{port}" in namespace {namespace}',
        headers=headers or {},
        body=body,
        timeout=timeout or TIMEOUT,
        max_bytes=MAX_BYTES,
    )
