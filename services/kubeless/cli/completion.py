"""
`kubeless completion SHELL`: the script that makes TAB work.

The scripts ask the command itself at every TAB, so names of functions and triggers are those of the cluster.
"""

import click

from kubeless.cli import output
from kubeless.cli.commands import Command

_SHELLS = ("bash", "zsh", "fish", "powershell")


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """
    Print the completion script of a shell.

    \b
    bash:        source <(kubeless completion bash)
    zsh:         source <(kubeless completion zsh)
    fish:        kubeless completion fish | source
    powershell:  kubeless completion powershell | Out-String | Invoke-Expression
    """
    from click.shell_completion import ShellComplete, get_completion_class

    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"no completion for {shell}", context)
    made = completion(context.find_root().command, {}, "kubeless", "_KUBELESS_COMPLETE")
    # Not `made.source()`: bash's starts the bash of this machine, which need not be the one the script is for.
    output.write(ShellComplete.source(made))
