"""
The body of a request that comes in pieces, sent beside the response: an endpoint may answer before it has all of it.

Every piece waits until the endpoint has taken enough of what went before. A body that is not as long as announced is
never completed.
"""

import asyncio
from collections.abc import AsyncIterable, Callable

import structlog

from kubeless.delivery.transport.errors import InvalidRequest
from kubeless.delivery.transport.outflow import Outflow
from kubeless.delivery.transport.request import Request, encode_trailers

log = structlog.get_logger(__name__)


class Upload:
    """One body on its way, in a task of its own."""

    def __init__(
        self,
        request: Request,
        outflow: Outflow,
        patience: float,
        *,
        tasks: asyncio.TaskGroup,
        on_end: Callable[[BaseException | None], None],
    ) -> None:
        """
        Begin. `patience` is how long, in seconds, an endpoint that was asked may leave the question unanswered.

        `on_end` is told of the end, unless the upload is cancelled: None once the body was sent; otherwise what the
        body raised, InvalidRequest if it is not as long as announced, or ConnectionLost.
        """
        self._request = request
        self._outflow = outflow
        self._patience = patience
        self._on_end = on_end
        self._wanted = asyncio.Event()
        self.starved = False
        """Whether it waits for the caller, who has not produced the next piece yet, or for leave to begin."""
        self._task = tasks.create_task(self._run())

    def go_on(self) -> None:
        """The endpoint asks for the body."""
        self._wanted.set()

    def cancel(self) -> None:
        """The exchange is over."""
        self._task.cancel()

    async def _run(self) -> None:
        """What fails here surfaces where somebody waits, in the response, and not in the task group."""
        try:
            await self._send_body()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._on_end(error)
            if not isinstance(error, Exception):
                raise
        else:
            self._on_end(None)

    async def _send_body(self) -> None:
        body = self._request.body
        if isinstance(body, bytes):
            await self._wait_until_wanted()
            await self._outflow.send(body)
            return
        try:
            await self._wait_until_wanted()
            if self._request.content_length is None:
                await self._send_chunks(body)
            else:
                await self._send_exactly(body, self._request.content_length)
        finally:
            await _close(body)

    async def _wait_until_wanted(self) -> None:
        """RFC 9110 10.1.1: an endpoint may not know the expectation, so the wait is bounded."""
        if not self._request.expect_continue:
            return
        self.starved = True
        try:
            async with asyncio.timeout(self._patience):
                await self._wanted.wait()
        except TimeoutError:
            pass
        self.starved = False

    async def _send_chunks(self, body: AsyncIterable[bytes]) -> None:
        self.starved = True
        async for piece in body:
            if piece:  # an empty chunk would end the body
                await self._send(b"%x\r\n" % len(piece), piece, b"\r\n")
        trailers = self._request.trailers
        behind = b"" if trailers is None else encode_trailers(trailers())
        self.starved = False
        await self._outflow.send(b"0\r\n" + behind + b"\r\n")

    async def _send_exactly(self, body: AsyncIterable[bytes], length: int) -> None:
        left = length
        self.starved = True
        async for piece in body:
            left -= len(piece)
            if left < 0:
                raise InvalidRequest(f"the body has more than the {length} bytes announced")
            await self._send(piece)
        self.starved = False
        if left:
            raise InvalidRequest(f"the body has {left} bytes less than the {length} announced")

    async def _send(self, *parts: bytes) -> None:
        self.starved = False
        await self._outflow.send(*parts)
        self.starved = True


async def _close(body: AsyncIterable[bytes]) -> None:
    """A generator that was not run to its end holds what it has open until it is closed."""
    close = getattr(body, "aclose", None)
    if close is None:
        return
    try:
        await close()
    except Exception as error:  # the caller's clean-up may fail in any way, and the exchange is over
        log.warning("could not close a request body", error=repr(error))
