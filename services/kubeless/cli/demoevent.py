"""
Send one event of a demo through its trigger, and bring back what the function made of it.

An HTTP event is answered. An event of a topic is not: its function prints its result, which then stands in its log.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from kubeless.cli.failure import Fatal
from kubeless.cli.topic.messagefile import encode
from kubeless.cli.trigger.conditions import ready_word
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.pods import function_pods
from kubeless.manage.serviceadmin import KafkaAdmin, NatsAdmin, Refused, ServiceAdmin

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient
    from kubeless.local.platform import Platform

_NAMESPACE = "default"
_KUBELESS_NAMESPACE = "kubeless"

_ROUTE_TIMEOUT = 5.0
"""Seconds for the gateway to learn of a route to a function that has just become ready."""

_LOG_TIMEOUT = 15.0
"""Seconds for an event of a new topic to reach a function: the first time, its consumer has to find the topic."""

_TRIGGER_TIMEOUT = 15.0
"""Seconds for a trigger on a subject to be subscribed: what comes earlier nobody keeps."""

_LOG_PAUSE = 0.05
_NO_ROUTE_YET = frozenset({404, 503})


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """An event to send, and the answer that is right. The fields are those of `demo.yaml`."""

    trigger: str
    """http, kafka, nats or cronjob."""
    name: str
    """Of the trigger."""
    function: str
    request: str
    """
    `<method> <path>` for http, `topic <name>` for kafka; for nats `subject <subject>`, `stream <name> <subject>`
    or `request <subject>`; `schedule` for cronjob.
    """
    answer: str
    """The body of the answer for http and of the reply to a request; otherwise a line of the function's log."""
    data: Any = None
    """Text is sent as it is, anything else as JSON; without it there is no body."""

    @property
    def body(self) -> str:
        """What is sent."""
        if self.data is None:
            return ""
        return self.data if isinstance(self.data, str) else json.dumps(self.data)


async def send(platform: "Platform", event: DemoEvent) -> str:
    """Send the event; the answer. Raises `Fatal` for a request that cannot be demonstrated."""
    match event.trigger, *event.request.split():
        case "http", method, path:
            return await _send_http(platform.addresses["gateway"], event, method, path)
        case "kafka", "topic", topic:
            return await _seen_in_log(platform.client, event, lambda: _send_kafka(platform.client, event, topic))
        case "nats", "subject", subject:
            await _subscribed(platform.client, event)
            return await _seen_in_log(platform.client, event, lambda: _send_nats(platform.client, event, subject))
        case "nats", "stream", stream, subject:
            return await _seen_in_log(
                platform.client, event, lambda: _send_nats(platform.client, event, subject, stream=stream)
            )
        case "nats", "request", subject:
            await _subscribed(platform.client, event)
            return await _request_nats(platform.client, event, subject)
        case "cronjob", "schedule":
            return await _seen_in_log(platform.client, event, _nothing)
    raise Fatal(f"{event.trigger} {event.request!r}: cannot be demonstrated; see the fields of a demo's events")


async def _send_http(gateway: str, event: DemoEvent, method: str, path: str) -> str:
    import aiohttp

    headers = {"Content-Type": "text/plain" if isinstance(event.data, str) else "application/json"}
    deadline = time.monotonic() + _ROUTE_TIMEOUT
    async with aiohttp.ClientSession(gateway) as session:
        while True:
            async with session.request(method, path, data=event.body or None, headers=headers) as response:
                answer = await response.text()
            if response.status not in _NO_ROUTE_YET or time.monotonic() > deadline:
                return answer
            await asyncio.sleep(_LOG_PAUSE)


async def _send_kafka(client: "KubeClient", event: DemoEvent, topic: str) -> None:
    admin = KafkaAdmin(client, _KUBELESS_NAMESPACE)
    await _make(admin, "topics", {"name": topic})
    await admin.call("POST", f"topics/{topic}/records", body=encode({"value": event.body}))


async def _send_nats(client: "KubeClient", event: DemoEvent, subject: str, *, stream: str = "") -> None:
    admin = NatsAdmin(client, _KUBELESS_NAMESPACE)
    if stream:
        await _make(admin, "streams", {"name": stream, "subjects": [f"{subject.partition('.')[0]}.>"]})
    query = {"subject": subject, "mode": "jetstream" if stream else "core"}
    await admin.call("POST", f"messages?{urlencode(query)}", body=encode({"value": event.body}))


async def _request_nats(client: "KubeClient", event: DemoEvent, subject: str) -> str:
    query = {"subject": subject, "mode": "request"}
    body = encode({"value": event.body})
    (answer,) = await NatsAdmin(client, _KUBELESS_NAMESPACE).call("POST", f"messages?{urlencode(query)}", body=body)
    return str(answer["reply"].get("value", ""))


async def _subscribed(client: "KubeClient", event: DemoEvent) -> None:
    from kubeless.api.resource import NATS_TRIGGERS

    deadline = time.monotonic() + _TRIGGER_TIMEOUT
    while ready_word(await client.get(NATS_TRIGGERS, event.name, namespace=_NAMESPACE)) != "True":
        if time.monotonic() > deadline:
            raise Fatal(f"NATS trigger {event.name} is not ready; see 'kubeless trigger nats status {event.name}'")
        await asyncio.sleep(_LOG_PAUSE)


async def _nothing() -> None:
    """A schedule needs nobody who sends."""


async def _make(admin: ServiceAdmin, path: str, what: JsonObject) -> None:
    """Make a topic or stream, unless it is there from the last time."""
    try:
        await admin.call("POST", path, body=json.dumps(what).encode())
    except Refused as error:
        if error.status != 409:
            raise


async def _seen_in_log(client: "KubeClient", event: DemoEvent, act: Callable[[], Awaitable[None]]) -> str:
    """Act, and return the answer once it stands in the function's log anew; else what stands there last."""
    before = [line async for line in _log(client, event.function)].count(event.answer)
    await act()
    return await _new_line(client, event, before=before)


async def _new_line(client: "KubeClient", event: DemoEvent, *, before: int) -> str:
    """The answer once it stands in the log more than `before` times; else what stands there last."""
    deadline = time.monotonic() + _LOG_TIMEOUT
    while True:
        lines = [line async for line in _log(client, event.function)]
        if lines.count(event.answer) > before:
            return event.answer
        if time.monotonic() > deadline:
            return lines[-1] if lines else "(nothing printed)"
        await asyncio.sleep(_LOG_PAUSE)


async def _log(client: "KubeClient", function: str) -> AsyncIterator[str]:
    for pod in await function_pods(client, _NAMESPACE, function):
        text = b""
        async with aclosing(client.logs(pod["metadata"]["name"], namespace=_NAMESPACE, container=function)) as pieces:
            async for piece in pieces:
                text += piece
        for line in text.decode(errors="replace").splitlines():
            yield line
