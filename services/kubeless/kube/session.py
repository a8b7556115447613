"""
HTTP to one API server: authentication, timeouts and errors, once for all verbs.

Nothing waits without a bound except a stream that was asked for, and there the kernel's keep-alive probes notice a peer
that is gone. A 401 renews the credentials and repeats the request once. Foreign exceptions end here.
"""

import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
from multidict import CIMultiDict
from yarl import URL

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import KubeError, ServerError, Timeout, Unauthorized, Unreachable, from_status
from kubeless.kube.kubeconfig import Connection
from kubeless.kube.request import Answer, Request

CONNECT_TIMEOUT = 5.0
"""Seconds for TCP and TLS to be set up."""

KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_PROBES = 20, 10, 3
"""A silent peer is probed after 20 s and given up 30 s later; the same order of magnitude as kubectl's."""

MAX_ERROR_BYTES = 1 << 20

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Session:
    """Connections to one API server. Close it with `close`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._base = URL(connection.server)
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=connection.tls or True,
                limit=100,
                ttl_dns_cache=10,
                socket_factory=_make_socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=CIMultiDict([("User-Agent", "kubeless"), *connection.headers]),
            # A proxy for the outside world cannot reach this machine's loopback; kubectl leaves it out as well.
            trust_env=self._base.host not in LOOPBACK,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()

    async def fetch(self, request: Request) -> Answer:
        """
        Send a request and read the whole answer, whatever its status.

        Raises `Unreachable`, `Timeout`, and `ServerError` for an answer longer than the request allows.
        """
        async with self._open(request, aiohttp.ClientTimeout(total=request.timeout, sock_connect=CONNECT_TIMEOUT)) as (
            response
        ):
            body = await _read(response, request.max_bytes, request.action)
            return Answer(response.status, response.headers, body)

    async def fetch_ok(self, request: Request) -> Answer:
        """As `fetch`, and raises the `KubeError` for an answer that is no success."""
        answer = await self.fetch(request)
        if not 200 <= answer.status < 300:
            raise error_for(answer, request.action)
        return answer

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[AsyncIterator[bytes]]:
        """The body of a successful answer as it arrives; `request.timeout` bounds the silence between two chunks."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT, sock_read=request.timeout)
        async with self._open(request, timeout) as response:
            if not 200 <= response.status < 300:
                body = await _read(response, MAX_ERROR_BYTES, request.action)
                raise error_for(Answer(response.status, response.headers, body), request.action)
            try:
                yield response.content.iter_any()
            finally:
                _cut(response)

    @asynccontextmanager
    async def _open(self, request: Request, timeout: aiohttp.ClientTimeout) -> AsyncIterator[aiohttp.ClientResponse]:
        # Errors raised by the user of the response pass through here as well; only aiohttp's own are translated.
        try:
            response = await self._send(request, timeout)
            async with response:
                yield response
        except TimeoutError as error:
            raise self._timed_out(request, error) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(request, error) from error

    async def _send(self, request: Request, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientResponse:
        credentials = self._connection.credentials
        if credentials is None:
            return await self._send_as(request, timeout, None)
        authorization = await credentials.authorization()
        response = await self._send_as(request, timeout, authorization)
        if response.status == 401 and await _renewed(response, credentials.renew(authorization)):
            response = await self._send_as(request, timeout, await credentials.authorization())
        return response

    async def _send_as(
        self, request: Request, timeout: aiohttp.ClientTimeout, authorization: str | None
    ) -> aiohttp.ClientResponse:
        headers = dict(request.headers)
        if authorization is not None:
            headers["Authorization"] = authorization
        return await self._http.request(
            request.method,
            URL(self._connection.server + request.path, encoded=True).update_query(request.query),
            headers=headers,
            data=request.body,
            timeout=timeout,
            allow_redirects=False,
            proxy=self._connection.proxy,
            server_hostname=self._connection.server_name,
        )

    def _timed_out(self, request: Request, error: TimeoutError) -> KubeError:
        server = self._connection.server
        if request.timeout is None:
            return self._unreachable(request, error)  # The kernel's probes gave the connection up.
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return Unreachable(
                f"cannot {request.action}: no connection to {server} within {CONNECT_TIMEOUT:g} s; "
                "check that the address is right and that no firewall is in the way"
            )
        return Timeout(f"cannot {request.action}: {server} did not answer within {request.timeout:g} s; try again")

    def _unreachable(self, request: Request, error: Exception) -> Unreachable:
        problem = str(error) or type(error).__name__
        return Unreachable(
            f"cannot {request.action}: no connection to {self._connection.server}: {problem}; {_remedy(error)}"
        )


def error_for(answer: Answer, action: str) -> KubeError:
    """The error for an answer that is no success, whether its body is a `Status` or anything else."""
    status = parse_status(answer) or {"message": _plain_message(answer, action)}
    retry_after = answer.headers.get("Retry-After", "")
    return from_status(
        status, action=action, code=answer.status, retry_after=float(retry_after) if retry_after.isdecimal() else None
    )


def parse_status(answer: Answer) -> JsonObject | None:
    """The `Status` object in an answer, if it holds one."""
    try:
        value: Any = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and value.get("kind") == "Status" else None


def _plain_message(answer: Answer, action: str) -> str:
    text = answer.body[:200].decode(errors="replace").strip()
    return f"cannot {action}: the server answered {answer.status} {text}" if text else ""


async def _read(response: aiohttp.ClientResponse, limit: int, action: str) -> bytes:
    if response.content_length is not None and response.content_length <= limit:
        return await response.read()
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            raise ServerError(f"cannot {action}: the answer is longer than {limit} bytes")
    return b"".join(chunks)


def _cut(response: aiohttp.ClientResponse) -> None:
    """Leave a body that goes on. With TLS a polite end takes as long as the server takes to answer it."""
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()


async def _renewed(response: aiohttp.ClientResponse, renewal: Any) -> bool:
    try:
        renewed: bool = await renewal
    except Exception as error:
        response.release()
        raise Unauthorized(
            f"the server refused the credentials and they cannot be renewed: {error}", status=401
        ) from error
    if renewed:
        response.release()
    return renewed


def _remedy(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "check certificate-authority and tls-server-name in the kubeconfig"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "check the host name of the server in the kubeconfig"
    if isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
        return "check that the cluster runs (locally: `kubeless local up`) and that the kubeconfig is the right one"
    return "try again; if it lasts, check the server's log"


def _make_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """A socket that notices a peer which is gone without a word, as behind a NAT that forgot the connection."""
    family, kind, protocol, _, _ = address
    sock = socket.socket(family, kind, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_IDLE),
        ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL),
        ("TCP_KEEPCNT", KEEPALIVE_PROBES),
    ):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return sock
