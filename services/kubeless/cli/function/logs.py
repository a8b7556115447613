"""
`kubeless function logs`.

A function has as many logs as pods. One pod's lines are printed as they are; of several, each line begins with the
name of its pod.
"""

import asyncio
import re
from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from kubeless.cli import output
from kubeless.cli.commands import Command
from kubeless.cli.failure import Fatal
from kubeless.cli.options import function_name, namespace_option

if TYPE_CHECKING:
    from kubeless.core.jsontypes import JsonObject
    from kubeless.kube.client import KubeClient

_LINE_LIMIT = 65_536
"""Bytes of an unfinished line that are kept before they are printed as one."""

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")


def read_seconds(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """`90`, `90s`, `5m` or `1h30m` in seconds."""
    if value is None:
        return None
    found = _DURATION.fullmatch(value)
    if not value or found is None:
        raise click.BadParameter(f"{value!r} is no duration; give one such as 30s, 5m or 1h30m", context, parameter)
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return max(hours * 3600 + minutes * 60 + seconds, 1)


@click.command(cls=Command)
@function_name
@click.option("-f", "--follow", is_flag=True, help="Go on printing as lines are logged.")
@click.option("--tail", type=click.IntRange(min=0), metavar="LINES", help="Only the last lines of each pod.")
@click.option("--since", callback=read_seconds, metavar="DURATION", help="Only what is younger, such as 5m.")
@namespace_option
def command(name: str, follow: bool, tail: int | None, since: int | None, namespace: str | None) -> None:
    """Print the logs of a function."""
    asyncio.run(_logs(name, namespace, follow=follow, tail=tail, since=since))


async def _logs(name: str, namespace: str | None, *, follow: bool, tail: int | None, since: int | None) -> None:
    from kubeless.cli.cluster import connect
    from kubeless.manage.pods import function_pods, is_ready

    async with connect() as client:
        scope = namespace or client.namespace
        pods = [pod for pod in await function_pods(client, scope, name) if is_ready(pod)]
        if not pods:
            raise Fatal("No function pod is running: there is no pod ready")
        reader = LogReader(client, scope, name, follow=follow, tail=tail, since=since)
        await reader.print_all(pods)


class LogReader:
    """Prints the logs of pods, whole lines at a time."""

    def __init__(
        self, client: "KubeClient", namespace: str, function: str, *, follow: bool, tail: int | None, since: int | None
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._function = function
        self._follow = follow
        self._tail = tail
        self._since = since

    async def print_all(self, pods: "list[JsonObject]") -> None:
        """Followed logs are mixed as they come; finished ones are printed one after the other."""
        names = [pod["metadata"]["name"] for pod in pods]
        prefixes = {name: f"[{name}] ".encode() if len(names) > 1 else b"" for name in names}
        if not self._follow:
            for name in names:
                await self._print(name, prefixes[name])
            return
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(self._print(name, prefixes[name]))

    async def _print(self, pod: str, prefix: bytes) -> None:
        rest = b""
        chunks = self._client.logs(
            pod,
            namespace=self._namespace,
            container=self._function,
            follow=self._follow,
            tail_lines=self._tail,
            since_seconds=self._since,
        )
        async with aclosing(chunks):
            async for chunk in chunks:
                lines, rest = whole_lines(rest + chunk)
                output.write_bytes(b"".join(prefix + line for line in lines))
        if rest:
            output.write_bytes(prefix + rest + b"\n")


def whole_lines(data: bytes) -> tuple[list[bytes], bytes]:
    """The lines in `data` with their ends, and what is left over."""
    end = data.rfind(b"\n") + 1
    lines, rest = data[:end].splitlines(keepends=True), data[end:]
    return ([*lines, rest + b"\n"], b"") if len(rest) > _LINE_LIMIT else (lines, rest)
