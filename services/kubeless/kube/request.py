"""Requests to the Kubernetes API as values: what is sent, and what people read when it fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

from kubeless.api.resource import Resource
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject

TIMEOUT = 30.0
"""Seconds for one request as a whole, unless it asks for something else."""

MAX_BYTES = 256 << 20
"""The longest answer read into memory: a page of 500 objects of half a megabyte each."""

JSON = "application/json"


class PatchType(StrEnum):
    """The content types that say how a patch is to be read."""

    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` is percent-encoded; `timeout` is seconds."""

    method: str
    path: str
    action: str
    """What is tried, for messages: `get functions.kubeless.io "hello" in namespace default`."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout: float | None = TIMEOUT
    max_bytes: int = MAX_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `headers` ignores case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def object_request(
    verb: str,
    method: str,
    resource: Resource,
    *,
    namespace: str | None,
    name: str | None = None,
    subresource: str | None = None,
    query: Mapping[str, str | None] | None = None,
    body: Any = None,
    content_type: str = JSON,
    timeout: float | None = TIMEOUT,
) -> Request:
    """
    A request about objects of one resource; empty query values are left out.

    Raises `InvalidField` for names that would end up somewhere else in the path.
    """
    for label, part in (("namespace", namespace), ("name", name)):
        check_path_part(label, part)
    headers = {"Accept": JSON}
    if body is not None:
        headers["Content-Type"] = content_type
    return Request(
        method,
        resource.path(namespace, name, subresource),
        describe(verb, resource, namespace=namespace, name=name, subresource=subresource),
        query={key: value for key, value in (query or {}).items() if value},
        headers=headers,
        body=None if body is None else orjson.dumps(body),
        timeout=timeout,
    )


def describe(
    verb: str,
    resource: Resource,
    *,
    namespace: str | None = None,
    name: str | None = None,
    subresource: str | None = None,
) -> str:
    """The request in words."""
    kind = resource.qualified_name + (f"/{subresource}" if subresource else "")
    object_name = f' "{name}"' if name else ""
    if not resource.namespaced:
        return f"{verb} {kind}{object_name}"
    return f"{verb} {kind}{object_name} in " + (f"namespace {namespace}" if namespace else "all namespaces")


def check_path_part(field_name: str, value: str | None) -> None:
    """Names are checked by the server; here only what would change the path (apimachinery `IsValidPathSegmentName`)."""
    if value is None:
        return
    if not value or value in {".", ".."} or "/" in value or "%" in value or "\0" in value:
        raise InvalidField(field_name, value, problem="is not a name of an object", remedy="use letters, digits and -")


def object_name(body: JsonObject) -> str:
    """`metadata.name` of an object that is to be sent; raises `InvalidField` if there is none."""
    metadata = body.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str):
        raise InvalidField("metadata.name", name, problem="is needed here", remedy="name the object")
    return name


def object_namespace(body: JsonObject) -> str | None:
    """`metadata.namespace` of an object that is to be sent."""
    metadata = body.get("metadata")
    namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
    return namespace if isinstance(namespace, str) and namespace else None
