"""
The first look: deploy the manifests of a folder, send each trigger an event, and show what came back.

What to send and which answer is right stands in the folder's `demo.yaml`. A wrong answer is shown as such, and makes
the demo fail.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from kubeless.cli import messages, output
from kubeless.cli.demoevent import DemoEvent, send
from kubeless.cli.failure import Fatal
from kubeless.cli.function.wait import wait_ready
from kubeless.core.jsontypes import JsonObject

if TYPE_CHECKING:
    from kubeless.local.platform import Platform

EVENTS_FILE = "demo.yaml"

_FIELD_MANAGER = "kubeless-demo"

READY_TIMEOUT = 60.0
"""Seconds for all functions together to become ready, dependencies included."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came back; `took` is seconds."""

    event: DemoEvent
    answer: str
    took: float

    @property
    def right(self) -> bool:
        """Whether it is what the event asked for."""
        return self.answer == self.event.answer


async def run_demo(platform: "Platform", folder: Path) -> bool:
    """Deploy, send, print the table; whether every answer was right."""
    events = read_events(folder)
    functions = await _deploy(platform, read_manifests(folder))
    async with asyncio.TaskGroup() as group:
        for function in functions:
            group.create_task(wait_ready(platform.client, function, timeout=READY_TIMEOUT))
    results = [await _result(platform, event) for event in events]
    output.write(output.table(rows(results)))
    wrong = [result for result in results if not result.right]
    for result in wrong:
        messages.error(f"{result.event.request}: expected {result.event.answer!r}, got {result.answer!r}")
    return not wrong


async def _result(platform: "Platform", event: DemoEvent) -> Result:
    started = time.monotonic()
    answer = await send(platform, event)
    return Result(event, answer, time.monotonic() - started)


def rows(results: Iterable[Result]) -> Iterable[Sequence[str]]:
    """The lines of the table."""
    yield ("EVENT", "TRIGGER", "FUNCTION", "ANSWER", "MS")
    for result in results:
        event = result.event
        yield (
            event.request,
            f"{event.trigger}/{event.name}",
            event.function,
            result.answer,
            f"{result.took * 1e3:.1f}",
        )


def read_events(folder: Path) -> list[DemoEvent]:
    """The events of the folder's `demo.yaml`; raises `Fatal` if it is not there or not as it should be."""
    path = folder / EVENTS_FILE
    try:
        return [DemoEvent(**entry) for entry in yaml.safe_load(path.read_text())]
    except (OSError, TypeError, yaml.YAMLError) as error:
        raise Fatal(f"{path}: cannot be used as a list of events to send: {error}") from error


def read_manifests(folder: Path) -> list[JsonObject]:
    """All objects of the folder's YAML files, in the order of the files' names."""
    paths = sorted(path for path in folder.glob("*.yaml") if path.name != EVENTS_FILE)
    return [document for path in paths for document in yaml.safe_load_all(path.read_text()) if document]


async def _deploy(platform: "Platform", manifests: Sequence[JsonObject]) -> list[JsonObject]:
    """Apply the manifests; the functions among them, as stored."""
    from kubeless.api.resource import CUSTOM_RESOURCES, FUNCTIONS

    resources = {(resource.api_version, resource.kind): resource for resource in CUSTOM_RESOURCES}
    functions = []
    for manifest in manifests:
        resource = resources.get((manifest.get("apiVersion", ""), manifest.get("kind", "")))
        if resource is None:
            raise Fatal(f"{manifest.get('kind')} {manifest.get('apiVersion')}: not a kind that can be demonstrated")
        stored = await platform.client.apply(
            resource, manifest, namespace="default", field_manager=_FIELD_MANAGER, force=True
        )
        if resource == FUNCTIONS:
            functions.append(stored)
    return functions
