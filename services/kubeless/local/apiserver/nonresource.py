"""
Requests that are not for objects: health, version, discovery and OpenAPI.
"""

import hashlib

import orjson
from aiohttp import web

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver import discovery
from kubeless.local.apiserver.answers import bytes_answer, json_answer, text_answer
from kubeless.local.apiserver.negotiation import JSON
from kubeless.local.apiserver.openapi import openapi_document, openapi_index
from kubeless.local.apiserver.registry import Registry
from kubeless.local.apiserver.status import method_not_allowed, no_such_path

_HEALTH = {"healthz", "livez", "readyz"}
_PATHS = ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"]


class NonResource:
    """Knows which paths these are and answers them; OpenAPI documents are made once per set of types."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._documents: dict[str, bytes] = {}
        self._documents_of = -1

    def answers(self, segments: list[str]) -> bool:
        """Whether a path (split at its slashes) is one of these."""
        match segments:
            case [""] | ["version"] | ["openapi", *_] | ["api" | "apis"] | ["api", _] | ["apis", _] | ["apis", _, _]:
                return True
        return segments[0] in _HEALTH

    def respond(self, request: web.Request, segments: list[str]) -> web.Response:
        """Raises ApiError."""
        if request.method not in {"GET", "HEAD"}:
            raise method_not_allowed()
        match segments:
            case [""]:
                return json_answer({"paths": _PATHS})
            case ["version"]:
                return json_answer(discovery.VERSION)
            case ["openapi", "v3", *path]:
                return self._openapi(path)
            case [("api" | "apis") as root, *path]:
                return self._discovery(request, root, path)
            case [name, *_] if name in _HEALTH:
                return text_answer("ok")
        raise no_such_path()

    def _discovery(self, request: web.Request, root: str, path: list[str]) -> web.Response:
        match root, path:
            case _, []:
                return self._roots(request, root)
            case "api", [version]:
                return json_answer(discovery.resource_list(self._registry, "", version))
            case "apis", [group]:
                return json_answer(discovery.group(self._registry, group))
            case "apis", [group, version] if group:
                return json_answer(discovery.resource_list(self._registry, group, version))
        raise no_such_path()

    def _roots(self, request: web.Request, root: str) -> web.Response:
        version = discovery.aggregated_version(request.headers.get("Accept", ""))
        if version:
            value = discovery.aggregated(self._registry, version, core=root == "api")
            media_type = discovery.aggregated_media_type(version)
        else:
            value = discovery.core_versions() if root == "api" else discovery.group_list(self._registry)
            media_type = JSON
        response = _cacheable(request, orjson.dumps(value), media_type)
        response.headers["Vary"] = "Accept"
        return response

    def _openapi(self, path: list[str]) -> web.Response:
        if self._documents_of != self._registry.generation:
            self._documents, self._documents_of = {}, self._registry.generation
        name = "/".join(path)
        body = self._documents.get(name)
        if body is None:
            body = self._documents[name] = orjson.dumps(self._document(path))
        return bytes_answer(body)

    def _document(self, path: list[str]) -> JsonObject:
        match path:
            case []:
                return openapi_index(list(self._registry.types()))
            case ["api", version]:
                group = ""
            case ["apis", group, version] if group:
                pass
            case _:
                raise no_such_path()
        types = self._registry.groups().get(group, {}).get(version)
        if not types:
            raise no_such_path()
        return openapi_document(types)


def _cacheable(request: web.Request, body: bytes, media_type: str) -> web.Response:
    etag = f'"{hashlib.sha256(body).hexdigest().upper()[:32]}"'
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers={"ETag": etag})
    response = bytes_answer(body, media_type=media_type)
    response.headers["ETag"] = etag
    return response
