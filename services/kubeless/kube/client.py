"""
The Kubernetes API as verbs on plain JSON objects.

There are no model classes: objects keep every field they came with. The libraries that talk (aiohttp,
kubernetes_asyncio) are imported when a client connects, so that importing this module costs a command without cluster
work nothing.
"""

import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import orjson

from kubeless.api.resource import Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import Gone, ServerError
from kubeless.kube.request import (
    JSON,
    TIMEOUT,
    PatchType,
    Request,
    object_name,
    object_namespace,
    object_request,
)
from kubeless.kube.resources import PODS
from kubeless.kube.service_proxy import ProxyResponse, proxy_request
from kubeless.kube.watch import LineSplitter, WatchEvent, parse_event

if TYPE_CHECKING:
    from kubeless.kube.session import Session

PAGE_SIZE = 500
"""Objects per page of a list, as kubectl."""

WATCH_SLACK = 15.0
"""Seconds beyond the asked-for end of a watch after which its silence means that the connection is dead."""


@dataclass(frozen=True, slots=True)
class ObjectList:
    """The objects of a list and the version of the collection they were read at, where a watch can begin."""

    items: list[JsonObject]
    resource_version: str


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list. `size` is bytes; `next` is the token of the next page, empty at the end."""

    items: list[JsonObject]
    resource_version: str
    next: str
    size: int


class KubeClient:
    """
    A client of one API server; an async context manager that closes its connections.

    Every method raises a `kubeless.kube.errors.KubeError`. Where a namespace is needed and none is given, it is the
    object's, else the one of the context.
    """

    def __init__(self, session: "Session", *, server: str, namespace: str = "default") -> None:
        self._session = session
        self.server = server
        self.namespace = namespace

    @classmethod
    async def connect(
        cls, *, kubeconfig: str | None = None, context: str | None = None, environ: Mapping[str, str] = os.environ
    ) -> Self:
        """Find the cluster as kubectl does (`kubeless.kube.kubeconfig`); raises `NotConfigured`. Sends nothing yet."""
        from kubeless.kube.kubeconfig import find_connection
        from kubeless.kube.session import Session

        connection = await find_connection(kubeconfig=kubeconfig, context=context, environ=environ)
        return cls(Session(connection), server=connection.server, namespace=connection.namespace)

    @classmethod
    async def anonymous(cls, server: str, *, namespace: str = "default") -> Self:
        """A client of a server that asks for no account, such as the embedded one."""
        from kubeless.kube.kubeconfig import Connection
        from kubeless.kube.session import Session

        server = server.rstrip("/")
        return cls(Session(Connection(server, namespace)), server=server, namespace=namespace)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self._session.close()

    async def get(
        self, resource: Resource, name: str, *, namespace: str | None = None, subresource: str | None = None
    ) -> JsonObject:
        """Read one object, or its sub-resource."""
        return await self._send(
            object_request(
                "get",
                "GET",
                resource,
                namespace=self._scope(resource, namespace),
                name=name,
                subresource=subresource,
            )
        )

    async def list(
        self,
        resource: Resource,
        *,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
    ) -> ObjectList:
        """All objects that match, of all namespaces if none is named; read in pages."""
        items: list[JsonObject] = []
        try:
            version, token = "", None
            while token != "":
                page = await self.list_page(
                    resource,
                    namespace=namespace,
                    label_selector=label_selector,
                    field_selector=field_selector,
                    token=token or "",
                )
                items += page.items
                version, token = page.resource_version, page.next
        except Gone:
            # The snapshot that the pages were cut from was compacted away: read it in one piece, as client-go does.
            page = await self.list_page(
                resource, namespace=namespace, label_selector=label_selector, field_selector=field_selector, limit=0
            )
            return ObjectList(page.items, page.resource_version)
        return ObjectList(items, version)

    async def list_page(
        self,
        resource: Resource,
        *,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
        limit: int = PAGE_SIZE,
        token: str = "",
    ) -> Page:
        """One page of at most `limit` objects (0: all), after the page that gave `token`; `Gone` if that is too old."""
        request = object_request(
            "list",
            "GET",
            resource,
            namespace=namespace,
            query={
                "labelSelector": label_selector,
                "fieldSelector": field_selector,
                "limit": str(limit or ""),
                "continue": token,
            },
        )
        answer = await self._session.fetch_ok(request)
        value = _parse(answer.body, request.action)
        metadata = value.get("metadata") or {}
        items = value.get("items") or []
        for item in items:
            # Inside a list the API leaves out what is the same for all. Alone, an object must say what it is.
            item.setdefault("apiVersion", resource.api_version)
            item.setdefault("kind", resource.kind)
        return Page(
            items, str(metadata.get("resourceVersion", "")), str(metadata.get("continue") or ""), len(answer.body)
        )

    async def create(
        self,
        resource: Resource,
        body: JsonObject,
        *,
        namespace: str | None = None,
        dry_run: bool = False,
        field_validation: str | None = None,
    ) -> JsonObject:
        """Create an object and return it as stored. `field_validation` is Ignore, Warn or Strict."""
        return await self._send(
            object_request(
                "create",
                "POST",
                resource,
                namespace=self._scope(resource, namespace, body),
                query=_write_options(dry_run=dry_run, field_validation=field_validation),
                body=body,
            )
        )

    async def replace(
        self,
        resource: Resource,
        body: JsonObject,
        *,
        namespace: str | None = None,
        subresource: str | None = None,
        dry_run: bool = False,
        field_validation: str | None = None,
    ) -> JsonObject:
        """Replace an object; raises `Conflict` if `body` has a resourceVersion and it is not the current one."""
        return await self._send(
            object_request(
                "update",
                "PUT",
                resource,
                namespace=self._scope(resource, namespace, body),
                name=object_name(body),
                subresource=subresource,
                query=_write_options(dry_run=dry_run, field_validation=field_validation),
                body=body,
            )
        )

    async def patch(
        self,
        resource: Resource,
        name: str,
        body: JsonObject | Sequence[JsonObject],
        *,
        namespace: str | None = None,
        subresource: str | None = None,
        patch_type: PatchType = PatchType.MERGE,
        field_manager: str | None = None,
        force: bool = False,
        dry_run: bool = False,
        field_validation: str | None = None,
    ) -> JsonObject:
        """Change parts of an object and return it as stored; `body` is a list for `PatchType.JSON`."""
        options = _write_options(dry_run=dry_run, field_validation=field_validation)
        return await self._send(
            object_request(
                "patch",
                "PATCH",
                resource,
                namespace=self._scope(resource, namespace),
                name=name,
                subresource=subresource,
                query={**options, "fieldManager": field_manager, "force": "true" if force else None},
                body=body,
                content_type=patch_type,
            )
        )

    async def apply(
        self,
        resource: Resource,
        body: JsonObject,
        *,
        field_manager: str,
        namespace: str | None = None,
        subresource: str | None = None,
        force: bool = False,
        dry_run: bool = False,
        field_validation: str | None = None,
    ) -> JsonObject:
        """Server-side apply; raises `Conflict` if another manager owns a field and `force` is not set."""
        return await self.patch(
            resource,
            object_name(body),
            body,
            namespace=namespace or object_namespace(body),
            subresource=subresource,
            patch_type=PatchType.APPLY,
            field_manager=field_manager,
            force=force,
            dry_run=dry_run,
            field_validation=field_validation,
        )

    async def delete(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str | None = None,
        propagation: str = "Background",
        uid: str | None = None,
        grace_period: int | None = None,
    ) -> JsonObject:
        """
        Delete an object; with `uid`, raises `Conflict` if another object took the name meanwhile.

        `grace_period` is seconds; 0 removes a pod at once, which is for the node whose processes of it have ended.
        """
        options: JsonObject = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        if grace_period is not None:
            options["gracePeriodSeconds"] = grace_period
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        return await self._send(
            object_request(
                "delete",
                "DELETE",
                resource,
                namespace=self._scope(resource, namespace),
                name=name,
                body=options,
            )
        )

    async def watch(
        self,
        resource: Resource,
        *,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
        resource_version: str,
        timeout: float = 290.0,
    ) -> AsyncGenerator[WatchEvent, None]:
        """
        Events after `resource_version`, bookmarks included, until the server ends the watch after `timeout` seconds.

        Raises `Gone` if the version is too old, and `Timeout` if the connection stays silent beyond the end.
        Iterate under `contextlib.aclosing`, so that leaving early closes the connection.
        """
        request = object_request(
            "watch",
            "GET",
            resource,
            namespace=namespace,
            query={
                "watch": "true",
                "allowWatchBookmarks": "true",
                "resourceVersion": resource_version,
                "labelSelector": label_selector,
                "fieldSelector": field_selector,
                "timeoutSeconds": str(int(timeout)),
            },
            timeout=timeout + WATCH_SLACK,
        )
        splitter = LineSplitter()
        async with self._session.stream(request) as chunks:
            async for chunk in chunks:
                for line in splitter.feed(chunk):
                    yield parse_event(line, action=request.action)

    async def logs(
        self,
        pod: str,
        *,
        namespace: str | None = None,
        container: str | None = None,
        follow: bool = False,
        tail_lines: int | None = None,
        since_seconds: int | None = None,
        timestamps: bool = False,
        previous: bool = False,
    ) -> AsyncGenerator[bytes, None]:
        """A container's log in chunks as they arrive. Iterate under `contextlib.aclosing`."""
        query = {
            "container": container,
            "follow": "true" if follow else None,
            "tailLines": None if tail_lines is None else str(tail_lines),
            "sinceSeconds": None if since_seconds is None else str(since_seconds),
            "timestamps": "true" if timestamps else None,
            "previous": "true" if previous else None,
        }
        request = object_request(
            "get",
            "GET",
            PODS,
            namespace=self._scope(PODS, namespace),
            name=pod,
            subresource="log",
            query=query,
            # A quiet function logs nothing for hours: only the kernel's keep-alive bounds a followed log.
            timeout=None if follow else TIMEOUT,
        )
        async with self._session.stream(request) as chunks:
            async for chunk in chunks:
                yield chunk

    async def proxy(
        self,
        namespace: str,
        service: str,
        *,
        port: str | int,
        path: str = "",
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float | None = None,
    ) -> ProxyResponse:
        """
        Send a request to a Service through the API server and return its answer, whatever the status.

        `path` may carry a query. Raises a `KubeError` only if the answer is the API server's own (a `Status`: no such
        Service, no endpoints, not allowed).
        """
        from kubeless.kube.session import error_for, parse_status

        request = proxy_request(
            namespace, service, port=port, path=path, method=method, headers=headers, body=body, timeout=timeout
        )
        answer = await self._session.fetch(request)
        if answer.status >= 400 and parse_status(answer) is not None:
            raise error_for(answer, request.action)
        return ProxyResponse(answer.status, answer.headers, answer.body)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: JsonObject | None = None,
        timeout: float = TIMEOUT,
    ) -> JsonObject:
        """Any other request whose answer is JSON, such as `/version`. `path` is percent-encoded."""
        headers = {"Accept": JSON} | ({"Content-Type": JSON} if body is not None else {})
        return await self._send(
            Request(
                method,
                path,
                f"{method} {path}",
                query=query or {},
                headers=headers,
                body=None if body is None else orjson.dumps(body),
                timeout=timeout,
            )
        )

    async def _send(self, request: Request) -> JsonObject:
        answer = await self._session.fetch_ok(request)
        return _parse(answer.body, request.action)

    def _scope(self, resource: Resource, namespace: str | None, body: JsonObject | None = None) -> str | None:
        if not resource.namespaced:
            return None
        return namespace or (object_namespace(body) if body is not None else None) or self.namespace


def _write_options(*, dry_run: bool, field_validation: str | None) -> dict[str, str | None]:
    return {"dryRun": "All" if dry_run else None, "fieldValidation": field_validation}


def _parse(body: bytes, action: str) -> JsonObject:
    try:
        value: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ServerError(f"cannot {action}: the answer is not JSON: {body[:80]!r}") from error
    if not isinstance(value, dict):
        raise ServerError(f"cannot {action}: the answer is not a JSON object: {body[:80]!r}")
    return value
