"""
Names of live objects for the shell to complete.

A person waits with a finger on TAB: whatever happens, the answer comes soon, and trouble is no answer rather than a
message in the middle of the command line.
"""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from kubeless.api.resource import Resource

_PATIENCE = 2.0
"""Seconds."""


def complete_functions(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of functions in the namespace that the command line names so far."""
    from kubeless.api.resource import FUNCTIONS

    return _complete(context, FUNCTIONS, incomplete)


def complete_http_triggers(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of HTTP triggers, likewise."""
    from kubeless.api.resource import HTTP_TRIGGERS

    return _complete(context, HTTP_TRIGGERS, incomplete)


def complete_kafka_triggers(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of Kafka triggers, likewise."""
    from kubeless.api.resource import KAFKA_TRIGGERS

    return _complete(context, KAFKA_TRIGGERS, incomplete)


def complete_nats_triggers(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of NATS triggers, likewise."""
    from kubeless.api.resource import NATS_TRIGGERS

    return _complete(context, NATS_TRIGGERS, incomplete)


def complete_cronjob_triggers(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Names of cronjob triggers, likewise."""
    from kubeless.api.resource import CRONJOB_TRIGGERS

    return _complete(context, CRONJOB_TRIGGERS, incomplete)


def complete_letter_triggers(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of the triggers that can have dead letters, of the kind that the command line names so far."""
    kind = context.params.get("kind")
    kafka = [] if kind == "nats" else complete_kafka_triggers(context, parameter, incomplete)
    nats = [] if kind == "kafka" else complete_nats_triggers(context, parameter, incomplete)
    return sorted({*kafka, *nats})


def complete_subjects(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """`<kind>/<name>`: kinds before the slash, names of live objects behind it."""
    kinds = {
        "function": complete_functions,
        "http": complete_http_triggers,
        "kafka": complete_kafka_triggers,
        "nats": complete_nats_triggers,
        "cronjob": complete_cronjob_triggers,
    }
    kind, slash, name = incomplete.partition("/")
    if not slash:
        return [f"{each}/" for each in kinds if each.startswith(kind)]
    return [f"{kind}/{each}" for each in kinds[kind](context, parameter, name)] if kind in kinds else []


def _complete(context: click.Context, resource: "Resource", incomplete: str) -> list[str]:
    import asyncio

    from kubeless.core.errors import KubelessError

    try:
        names = asyncio.run(_names(context, resource))
    except (KubelessError, OSError):  # TimeoutError is an OSError
        return []
    return sorted(name for name in names if name.startswith(incomplete))


async def _names(context: click.Context, resource: "Resource") -> list[str]:
    import asyncio

    from kubeless.cli.cluster import connect

    async with asyncio.timeout(_PATIENCE), connect(context) as cluster:
        namespace = context.params.get("namespace") or cluster.namespace
        found = await cluster.list(resource, namespace=namespace)
        return [item["metadata"]["name"] for item in found.items]
