"""
Publish messages: to core NATS, to a stream, or as a request whose reply is wanted.

Core NATS tells nobody whether anybody listens; when the operation ends, the server has the messages, no more. With
JetStream the stream has them. `kubeless trigger nats publish` comes here through the API server's service proxy, or,
with `--url`, by itself.
"""

import asyncio
import base64
from collections.abc import Sequence
from typing import Literal, get_args

from aiohttp import web
from nats.aio.client import Client
from nats.aio.msg import Msg

from kubeless.core.errors import shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.answers import read_bytes
from kubeless.delivery.admin.errors import AdminError
from kubeless.manage.natsnames import check_subject
from kubeless.nats_subscriber.admin_clients import Clients
from kubeless.nats_subscriber.admin_errors import explain
from kubeless.nats_subscriber.admin_messages import Message, parse_messages
from kubeless.nats_subscriber.foreign import flush
from kubeless.nats_subscriber.jetstream import JetStream, JetStreamUnavailable

Mode = Literal["core", "jetstream", "request"]

FLUSH_TIMEOUT = 10.0
"""Seconds for the server to take what was published."""
MAX_REPLY_TIMEOUT = 110.0
"""Seconds that a request may wait: less than the command waits for us."""

_AT_ONCE = 256
"""Messages under way to a stream."""


class PublishRoutes:
    """The operation over HTTP."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def publish(self, request: web.Request) -> web.StreamResponse:
        """
        `POST /messages?subject=&mode=core|jetstream|request&timeout=` of JSON lines (see `admin_messages`).

        The answer is that of `publish`. The subject is part of the query, for it may hold slashes, which not every
        proxy leaves alone in a path.
        """
        query = request.query
        subject = check_subject(query.get("subject", ""))
        mode, timeout = read_mode(query.get("mode", "core")), read_timeout(query.get("timeout", "5"))
        messages = parse_messages(await read_bytes(request))
        return web.json_response(await publish(self._clients, subject, messages, mode=mode, timeout=timeout))


async def publish(
    clients: Clients, subject: str, messages: Sequence[Message], *, mode: Mode, timeout: float
) -> JsonObject:
    """
    Publish in order. core: `{"published"}`. jetstream: also `stream`, `first` and `last` sequence, `duplicates`.
    request: `{"reply": {"value" or "valueBase64", "headers"}}`.

    Raises AdminError, and whatever `explain` explains.
    """
    client = clients.client()
    before = client.last_error
    try:
        answer = await _publish(clients, subject, messages, mode=mode, timeout=timeout)
    except Exception:
        _check_allowed(client, before, subject)
        raise
    _check_allowed(client, before, subject)
    return answer


def read_mode(text: str) -> Mode:
    """Raises AdminError 400."""
    for mode in get_args(Mode):
        if text == mode:
            found: Mode = mode
            return found
    raise AdminError(400, "Invalid", f"mode: is unknown, got {shorten(text)}; use {', '.join(get_args(Mode))}")


def read_timeout(text: str) -> float:
    """Seconds; raises AdminError 400."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MAX_REPLY_TIMEOUT:
        bounds = f"above 0 and up to {MAX_REPLY_TIMEOUT:.0f}"
        raise AdminError(400, "Invalid", f"timeout: is no number {bounds}, got {shorten(text)}; correct it")
    return seconds


async def _publish(
    clients: Clients, subject: str, messages: Sequence[Message], *, mode: Mode, timeout: float
) -> JsonObject:
    match mode:
        case "core":
            return await _publish_core(clients.client(), subject, messages)
        case "jetstream":
            return await _publish_stream(clients.jetstream(), subject, messages)
        case "request":
            return await _request(clients.client(), subject, messages, timeout)


def _check_allowed(client: Client, before: Exception | None, subject: str) -> None:
    """A server that does not allow a publication says so beside it, where the library keeps what was said last."""
    error = client.last_error
    if error is not before and error is not None and f'publish to "{subject}"'.lower() in str(error).lower():
        raise AdminError(403, "Forbidden", f"{_about(subject)}: NATS does not allow it to this user; add a permission")


async def _publish_core(client: Client, subject: str, messages: Sequence[Message]) -> JsonObject:
    for count, message in enumerate(messages):
        try:
            await client.publish(subject, message.data, headers=message.headers)
        except Exception as error:  # the library's own
            raise _partly(explain(error, _about(subject)), count, len(messages)) from error
    await flush(client, FLUSH_TIMEOUT)
    return {"published": len(messages)}


async def _publish_stream(jetstream: JetStream, subject: str, messages: Sequence[Message]) -> JsonObject:
    acks: list[JsonObject] = []
    for start in range(0, len(messages), _AT_ONCE):
        chunk = messages[start : start + _AT_ONCE]
        results = await asyncio.gather(
            *(jetstream.publish(subject, each.data, each.headers or {}) for each in chunk), return_exceptions=True
        )
        acks += [result for result in results if not isinstance(result, BaseException)]
        failure = next((result for result in results if isinstance(result, BaseException)), None)
        if failure is not None:
            raise _partly(await _stream_failure(jetstream, failure, subject), len(acks), len(messages)) from failure
    sequences = [int(ack["seq"]) for ack in acks]
    return {
        "published": len(acks),
        "stream": acks[0]["stream"],
        "first": min(sequences),
        "last": max(sequences),
        "duplicates": sum(bool(ack.get("duplicate")) for ack in acks),
    }


async def _stream_failure(jetstream: JetStream, error: BaseException, subject: str) -> AdminError:
    if not isinstance(error, Exception):
        raise error
    if isinstance(error, JetStreamUnavailable) and await jetstream.available():
        return AdminError(
            404,
            "NoStream",
            f"{_about(subject)}: no stream takes it; make a stream that does, or publish without --jetstream",
        )
    return explain(error, _about(subject))


async def _request(client: Client, subject: str, messages: Sequence[Message], timeout: float) -> JsonObject:
    if len(messages) != 1:
        raise AdminError(400, "Invalid", f"a request is one message, got {len(messages)}; send them one by one")
    (message,) = messages
    answer = await client.request(subject, message.data, timeout=timeout, headers=message.headers)
    return {"reply": reply_object(answer)}


def reply_object(answer: Msg) -> JsonObject:
    """A reply as JSON: text as `value`, other bytes as `valueBase64`."""
    headers = [[str(name), str(value)] for name, value in (answer.headers or {}).items()]
    try:
        return {"value": answer.data.decode(), "headers": headers}
    except UnicodeDecodeError:
        return {"valueBase64": base64.b64encode(answer.data).decode(), "headers": headers}


def _partly(failure: AdminError, published: int, total: int) -> AdminError:
    if total == 1:
        return failure
    return AdminError(failure.status, failure.reason, f"{failure}; {published} of {total} messages were published")


def _about(subject: str) -> str:
    return f"subject {shorten(subject)}"
