"""
How the admin operations read requests and answer them.

Bodies are bounded, lists are sent as they are read, one JSON object a line, and every error is a JSON object. Requests
of web pages are refused: Kubernetes RBAC guards these operations at the API server's proxy, and no page shall get round
it through a port that a developer has forwarded to a laptop.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import orjson
import structlog
from aiohttp import web

from kubeless.core.errors import shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.errors import AdminError, Explain
from kubeless.delivery.admin.names import MAX_BODY

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

JSON_LINES = "application/x-ndjson"

_BROWSER = ("Origin", "Sec-Fetch-Site")


def answering(subject: Callable[[web.Request], str], explain: Explain, handler: Handler) -> Handler:
    """The handler, with errors as answers that speak of `subject`, in the words of `explain`."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            _refuse_browsers(request)
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception as error:  # `explain` raises again what nobody foresaw
            failure = explain(error, subject(request))
        if failure.status >= 500:
            log.warning("admin operation failed", path=shorten(request.path), reason=failure.reason, error=str(failure))
        return web.json_response(failure_object(failure), status=failure.status)

    return answer


def failure_object(failure: AdminError) -> JsonObject:
    """The body of an answer that is no success."""
    return {"reason": failure.reason, "message": str(failure)}


async def read_bytes(request: web.Request) -> bytes:
    """The body; raises AdminError 413 as soon as it is longer than `MAX_BODY`."""
    if (request.content_length or 0) > MAX_BODY:
        raise _too_large()
    chunks = bytearray()
    async for chunk in request.content.iter_any():
        chunks += chunk
        if len(chunks) > MAX_BODY:
            raise _too_large()
    return bytes(chunks)


async def read_object(request: web.Request) -> JsonObject:
    """The body, which has to be a JSON object; raises AdminError."""
    try:
        value = orjson.loads(await read_bytes(request))
    except orjson.JSONDecodeError as error:
        raise AdminError(400, "Invalid", f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise AdminError(400, "Invalid", "the body is no JSON object; send one")
    return value


async def stream_lines(request: web.Request, lines: AsyncGenerator[JsonObject], explain: Explain) -> web.StreamResponse:
    """
    Send objects one a line. The status goes out with the first of them, so an error before it is a plain answer; a
    later one becomes the last line, an object with `error`, in the words of `explain`.
    """
    response = web.StreamResponse(headers={"Content-Type": JSON_LINES})
    try:
        async with aclosing(lines):
            async for line in lines:
                if not response.prepared:
                    await response.prepare(request)
                await response.write(orjson.dumps(line) + b"\n")
    except ConnectionResetError:
        return response  # nobody reads any more
    except Exception as error:
        if not response.prepared:
            raise
        failure = explain(error, "the answer broke off")
        await response.write(orjson.dumps({"error": failure_object(failure)}) + b"\n")
    if not response.prepared:
        await response.prepare(request)
    await response.write_eof()
    return response


def whole_number(value: object, field: str, *, low: int, high: int, default: int | None = None) -> int:
    """A number of a JSON body or a query; raises AdminError 400."""
    if value is None and default is not None:
        return default
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise AdminError(
            400, "Invalid", f"{field}: is no number from {low} to {high}, got {shorten(value)}; correct it"
        )
    return value


def _refuse_browsers(request: web.Request) -> None:
    if any(name in request.headers for name in _BROWSER):
        raise AdminError(
            403, "Browser", "requests of web pages are refused; use the command kubeless, or the API server's proxy"
        )


def _too_large() -> AdminError:
    return AdminError(413, "TooLarge", f"the body is longer than {MAX_BODY} bytes; send fewer messages at once")
