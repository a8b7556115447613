"""
The `proxy` sub-resource: an HTTP request through the API server to a Service or a Pod.

Bodies are streamed both ways. What belongs to the connection or to the API server (hop-by-hop headers, credentials,
cookies, the browser's origin) is not passed on.
https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/
"""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from kubeless.core.errors import shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.cluster import Cluster, key_of
from kubeless.local.apiserver.resources import ENDPOINT_SLICES, ENDPOINTS, PODS, SERVICES
from kubeless.local.apiserver.rest.read import get
from kubeless.local.apiserver.status import bad_request, unavailable
from kubeless.local.apiserver.storage.record import Record

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_CHUNK = 64 * 1024
_CONNECT_TIMEOUT = 10.0
_DROPPED = frozenset(
    {
        "host",
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
        "authorization",
        "cookie",
        "origin",
        "content-length",
    }
)
_SCHEMES = {"", "http", "https"}


@dataclass(frozen=True, slots=True)
class Reference:
    """`[<scheme>:]<name>[:<port>]`, as the path names what to connect to."""

    scheme: str
    name: str
    port: str


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int


def parse_reference(text: str) -> Reference:
    """Raises ApiError 400."""
    match text.split(":"):
        case [name]:
            reference = Reference("http", name, "")
        case [name, port]:
            reference = Reference("http", name, port)
        case [scheme, name, port] if scheme in _SCHEMES:
            reference = Reference(scheme or "http", name, port)
        case _:
            raise bad_request(f"invalid service request {shorten(text)}: use [<scheme>:]<name>[:<port>]")
    if not reference.name:
        raise bad_request(f"invalid service request {shorten(text)}: the name is missing")
    return reference


def service_addresses(cluster: Cluster, namespace: str, reference: Reference) -> list[Address]:
    """
    The ready addresses behind a port of a Service, which is named or numbered as in the Service.

    Raises:
        ApiError: 404, there is no such Service; 503, it has no such port or nothing is ready behind it.
    """
    service = get(cluster, SERVICES, key_of(SERVICES, namespace, reference.name))
    port = _service_port(service, reference.port)
    found = _slice_addresses(cluster, service, port) or _endpoints_addresses(cluster, service, port)
    if not found:
        raise unavailable(f'no endpoints available for service "{reference.name}"')
    return found


def pod_address(cluster: Cluster, namespace: str, reference: Reference) -> Address:
    """The address of a pod's port, its first one by default. Raises ApiError 400, 404 or 503."""
    pod = get(cluster, PODS, key_of(PODS, namespace, reference.name))
    ip = (pod.object.get("status") or {}).get("podIP")
    if not ip:
        raise unavailable(f'pod "{reference.name}" has no address yet')
    ports = [
        port
        for container in (pod.object.get("spec") or {}).get("containers") or ()
        for port in container.get("ports") or ()
    ]
    for port in ports:
        if reference.port in {"", port.get("name"), str(port.get("containerPort"))}:
            return Address(ip, int(port["containerPort"]))
    if reference.port.isdecimal() and 0 < int(reference.port) < 65536:
        return Address(ip, int(reference.port))
    raise bad_request(f'pod "{reference.name}" has no port {shorten(reference.port)}')


async def forward(
    request: web.Request, session: aiohttp.ClientSession, address: Address, scheme: str, path: str
) -> web.StreamResponse:
    """
    Send the request on and stream the answer back. `path` is still encoded.

    Raises:
        ApiError: 503, nobody answers there.
    """
    host = f"[{address.host}]" if ":" in address.host else address.host
    _, mark, query = request.raw_path.partition("?")  # as it was sent: aiohttp's own view of it is decoded
    url = URL(f"{scheme}://{host}:{address.port}/{path}{mark}{query}", encoded=True)
    try:
        answer = await session.request(
            request.method,
            url,
            headers=_request_headers(request),
            data=_body(request) if request.can_read_body else None,
            allow_redirects=False,
        )
    except (aiohttp.ClientError, TimeoutError) as error:
        raise unavailable(f"error trying to reach service: {error}") from error
    async with answer:
        return await _stream_back(request, answer)


def client_session() -> aiohttp.ClientSession:
    """The connections of the proxy: no cookies, no redirects, bytes as they are; only connecting has a time limit."""
    return aiohttp.ClientSession(
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=_CONNECT_TIMEOUT),
        connector=aiohttp.TCPConnector(limit=256, force_close=True),
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
    )


async def _stream_back(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=_end_to_end(answer.headers))
    length = answer.headers.get("Content-Length")
    if length is not None and length.isdecimal():
        response.content_length = int(length)
    await response.prepare(request)
    try:
        async for chunk in answer.content.iter_chunked(_CHUNK):
            await response.write(chunk)
    except (aiohttp.ClientError, ConnectionError):
        # The status has gone out already: that the body is cut short can only be told by cutting the connection.
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    async for chunk in request.content.iter_chunked(_CHUNK):
        yield chunk


def _request_headers(request: web.Request) -> CIMultiDict[str]:
    headers = _end_to_end(request.headers)
    if request.content_length is not None:
        headers["Content-Length"] = str(request.content_length)
    headers["X-Forwarded-For"] = request.remote or "127.0.0.1"
    return headers


def _end_to_end(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    named = {name.strip().lower() for value in headers.getall("Connection", ()) for name in value.split(",")}
    kept = ((name, value) for name, value in headers.items() if name.lower() not in _DROPPED | named)
    return CIMultiDict(kept)


def _service_port(service: Record, wanted: str) -> JsonObject:
    """The entry of `spec.ports` with the wanted name or number; the only one if none is wanted."""
    ports: list[JsonObject] = (service.object.get("spec") or {}).get("ports") or []
    for port in ports:
        if wanted in {port.get("name"), str(port.get("port"))} or (not wanted and len(ports) == 1):
            return port
    if not wanted and ports:
        return next((port for port in ports if not port.get("name")), ports[0])
    raise unavailable(f'no service port {shorten(wanted)} found for service "{service.key.name}"')


def _slice_addresses(cluster: Cluster, service: Record, port: JsonObject) -> list[Address]:
    addresses: list[Address] = []
    for record in cluster.store.objects(ENDPOINT_SLICES.key, service.key.namespace):
        labels = record.object["metadata"].get("labels") or {}
        if labels.get("kubernetes.io/service-name") != service.key.name:
            continue
        hosts = [
            str(host)
            for endpoint in record.object.get("endpoints") or ()
            if (endpoint.get("conditions") or {}).get("ready") is not False
            for host in (endpoint.get("addresses") or ())[:1]
        ]
        addresses += _with_port(hosts, record.object.get("ports"), port)
    return addresses


def _endpoints_addresses(cluster: Cluster, service: Record, port: JsonObject) -> list[Address]:
    record = cluster.store.get(key_of(ENDPOINTS, service.key.namespace, service.key.name))
    addresses: list[Address] = []
    for subset in (record.object.get("subsets") or ()) if record else ():
        hosts = [str(address["ip"]) for address in subset.get("addresses") or ()]
        addresses += _with_port(hosts, subset.get("ports"), port)
    return addresses


def _with_port(hosts: list[str], ports: list[JsonObject] | None, port: JsonObject) -> list[Address]:
    """Endpoints name their ports as the Service does; their number is the target port."""
    for candidate in ports or ():
        if (candidate.get("name") or "") == (port.get("name") or "") and candidate.get("port"):
            return [Address(host, int(candidate["port"])) for host in hosts]
    return []


def choose(addresses: list[Address]) -> Address:
    return random.choice(addresses)  # noqa: S311 # spreads load, keeps no secret
