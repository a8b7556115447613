"""
The command `kubeless`.

Everything that can go wrong ends here, as an exit code and a line on stderr (see `failure`). Nothing slow is imported
before a command needs it: `kubeless --help` is a matter of tens of milliseconds.
"""

import os
import sys
from collections.abc import Sequence

import click

from kubeless.cli import failure
from kubeless.cli.commands import CommandPlace, LazyGroup
from kubeless.cli.options import cluster_options

COMPLETION_VARIABLE = "_KUBELESS_COMPLETE"
"""Set by the completion scripts (see `completion`) when they want an answer instead of a command."""

_COMMANDS = {
    "function": CommandPlace("kubeless.cli.function.group:group", "Deploy, change, call and watch functions"),
    "trigger": CommandPlace("kubeless.cli.trigger.group:group", "Bind events to functions"),
    "autoscale": CommandPlace("kubeless.cli.autoscale.group:group", "Scale functions by their load"),
    "topic": CommandPlace("kubeless.cli.topic.group:group", "Manage topics of Kafka, and publish to them"),
    "stream": CommandPlace("kubeless.cli.stream.group:group", "Manage streams of NATS JetStream"),
    "deadletter": CommandPlace("kubeless.cli.deadletter.group:group", "See and repeat events that failed"),
    "explain": CommandPlace(
        "kubeless.cli.explain.command:command", "Say why something does not work, and what mends it"
    ),
    "migrate": CommandPlace("kubeless.cli.migrate.command:command", "Turn old manifests into the form of today"),
    "local": CommandPlace("kubeless.cli.local:group", "Run the whole platform on this machine"),
    "get-server-config": CommandPlace("kubeless.cli.serverconfig:command", "Print the runtimes that the server knows"),
    "crds": CommandPlace("kubeless.cli.crds:command", "Print the custom resource definitions as YAML"),
    "manifests": CommandPlace("kubeless.cli.manifests:command", "Print everything that a cluster needs as YAML"),
    "completion": CommandPlace("kubeless.cli.completion:command", "Print the completion script of a shell"),
    "version": CommandPlace("kubeless.cli.version:command", "Print the version"),
    "help": CommandPlace("kubeless.cli.help:command", "Print the help of a command"),
}


@click.command(cls=LazyGroup, places=_COMMANDS)
@cluster_options
def root() -> None:
    """Serverless functions on Kubernetes, and on this machine."""


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line (default: the one of this process); the exit code."""
    try:
        code = _run(sys.argv[1:] if args is None else args)
        sys.stdout.flush()  # here, where a reader that has left is still noticed
    except BrokenPipeError:
        return failure.broken_pipe()
    else:
        return code


def _run(args: Sequence[str]) -> int:
    # Not `root.main()`, which knows no other code than 1 for an interrupt or a reader that has left.
    try:
        if instruction := os.environ.get(COMPLETION_VARIABLE):
            return _complete(instruction)
        with root.make_context("kubeless", list(args)) as context:
            result = root.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        return _report_usage(error)
    except (click.Abort, KeyboardInterrupt):
        return failure.INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # the one place where every error becomes a message
        return failure.report(error)
    return result if isinstance(result, int) else 0


def _complete(instruction: str) -> int:
    """Answer the completion script of a shell."""
    from click.shell_completion import shell_complete

    return shell_complete(root, {}, "kubeless", COMPLETION_VARIABLE, instruction)


def _report_usage(error: click.UsageError) -> int:
    click.echo(f"Error: {error.format_message()}", err=True)
    if error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
        click.echo(f"Try '{error.ctx.command_path} --help' for help.", err=True)
    return failure.ERROR


if __name__ == "__main__":
    sys.exit(main())
