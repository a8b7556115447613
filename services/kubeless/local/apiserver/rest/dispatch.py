"""
Requests for objects: from a path and a method to a verb, and from its outcome to an answer.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from aiohttp import ClientSession, web

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver import proxy
from kubeless.local.apiserver.answers import bytes_answer, json_answer
from kubeless.local.apiserver.bodies import decode_object, read_body
from kubeless.local.apiserver.channels import connect, websocket
from kubeless.local.apiserver.cluster import Cluster, key_of
from kubeless.local.apiserver.execution import ExecSource, parse_exec_request
from kubeless.local.apiserver.logs import LogSource, parse_log_request
from kubeless.local.apiserver.measurements import MEASURED, MetricsSource, measured_objects
from kubeless.local.apiserver.negotiation import Form, Presentation, content_type, negotiate
from kubeless.local.apiserver.paths import Target, parse_target
from kubeless.local.apiserver.present import encode, list_body, metadata_only, present_object, present_table
from kubeless.local.apiserver.resources import CREATE_ONLY, NAMESPACES, PODS, SERVICES, ResourceType
from kubeless.local.apiserver.rest import patching
from kubeless.local.apiserver.rest.create import create
from kubeless.local.apiserver.rest.delete import delete, parse_delete_options
from kubeless.local.apiserver.rest.options import ListOptions, parse_list_options, parse_write_options
from kubeless.local.apiserver.rest.outcome import Outcome
from kubeless.local.apiserver.rest.read import check_revision, get, list_page
from kubeless.local.apiserver.rest.reviews import answer
from kubeless.local.apiserver.rest.scale import rescaled, scale_of
from kubeless.local.apiserver.rest.update import Update, replace, write
from kubeless.local.apiserver.rest.watch import Watch, watch
from kubeless.local.apiserver.status import (
    bad_request,
    method_not_allowed,
    no_such_path,
    not_found,
    success,
    unavailable,
)
from kubeless.local.apiserver.storage.record import Key, Record

_SLOWEST_WRITE = 30.0
"""Seconds a watcher may take to accept a chunk; then its connection is cut, for it holds on to what it has not read."""
_RAW_ANSWERS = {"proxy", "log", "exec"}
"""Sub-resources that answer with somebody else's bytes, whatever the client accepts."""
_INTO_CONTAINERS = {"attach", "portforward"}
_NO_CONTAINERS = (
    "local mode runs pods as processes of this machine, there is no container to get into; "
    "each pod's port answers at the pod's IP (kubectl get pods -o wide)"
)
_ANSWERED_WITH_OBJECT = {PODS.key, NAMESPACES.key, SERVICES.key}
"""Types whose deletion answers with the object; the others answer with a Status once the object is gone."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request for a served type."""

    request: web.Request
    resource: ResourceType
    target: Target
    presentation: Presentation

    @property
    def key(self) -> Key:
        return key_of(self.resource, self.target.namespace, self.target.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Who answers for pods; None while nobody runs them."""

    logs: Callable[[], LogSource | None]
    metrics: Callable[[], MetricsSource | None]
    commands: Callable[[], ExecSource | None]


class Dispatcher:
    """Answers requests below `/api/v1/` and `/apis/<group>/<version>/`."""

    def __init__(self, cluster: Cluster, sources: Sources, session: ClientSession) -> None:
        self._cluster = cluster
        self._sources = sources
        self._session = session

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Raises ApiError."""
        target = parse_target(request.raw_path.partition("?")[0])
        resource = self._cluster.registry.find(target.group, target.version, target.plural)
        if resource is None or (target.namespace and not resource.namespaced):
            raise no_such_path()
        if target.name and resource.namespaced and not target.namespace:
            raise no_such_path()
        # Before anything is written: who cannot read the answer must not change anything either.
        raw = target.subresource in _RAW_ANSWERS
        presentation = Presentation() if raw else negotiate(request.headers.get("Accept", ""))
        call = Call(request, resource, target, presentation)
        if resource in MEASURED:
            return self._measured(call)
        if target.subresource:
            return await self._subresource(call)
        if target.name:
            return await self._object(call)
        return await self._collection(call)

    async def _collection(self, call: Call) -> web.StreamResponse:
        method = call.request.method
        if method == "POST":
            return await self._create(call)
        if call.resource.verbs == CREATE_ONLY:
            raise method_not_allowed()
        if method == "GET":
            return await self._list_or_watch(call)
        if method == "DELETE":
            return await self._delete_collection(call)
        raise method_not_allowed()

    async def _object(self, call: Call) -> web.StreamResponse:
        if call.resource.verbs == CREATE_ONLY:
            raise method_not_allowed()
        method = call.request.method
        if method == "GET":
            return self._record_answer(call, get(self._cluster, call.resource, call.key), call.presentation)
        if method == "PUT":
            return await self._replace(call)
        if method == "PATCH":
            return await self._patch(call)
        if method == "DELETE":
            return await self._delete(call)
        raise method_not_allowed()

    async def _subresource(self, call: Call) -> web.StreamResponse:
        name, method = call.target.subresource, call.request.method
        if call.resource.key == PODS.key and name in _INTO_CONTAINERS:
            get(self._cluster, PODS, call.key)
            raise method_not_allowed(f"{name}: {_NO_CONTAINERS}")
        if name not in call.resource.subresources or (call.target.rest and name != "proxy"):
            raise no_such_path()
        if name == "proxy":
            return await self._proxy(call)
        if name == "log" and method == "GET":
            return await self._log(call)
        if name == "exec" and method in {"GET", "POST"}:
            return await self._exec(call)
        if name == "scale" and method in {"GET", "PUT", "PATCH"}:
            return await self._scale(call)
        if name == "status" and method in {"GET", "PUT", "PATCH"}:
            return await self._object(call)
        raise method_not_allowed()

    def _measured(self, call: Call) -> web.Response:
        source = self._sources.metrics()
        target, query = call.target, call.request.query
        if source is None or target.subresource:
            raise no_such_path()
        options = parse_list_options(query, call.resource)
        if call.request.method != "GET" or options.watch:
            raise method_not_allowed()
        objects = measured_objects(source, call.resource, target.namespace)
        if not target.name:
            chosen = [obj for obj in objects if options.selection.matches(obj)]
            return self._list_answer(call, chosen, {"resourceVersion": ""}, options.include, call.presentation)
        for obj in objects:
            if obj["metadata"]["name"] == target.name:
                return self._object_answer(call, obj, call.presentation, 200, ())
        raise not_found(call.resource, target.name)

    async def _create(self, call: Call) -> web.Response:
        if call.resource.namespaced and not call.target.namespace:
            raise method_not_allowed()
        body = await _object_in(call.request)
        if call.resource.verbs == CREATE_ONLY:
            return json_answer(answer(call.resource, body), code=201)
        options = parse_write_options(call.request.query, call.request.headers.get("User-Agent", ""))
        return await self._written(call, create(self._cluster, call.resource, call.target.namespace, body, options))

    async def _replace(self, call: Call) -> web.Response:
        body = await _object_in(call.request)
        return await self._written(call, replace(self._cluster, self._update(call), body))

    async def _patch(self, call: Call) -> web.Response:
        media_type = content_type(call.request.headers.get("Content-Type", ""))
        patching.check_patch_type(media_type, call.resource)
        body = await read_body(call.request)
        if media_type == patching.APPLY_PATCH:
            return await self._apply(call, body)
        change = patching.parse_patch(body, media_type, call.resource)
        return await self._written(call, patching.patch(self._cluster, self._update(call), change))

    async def _apply(self, call: Call, body: bytes) -> web.Response:
        options = parse_write_options(call.request.query, call.request.headers.get("User-Agent", ""))
        applied = await patching.parse_applied(body, call.resource, options)
        subresource = call.target.subresource
        return await self._written(
            call, patching.apply(self._cluster, call.resource, call.key, applied, options, subresource)
        )

    async def _scale(self, call: Call) -> web.Response:
        current = get(self._cluster, call.resource, call.key).view(call.resource.api_version)
        if call.request.method == "GET":
            return json_answer(scale_of(current, call.resource))
        media_type = content_type(call.request.headers.get("Content-Type", ""))
        if call.request.method == "PUT":
            scale = await _object_in(call.request)
        else:
            patching.check_patch_type(media_type, call.resource, "scale")
            body = await read_body(call.request)
        # Only now, after the body has come: from here to the write nothing else runs.
        update = self._update(call)
        current = update.old.view(call.resource.api_version)
        if call.request.method == "PATCH":
            scale = patching.parse_patch(body, media_type, call.resource)(scale_of(current, call.resource))
        outcome = write(self._cluster, update, rescaled(current, scale, call.resource))
        await self._cluster.store.durable()
        return json_answer(scale_of(outcome.object, call.resource))

    async def _delete(self, call: Call) -> web.Response:
        options = parse_delete_options(await _options_in(call.request), call.request.query)
        record, gone = delete(self._cluster, call.resource, get(self._cluster, call.resource, call.key), options)
        await self._cluster.store.durable()
        if gone and call.resource.key not in _ANSWERED_WITH_OBJECT:
            return json_answer(success(call.resource, record.key.name, record.uid))
        return self._record_answer(call, record, Presentation())

    async def _delete_collection(self, call: Call) -> web.Response:
        if call.resource.namespaced and not call.target.namespace:
            raise method_not_allowed()
        options = parse_delete_options(await _options_in(call.request), call.request.query)
        page = list_page(
            self._cluster, call.resource, call.target.namespace, parse_list_options(call.request.query, call.resource)
        )
        records = [delete(self._cluster, call.resource, record, options)[0] for record in page.records]
        await self._cluster.store.durable()
        return bytes_answer(list_body(call.resource, records, page.metadata))

    async def _list_or_watch(self, call: Call) -> web.StreamResponse:
        options = parse_list_options(call.request.query, call.resource)
        if options.watch:
            check_revision(self._cluster, options.resource_version)
            request = Watch(self._cluster, call.resource, call.target.namespace, options, call.presentation)
            return await _stream(call.request, watch(request), call.presentation.media_type)
        return self._list(call, options, call.presentation)

    def _list(self, call: Call, options: ListOptions, presentation: Presentation) -> web.Response:
        resource = call.resource
        page = list_page(self._cluster, resource, call.target.namespace, options)
        if presentation.form is Form.OBJECT and not presentation.yaml:
            return bytes_answer(list_body(resource, page.records, page.metadata))
        objects = [record.view(resource.api_version) for record in page.records]
        return self._list_answer(call, objects, page.metadata, options.include, presentation)

    def _list_answer(
        self, call: Call, objects: list[JsonObject], metadata: JsonObject, include: str, presentation: Presentation
    ) -> web.Response:
        resource = call.resource
        if presentation.form is Form.TABLE:
            rows = present_table(
                objects,
                resource,
                presentation,
                resource_version=metadata["resourceVersion"],
                include=include,
                now=self._cluster.now(),
            )
            value = {**rows, "metadata": metadata}
        elif presentation.form is Form.METADATA:
            version = f"meta.k8s.io/{presentation.meta_version}"
            items = [metadata_only(obj, presentation) for obj in objects]
            value = {
                "kind": "PartialObjectMetadataList",
                "apiVersion": version,
                "metadata": metadata,
                "items": items,
            }
        else:
            value = {
                "kind": resource.list_kind,
                "apiVersion": resource.api_version,
                "metadata": metadata,
                "items": objects,
            }
        return bytes_answer(encode(value, presentation), media_type=presentation.media_type)

    async def _log(self, call: Call) -> web.StreamResponse:
        pod = get(self._cluster, PODS, call.key)
        source = self._sources.logs()
        if source is None:
            raise unavailable("nobody keeps the logs of pods: no node is running")
        stream = source.stream(parse_log_request(pod, call.request.query))
        try:
            first = await anext(stream, b"")
        except KubelessError as error:
            raise bad_request(str(error)) from error
        return await _stream(call.request, _after(first, stream), "text/plain")

    async def _exec(self, call: Call) -> web.StreamResponse:
        pod = get(self._cluster, PODS, call.key)
        source = self._sources.commands()
        if source is None:
            raise unavailable("nobody runs commands in pods: no node is running")
        wanted = parse_exec_request(pod, call.request.query)
        socket = websocket(call.request)
        try:
            async with source.execute(wanted) as session:
                await socket.prepare(call.request)
                await connect(socket, session)
        except KubelessError as error:
            raise bad_request(str(error)) from error
        return socket

    async def _proxy(self, call: Call) -> web.StreamResponse:
        if call.request.method not in proxy.METHODS:
            raise method_not_allowed()
        reference = proxy.parse_reference(call.target.name)
        if call.resource.key == PODS.key:
            address = proxy.pod_address(self._cluster, call.target.namespace, reference)
        else:
            address = proxy.choose(proxy.service_addresses(self._cluster, call.target.namespace, reference))
        return await proxy.forward(call.request, self._session, address, reference.scheme, call.target.rest)

    def _update(self, call: Call) -> Update:
        """The write that a request asks for, onto the object as it is now. Raises ApiError 404."""
        options = parse_write_options(call.request.query, call.request.headers.get("User-Agent", ""))
        old = get(self._cluster, call.resource, call.key)
        subresource = call.target.subresource
        return Update(call.resource, old, options, subresource)

    async def _written(self, call: Call, outcome: Outcome) -> web.Response:
        """The answer to a write, once it is on disk."""
        await self._cluster.store.durable()
        presentation = call.presentation
        if outcome.record is not None:
            return self._record_answer(call, outcome.record, presentation, outcome.code, outcome.warnings)
        return self._object_answer(call, outcome.object, presentation, outcome.code, outcome.warnings)

    def _record_answer(
        self, call: Call, record: Record, presentation: Presentation, code: int = 200, warnings: tuple[str, ...] = ()
    ) -> web.Response:
        version = call.resource.api_version
        if presentation.form is Form.OBJECT and not presentation.yaml:
            return bytes_answer(record.body(version), code=code, warnings=warnings)
        return self._object_answer(call, record.view(version), presentation, code, warnings)

    def _object_answer(
        self, call: Call, obj: JsonObject, presentation: Presentation, code: int, warnings: tuple[str, ...]
    ) -> web.Response:
        include = call.request.query.get("includeObject", "Metadata")
        shown = present_object(obj, call.resource, presentation, include=include, now=self._cluster.now())
        body = encode(shown, presentation)
        return bytes_answer(body, code=code, media_type=presentation.media_type, warnings=warnings)


async def _object_in(request: web.Request) -> JsonObject:
    return await decode_object(await read_body(request), content_type(request.headers.get("Content-Type", "")))


async def _options_in(request: web.Request) -> JsonObject:
    """The DeleteOptions in the body of a DELETE, which may have none."""
    body = await read_body(request)
    return await decode_object(body, content_type(request.headers.get("Content-Type", ""))) if body.strip() else {}


async def _after(first: bytes, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in stream:
        yield chunk


async def _stream(request: web.Request, chunks: AsyncIterator[bytes], media_type: str) -> web.StreamResponse:
    """Send chunks as they come; a client that does not take them in time is cut off."""
    response = web.StreamResponse(headers={"Content-Type": media_type, "Cache-Control": "no-cache, private"})
    await response.prepare(request)
    try:
        async for chunk in chunks:
            async with asyncio.timeout(_SLOWEST_WRITE):
                await response.write(chunk)
        await response.write_eof()
    except (TimeoutError, ConnectionError, KubelessError):
        # The answer has begun: there is no other way left to tell that it is not complete.
        if request.transport is not None:
            request.transport.abort()
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
    return response
