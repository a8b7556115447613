"""
Wait until a function is ready, or until it is known that it will not be.

The object itself is watched, so the answer comes when the controller writes it. A watch that breaks is taken up again
until the time is over; the API server may be restarting.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from kubeless.api.resource import FUNCTIONS
from kubeless.cli.failure import Fatal
from kubeless.cli.function.steps import telling_steps
from kubeless.cli.progress import show_progress
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import Gone, ServerError, Timeout, Unreachable
from kubeless.manage.pods import last_words
from kubeless.manage.readiness import PROGRESSING, UNSEEN, Readiness, readiness

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient

_RECONNECT = 0.3
"""Seconds before a broken watch is taken up again."""


class NotReady(Fatal):
    """The function is not ready."""


async def wait_ready(client: "KubeClient", function: JsonObject, *, timeout: float) -> None:
    """
    Wait for the generation of `function`, as the API server returned it, to be ready.

    Raises:
        NotReady: it failed, was deleted, or `timeout` seconds are over; says why, with the last lines of its log.
    """
    name = function["metadata"]["name"]
    seen = Readiness("waiting")
    try:
        async with (
            asyncio.timeout(timeout),
            show_progress(f"Function {name}") as progress,
            telling_steps(client, function, progress.tell),
            aclosing(_states(client, function)) as states,
        ):
            async for state in states:
                seen = state
                # Of its progress the pods say more, and a failure is told when the wait has ended.
                if seen.step != PROGRESSING and seen.state != "failed":
                    progress.tell(seen.step)
    except TimeoutError as error:
        raise NotReady(_too_late(name, seen, timeout)) from error
    if seen.state == "failed":
        words = await last_words(client, function["metadata"]["namespace"], name)
        raise NotReady(f"Function {name} is not ready: {seen.describe()}{_indented(words)}")


async def _states(client: "KubeClient", function: JsonObject) -> AsyncGenerator[Readiness]:
    """What the function goes through, until it is ready or has failed."""
    generation = int(function["metadata"].get("generation") or 0)
    async with aclosing(_versions(client, function)) as versions:
        async for version in versions:
            seen = readiness(version, generation=generation)
            yield seen
            if seen.state != "waiting":
                return


async def _versions(client: "KubeClient", function: JsonObject) -> AsyncGenerator[JsonObject]:
    """The object, and every later version of it."""
    while True:
        yield function
        try:
            async with aclosing(_changes(client, function)) as changes:
                async for changed in changes:
                    function = changed
                    yield function
        except (Gone, ServerError, Timeout, Unreachable):
            await asyncio.sleep(_RECONNECT)
        function = await _read_again(client, function)


async def _changes(client: "KubeClient", function: JsonObject) -> AsyncGenerator[JsonObject]:
    metadata = function["metadata"]
    events = client.watch(
        FUNCTIONS,
        namespace=metadata["namespace"],
        field_selector=f"metadata.name={metadata['name']}",
        resource_version=metadata["resourceVersion"],
    )
    async with aclosing(events):
        async for event in events:
            if event.type == "DELETED":
                raise NotReady(f"Function {metadata['name']} was deleted before it was ready")
            if event.type != "BOOKMARK":
                yield event.object


async def _read_again(client: "KubeClient", function: JsonObject) -> JsonObject:
    """The newest version; the one we have while the server is away."""
    metadata = function["metadata"]
    try:
        return await client.get(FUNCTIONS, metadata["name"], namespace=metadata["namespace"])
    except (ServerError, Timeout, Unreachable):
        return function


def _too_late(name: str, seen: Readiness, timeout: float) -> str:
    if seen.step == UNSEEN:
        state = "the controller has not looked at it; is it running?"
    else:
        state = f"last seen: {seen.describe()}"
    return f"Function {name} is not ready after {timeout:g} seconds; {state}"


def _indented(lines: list[str]) -> str:
    return "".join(f"\n    {line}" for line in lines)
