"""
Answers of the API server as HTTP responses.
"""

import orjson
from aiohttp import web

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.negotiation import JSON
from kubeless.local.apiserver.status import ApiError

_NO_CACHE = {"Cache-Control": "no-cache, private"}
_LONGEST_WARNING = 1024


def json_answer(value: JsonObject, *, code: int = 200, media_type: str = JSON) -> web.Response:
    return bytes_answer(orjson.dumps(value), code=code, media_type=media_type)


def bytes_answer(
    body: bytes, *, code: int = 200, media_type: str = JSON, warnings: tuple[str, ...] = ()
) -> web.Response:
    response = web.Response(body=body, status=code, headers={"Content-Type": media_type, **_NO_CACHE})
    for warning in warnings:
        response.headers.add("Warning", f'299 - "{_quotable(warning)}"')
    return response


def text_answer(text: str) -> web.Response:
    return web.Response(text=text, headers=_NO_CACHE)


def error_answer(error: ApiError) -> web.Response:
    response = json_answer(error.status(), code=error.code)
    retry_after = (error.details or {}).get("retryAfterSeconds")
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _quotable(text: str) -> str:
    """Text for a header: what a client sent must not end the quotes or the line."""
    printable = text[:_LONGEST_WARNING].encode("ascii", "backslashreplace").decode()
    cleaned = "".join(letter if letter.isprintable() else "?" for letter in printable)
    return cleaned.replace("\\", "\\\\").replace('"', '\\"')
