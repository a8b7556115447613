"""
The command line as a page of documentation: `python -m kubeless.cli.reference > docs/cli.md`.

The page is made from the commands themselves, so it cannot say anything else than they do.
"""

import re
import sys
from collections.abc import Iterator

import click

from kubeless.cli.commands import LazyGroup
from kubeless.cli.main import root

_INTRODUCTION = """\
# Command line

This page is made from the commands: `python -m kubeless.cli.reference > docs/cli.md`.

Data goes to stdout, everything else to stderr. The exit code is 0 for success, 1 for an error or a command line that
makes no sense, 130 for Ctrl-C. Flags that take a list may be given several times, and each value is
comma-separated. Every command has `-h, --help`.

`--kubeconfig` and `--context` are taken before or after the name of a command. Without them the cluster is that of
`$KUBECONFIG`, the cluster that the command runs in, that of `~/.kube/config`, or a local platform in this folder or
one above it. The default namespace is that of the context.
"""

_SHARED = frozenset({"kubeconfig", "context", "help"})
"""Flags that the introduction tells of, once."""


def reference() -> str:
    """The page, as Markdown."""
    parts = [_INTRODUCTION]
    for path, aliases, command in _walk(root, "kubeless", ()):
        parts.append(_section(path, aliases, command))
    return "\n".join(parts)


def _walk(
    command: click.Command, path: str, aliases: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...], click.Command]]:
    if command is not root:
        yield path, aliases, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None and not found.hidden:
                yield from _walk(found, f"{path} {name}", _aliases(command, name))


def _aliases(group: click.Group, name: str) -> tuple[str, ...]:
    return group.aliases_of(name) if isinstance(group, LazyGroup) else ()


def _section(path: str, aliases: tuple[str, ...], command: click.Command) -> str:
    lines = [f"{'#' * min(path.count(' ') + 1, 4)} {path}", "", _escaped(_text(command)), ""]
    if isinstance(command, click.Group):
        return "\n".join(lines)
    arguments = [_argument(command, each) for each in command.params if isinstance(each, click.Argument)]
    lines += ["```", " ".join((path, *arguments, "[flags]")), "```", ""]
    if aliases:
        lines += [f"Also: {', '.join(f'`{each}`' for each in aliases)}.", ""]
    options = [each for each in command.params if isinstance(each, click.Option) and each.name not in _SHARED]
    if options:
        lines += ["| Flag | Meaning |", "|---|---|", *(_row(command, each) for each in options), ""]
    return "\n".join(lines)


def _text(command: click.Command) -> str:
    """Paragraphs of the help; one marked with a backspace keeps its lines."""
    paragraphs = re.split(r"\n\s*\n", (command.help or "").strip())
    shown = []
    for paragraph in paragraphs:
        lines = [line.strip() for line in paragraph.splitlines()]
        if lines[0] == "\b":
            shown.append("\n".join(["```", *lines[1:], "```"]))
        else:
            shown.append(" ".join(lines))
    return "\n\n".join(shown)


def _argument(command: click.Command, argument: click.Argument) -> str:
    return argument.make_metavar(click.Context(command))


def _row(command: click.Command, option: click.Option) -> str:
    names, meaning = option.get_help_record(click.Context(command)) or ("", "")
    return f"| `{_cell(names)}` | {_cell(_escaped(meaning))} |"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", r"\|")


def _escaped(text: str) -> str:
    """Text in which Markdown sees nothing but text."""
    return text.replace("<", "&lt;").replace("*", r"\*")


if __name__ == "__main__":
    sys.stdout.write(reference())
