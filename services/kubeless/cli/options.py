"""
Flags and arguments that many commands share, spelled once.

`--kubeconfig` and `--context` are taken before or after the command's name; the one nearer to the command wins.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kubeless.cli.livenames import complete_functions

AnyCallable = TypeVar("AnyCallable", bound=Callable[..., Any])

KUBECONFIG_KEY = "kubeless.cli.kubeconfig"
CONTEXT_KEY = "kubeless.cli.context"
"""Where the choice of a cluster lies in `click.Context.meta`."""


def cluster_options(command: AnyCallable) -> AnyCallable:
    """Which cluster: its flags are kept in the context, where `cluster.connect` finds them. Once per command."""
    if any(parameter.name == "kubeconfig" for parameter in getattr(command, "__click_params__", ())):
        return command
    context = click.option(
        "--context", metavar="NAME", expose_value=False, callback=_remember(CONTEXT_KEY), help="Context to use."
    )
    kubeconfig = click.option(
        "--kubeconfig",
        metavar="FILE",
        expose_value=False,
        callback=_remember(KUBECONFIG_KEY),
        help="Kubeconfig file to use (default: $KUBECONFIG, the cluster we run in, ~/.kube/config, a local platform).",
    )
    return kubeconfig(context(command))


def namespace_option(command: AnyCallable) -> AnyCallable:
    """`-n/--namespace`, together with the choice of a cluster."""
    option = click.option("-n", "--namespace", metavar="NAME", help="Namespace (default: that of the context).")
    return option(cluster_options(command))


def output_option(*formats: str) -> Callable[[AnyCallable], AnyCallable]:
    """`-o` for commands that print objects. Both spellings of the long name have been in use."""
    return click.option(
        "-o", "--out", "--output", "format_name", default="", metavar="|".join(formats), help="Output format."
    )


def dry_run_options(command: AnyCallable) -> AnyCallable:
    """`--dryrun` and the format of what it prints."""
    output = click.option(
        "-o",
        "--output",
        "--out",
        "format_name",
        default="yaml",
        show_default=True,
        metavar="yaml|json",
        help="Dry run format.",
    )
    dry_run = click.option("--dryrun", "--dry-run", "dry_run", is_flag=True, help="Print the object, change nothing.")
    return dry_run(output(command))


def function_name(command: AnyCallable) -> AnyCallable:
    """The name of a function, which shells complete."""
    return name_argument("function name", complete=complete_functions)(command)


def name_argument(
    what: str, *, complete: Callable[[click.Context, click.Parameter, str], list[str]] | None = None
) -> Callable[[AnyCallable], AnyCallable]:
    """Exactly one name; `what` it names is said when there is none or more than one."""

    def exactly_one(context: click.Context, _: click.Parameter, values: tuple[str, ...]) -> str:
        if len(values) == 1:
            return values[0]
        if context.resilient_parsing:
            return ""
        raise click.UsageError(f"Need exactly one argument - {what}", context)

    return click.argument("name", nargs=-1, metavar="NAME", callback=exactly_one, shell_complete=complete)


def _remember(key: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    def remember(context: click.Context, _: click.Parameter, value: str | None) -> str | None:
        if value is not None:
            context.meta[key] = value
        return value

    return remember
