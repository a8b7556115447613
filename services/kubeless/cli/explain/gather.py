"""
Read what an explanation needs.

Who asks may not read everything: what cannot be read is unknown, and the rest is explained all the same. Only the
subject itself has to be there.
"""

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

from kubeless.api.resource import FUNCTIONS
from kubeless.cli.explain.facts import FunctionFacts, TriggerFacts
from kubeless.cli.serverruntimes import ConfigUnreadable, server_catalog
from kubeless.cli.trigger.kind import TriggerKind
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import Forbidden, NotFound
from kubeless.kube.resources import ENDPOINT_SLICES, SERVICES
from kubeless.manage.pods import function_pods, last_words
from kubeless.manage.selecting import selects

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient

_FUNCTIONS_SHOWN = 20
"""Functions of one trigger that are looked at."""

Value = TypeVar("Value")


async def gather_function(
    client: "KubeClient", name: str, namespace: str, *, function: JsonObject | None = None
) -> FunctionFacts:
    """The facts of a function; `function` if it has been read already. Raises `KubeError`, other than not found."""
    if function is None:
        function = await _readable(client.get(FUNCTIONS, name, namespace=namespace))
    flag = flag_of(client, namespace)
    if function is None:
        return FunctionFacts(name=name, flag=flag, function=None)
    runtimes, service, endpoints, pods, log = await asyncio.gather(
        _runtimes(client),
        _readable(client.get(SERVICES, name, namespace=namespace)),
        _endpoints(client, name, namespace),
        _readable(function_pods(client, namespace, name)),
        last_words(client, namespace, name),
    )
    return FunctionFacts(
        name=name,
        flag=flag,
        function=function,
        runtimes=runtimes,
        service=service,
        endpoints=endpoints,
        pods=pods or (),
        log=log,
    )


async def gather_trigger(client: "KubeClient", kind: TriggerKind, command: str, trigger: JsonObject) -> TriggerFacts:
    """The facts of a trigger that has been read. Raises `KubeError`."""
    namespace = trigger["metadata"]["namespace"]
    named = (trigger.get("spec") or {}).get("function-name")
    functions = (await client.list(FUNCTIONS, namespace=namespace)).items
    meant = [each for each in functions if selects(trigger, each)][:_FUNCTIONS_SHOWN]
    facts = await asyncio.gather(
        *(gather_function(client, each["metadata"]["name"], namespace, function=each) for each in meant)
    )
    if named and not meant:
        facts = [FunctionFacts(name=str(named), flag=flag_of(client, namespace), function=None)]
    return TriggerFacts(
        kind=kind,
        command=command,
        name=trigger["metadata"]["name"],
        flag=flag_of(client, namespace),
        trigger=trigger,
        functions=facts,
        others=[each for each in functions if not selects(trigger, each)],
    )


async def triggers_of(client: "KubeClient", kind: TriggerKind, function: JsonObject) -> list[JsonObject]:
    """The triggers of a kind that mean a function."""
    found = await _readable(client.list(kind.resource, namespace=function["metadata"]["namespace"]))
    return [] if found is None else [each for each in found.items if selects(each, function)]


def flag_of(client: "KubeClient", namespace: str) -> str:
    """What names the namespace on the command line, if it has to be named."""
    return "" if namespace == client.namespace else f" -n {namespace}"


async def _runtimes(client: "KubeClient") -> list[str] | None:
    try:
        return (await server_catalog(client)).ids()
    except ConfigUnreadable:
        return None


async def _endpoints(client: "KubeClient", name: str, namespace: str) -> int | None:
    found = await _readable(
        client.list(ENDPOINT_SLICES, namespace=namespace, label_selector=f"kubernetes.io/service-name={name}")
    )
    return None if found is None else sum(map(_ready_addresses, found.items))


def _ready_addresses(endpoint_slice: JsonObject) -> int:
    """Endpoints without a word on their readiness are ready, as the API defines."""
    ready = (
        each for each in endpoint_slice.get("endpoints") or [] if (each.get("conditions") or {}).get("ready", True)
    )
    return sum(len(each.get("addresses") or []) for each in ready)


async def _readable(reading: Awaitable[Value]) -> Value | None:
    try:
        return await reading
    except (Forbidden, NotFound):
        return None
