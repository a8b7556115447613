"""
The gateway's HTTP server: aiohttp's parser and connections, none of its framework.

This is the only module of the data path that knows aiohttp; `incoming` is the line between.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from types import TracebackType
from typing import Self

from aiohttp import StreamReader, web
from aiohttp.client_exceptions import ClientError
from multidict import CIMultiDict

from kubeless.core.ports import explain_bind_error
from kubeless.delivery.transport.request import Headers
from kubeless.gateway.headers import content_length, values
from kubeless.gateway.incoming import BadBody, BodyTimeout, ClientGone, Handler, Incoming

_MAX_LINE_BYTES = 16 * 1024
_MAX_FIELD_BYTES = 16 * 1024
_LINGER = 2.0
"""Seconds the rest of a refused body is read and dropped, so that the client gets to see the answer."""


class Server:
    """Listens while entered. `handler` is cancelled when its client goes away."""

    def __init__(
        self, handler: Handler, *, host: str, port: int, keepalive_timeout: float, body_timeout: float
    ) -> None:
        """`port` 0 takes a free one, see `self.port` once entered. `body_timeout`: see `Settings`."""
        self._handler = handler
        self._host = host
        self._port = port
        self._keepalive_timeout = keepalive_timeout
        self._body_timeout = body_timeout
        self._site: web.TCPSite | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._port

    async def __aenter__(self) -> Self:
        """
        Start to listen.

        Raises:
            PortTaken: something else listens on the port; the message names it where the system tells.
        """
        self._server = web.Server(
            self._handle,
            handler_cancellation=True,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=self._keepalive_timeout,
            lingering_time=_LINGER,
            max_line_size=_MAX_LINE_BYTES,
            max_field_size=_MAX_FIELD_BYTES,
        )
        self._runner = web.ServerRunner(self._server, handle_signals=False, shutdown_timeout=0.5)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await self._site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise explain_bind_error(error, host=self._host, port=self._port, purpose="gateway") from error
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End every connection, cancelling handlers that still run."""
        await self._runner.cleanup()

    async def stop_intake(self) -> None:
        """
        Accept no more connections; requests under way go on.

        aiohttp's `pre_shutdown` is no help: it would also throw away what is still to come of a body under way. Kept
        connections end with their next answer, or when the server is left.
        """
        if self._site is not None:
            await self._site.stop()
            self._site = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        reply = _Reply(request)
        await self._handler(_incoming(request, self._body_timeout), reply)
        if not reply.started:
            reply.abort()
        return reply.response


class _Reply:
    """A Reply over an aiohttp response."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        self.response = web.StreamResponse()

    @property
    def started(self) -> bool:
        return self.response.prepared

    async def start(self, status: int, headers: Headers, *, length: int | None, close: bool = False) -> None:
        fields = CIMultiDict((_text(name), _text(value)) for name, value in headers)
        fields.setdefault("Server", "kubeless")
        self.response = web.StreamResponse(status=status, headers=fields)
        self.response.content_length = length
        if close:
            self.response.force_close()
        try:
            await self.response.prepare(self._request)
        except (ConnectionError, ClientError) as error:
            raise ClientGone from error

    async def write(self, data: bytes) -> None:
        try:
            await self.response.write(data)
        except (ConnectionError, ClientError) as error:
            raise ClientGone from error

    def abort(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")  # aiohttp writes UTF-8


def _incoming(request: web.BaseRequest, body_timeout: float) -> Incoming:
    headers = request.raw_headers
    return Incoming(
        method=request.method,
        target=request.raw_path.encode("utf-8", "surrogateescape"),
        headers=headers,
        body=_body(request, body_timeout),
        content_length=content_length(headers),
        peer=request.remote or "unknown",
        scheme=request.scheme,
        needs_host=request.version >= (1, 1),
    )


def _body(request: web.BaseRequest, timeout: float) -> bytes | AsyncIterable[bytes]:
    content = request.content
    if not request.can_read_body:
        return b""
    if content.is_eof() and isinstance(content, StreamReader):
        return content.read_nowait()
    return _pieces(request, timeout)


async def _pieces(request: web.BaseRequest, timeout: float) -> AsyncIterator[bytes]:
    """
    The body as it arrives. Whoever asks for the first piece wants the body: only then is the client told to send it.
    """
    try:
        if b"100-continue" in (value.lower() for value in values(request.raw_headers, b"expect")):
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        while piece := await _next_piece(request, timeout):
            yield piece
    except (ConnectionError, ClientError, web.RequestPayloadError) as error:
        if request.transport is None or request.transport.is_closing():
            raise ClientGone from error
        raise BadBody from error


async def _next_piece(request: web.BaseRequest, timeout: float) -> bytes:
    """
    What has arrived; empty at the end. aiohttp does not tell the reader of a body that its framing broke: time does.
    """
    try:
        async with asyncio.timeout(timeout):
            return await request.content.readany()
    except TimeoutError as error:
        raise BodyTimeout(f"the rest of the request body did not come within {timeout:g} s") from error
