"""
Send one event of a demo through its trigger, and bring back what the function made of it.

An HTTP event is answered. An event of a topic is not: its function prints its result, which then stands in its log.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubeless.cli.failure import Fatal
from kubeless.cli.function.pods import function_pods
from kubeless.cli.kafkaadmin import KafkaAdmin
from kubeless.cli.serviceadmin import Refused
from kubeless.cli.topic.messagefile import encode

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient
    from kubeless.local.platform import Platform

_NAMESPACE = "default"
_KAFKA_NAMESPACE = "kubeless"

_ROUTE_TIMEOUT = 5.0
"""Seconds for the gateway to learn of a route to a function that has just become ready."""

_LOG_TIMEOUT = 15.0
"""Seconds for an event of a new topic to reach a function: the first time, its consumer has to find the topic."""

_LOG_PAUSE = 0.05
_NO_ROUTE_YET = frozenset({404, 503})


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """An event to send, and the answer that is right. The fields are those of `demo.yaml`."""

    trigger: str
    """http or kafka."""
    name: str
    """Of the trigger."""
    function: str
    request: str
    """`<method> <path>` for http, `topic <name>` for kafka."""
    answer: str
    """The body of the answer for http, a line of the function's log for kafka."""
    data: Any = None
    """Text is sent as it is, anything else as JSON; without it there is no body."""

    @property
    def body(self) -> str:
        """What is sent."""
        if self.data is None:
            return ""
        return self.data if isinstance(self.data, str) else json.dumps(self.data)


async def send(platform: "Platform", event: DemoEvent) -> str:
    """Send the event; the answer. Raises `Fatal` for a kind of trigger that cannot be demonstrated."""
    match event.trigger:
        case "http":
            return await _send_http(platform.addresses["gateway"], event)
        case "kafka":
            return await _send_kafka(platform.client, event)
        case _:
            raise Fatal(f"trigger: {event.trigger!r} cannot be demonstrated; use http or kafka")


async def _send_http(gateway: str, event: DemoEvent) -> str:
    import aiohttp

    method, _, path = event.request.partition(" ")
    headers = {"Content-Type": "text/plain" if isinstance(event.data, str) else "application/json"}
    deadline = time.monotonic() + _ROUTE_TIMEOUT
    async with aiohttp.ClientSession(gateway) as session:
        while True:
            async with session.request(method, path, data=event.body or None, headers=headers) as response:
                answer = await response.text()
            if response.status not in _NO_ROUTE_YET or time.monotonic() > deadline:
                return answer
            await asyncio.sleep(_LOG_PAUSE)


async def _send_kafka(client: "KubeClient", event: DemoEvent) -> str:
    topic = event.request.partition(" ")[2]
    admin = KafkaAdmin(client, _KAFKA_NAMESPACE)
    try:
        await admin.call("POST", "topics", body=json.dumps({"name": topic}).encode())
    except Refused as error:
        if error.status != 409:  # it may be there from the last time
            raise
    seen = [line async for line in _log(client, event.function)]
    await admin.call("POST", f"topics/{topic}/records", body=encode({"value": event.body}))
    return await _new_line(client, event, before=seen.count(event.answer))


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
