"""`kubeless explain`: why does it not work, and what mends it."""

import asyncio
from typing import TYPE_CHECKING

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.livenames import complete_subjects
from kubeless.cli.options import namespace_option, output_option

if TYPE_CHECKING:
    from kubeless.cli.explain.finding import Finding
    from kubeless.cli.explain.subject import Subject
    from kubeless.kube.client import KubeClient


@click.command(cls=Command)
@click.argument("words", nargs=-1, required=True, metavar="KIND/NAME", shell_complete=complete_subjects)
@output_option("json", "yaml")
@namespace_option
def command(words: tuple[str, ...], format_name: str, namespace: str | None) -> None:
    """
    Say what is wrong with a function or a trigger, and which command mends it.

    Follows the way of an event: broker, trigger, function, Service and endpoints. KIND is function, http, kafka,
    nats or cronjob.
    """
    from kubeless.cli.explain.finding import as_object, as_text
    from kubeless.cli.explain.subject import read_subject

    if format_name not in ("", "json", "yaml"):
        raise output.wrong_format()
    subject = read_subject(words)
    findings = asyncio.run(_findings(subject, namespace))
    match format_name:
        case "json":
            output.write(output.to_json(as_object(subject.text, findings), indent=2))
        case "yaml":
            output.write(output.to_yaml(as_object(subject.text, findings)))
        case _:
            output.write_lines(as_text(subject.text, findings))


async def _findings(subject: "Subject", namespace: str | None) -> "list[Finding]":
    from kubeless.cli.cluster import connect

    async with connect() as client:
        scope = namespace or client.namespace
        if subject.kind == "function":
            return await _of_function(client, subject.name, scope)
        return await _of_trigger(client, subject, scope)


async def _of_function(client: "KubeClient", name: str, namespace: str) -> "list[Finding]":
    """The function, and the triggers that mean it."""
    from kubeless.cli.explain.functionchain import explain_function
    from kubeless.cli.explain.gather import gather_function, gather_trigger, triggers_of
    from kubeless.cli.explain.subject import TRIGGERS
    from kubeless.cli.explain.triggerchain import explain_trigger

    facts = await gather_function(client, name, namespace)
    found = explain_function(facts)
    if facts.function is None:
        return found
    for command_name, kind in TRIGGERS.items():
        for trigger in await triggers_of(client, kind, facts.function):
            of_trigger = explain_trigger(await gather_trigger(client, kind, command_name, trigger))
            found += [each for each in of_trigger if each.link.startswith((f"{command_name} ", "broker"))]
    return list(dict.fromkeys(found))


async def _of_trigger(client: "KubeClient", subject: "Subject", namespace: str) -> "list[Finding]":
    from kubeless.cli.explain.gather import gather_trigger
    from kubeless.cli.explain.subject import TRIGGERS
    from kubeless.cli.explain.triggerchain import explain_trigger
    from kubeless.cli.trigger.objects import find_trigger

    kind = TRIGGERS[subject.kind]
    trigger = await find_trigger(client, kind.resource, subject.name, namespace, title=kind.title)
    return explain_trigger(await gather_trigger(client, kind, subject.kind, trigger))
