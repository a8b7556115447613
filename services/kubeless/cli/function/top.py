"""`kubeless function top`: how often functions are called, and how long they take."""

import asyncio
from typing import TYPE_CHECKING

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.livenames import complete_functions
from kubeless.cli.options import namespace_option, output_option

if TYPE_CHECKING:
    from kubeless.cli.function.metrics import FunctionMetrics
    from kubeless.core.jsontypes import JsonObject
    from kubeless.kube.client import KubeClient

PATIENCE = 5.0
"""Seconds for one function to tell its metrics."""

_AT_ONCE = 32
"""Functions that are asked at the same time."""

_DEFAULT_PORT = 8080

_HEADER = (
    "NAME",
    "NAMESPACE",
    "METHOD",
    "TOTAL_CALLS",
    "TOTAL_FAILURES",
    "TOTAL_DURATION_SECONDS",
    "AVG_DURATION_SECONDS",
    "MESSAGE",
)


@click.command(cls=Command)
@click.option("-f", "--function", metavar="NAME", shell_complete=complete_functions, help="Only this function.")
@output_option("json", "yaml")
@namespace_option
def command(function: str | None, format_name: str, namespace: str | None) -> None:
    """Show calls, failures and durations of functions, by method."""
    if format_name not in ("", "json", "yaml"):
        raise output.wrong_format()
    asyncio.run(_top(function, format_name, namespace))


async def _top(function: str | None, format_name: str, namespace: str | None) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.cli.function.metrics import objects, rows

    async with connect() as client:
        functions = await _functions(client, function, namespace or client.namespace)
        found = await _all_metrics(client, functions)
    match format_name:
        case "json":
            output.write(output.to_json(objects(found), indent=2))
        case "yaml":
            output.write(output.to_yaml(objects(found)))
        case _:
            output.write(output.table([_HEADER, *rows(found)]))


async def _functions(client: "KubeClient", name: str | None, namespace: str) -> "list[JsonObject]":
    from kubeless.api.resource import FUNCTIONS

    if name:
        return [await client.get(FUNCTIONS, name, namespace=namespace)]
    found = await client.list(FUNCTIONS, namespace=namespace)
    return sorted(found.items, key=lambda each: str(each["metadata"]["name"]))


async def _all_metrics(client: "KubeClient", functions: "list[JsonObject]") -> "list[FunctionMetrics]":
    """In the order of `functions`."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def ask(function: "JsonObject") -> "FunctionMetrics":
        async with room:
            return await _metrics(client, function)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(function)) for function in functions]
    return [task.result() for task in tasks]


async def _metrics(client: "KubeClient", function: "JsonObject") -> "FunctionMetrics":
    from kubeless.cli.function.metrics import (
        NOT_EXPOSED,
        UNREADABLE,
        FunctionMetrics,
        UnreadableMetrics,
        parse_metrics,
    )
    from kubeless.kube.errors import KubeError

    name, namespace = function["metadata"]["name"], function["metadata"]["namespace"]
    try:
        answer = await client.proxy(namespace, name, port=_port(function), path="metrics", timeout=PATIENCE)
    except KubeError:
        return FunctionMetrics(name, namespace, message=NOT_EXPOSED)
    if answer.status >= 400:
        return FunctionMetrics(name, namespace, message=NOT_EXPOSED)
    try:
        return FunctionMetrics(name, namespace, parse_metrics(answer.body.decode(errors="replace")))
    except UnreadableMetrics:
        return FunctionMetrics(name, namespace, message=UNREADABLE)


def _port(function: "JsonObject") -> int:
    service = (function.get("spec") or {}).get("service") or {}
    ports = service.get("ports") or [{}]
    return int(ports[0].get("port") or _DEFAULT_PORT)
