"""`kubeless local`: the whole platform on this machine, in one process, without Docker or a cluster."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubeless.cli import messages, output
from kubeless.cli.commands import CONTEXT_SETTINGS, Command
from kubeless.cli.failure import ERROR

if TYPE_CHECKING:
    from kubeless.local.platform import Platform, PlatformSettings
    from kubeless.local.state import DataDir

AnyCallable = TypeVar("AnyCallable", bound=Callable[..., Any])

_LOG_LEVELS = ("debug", "info", "warning", "error")


def _data_dir_option(command: AnyCallable) -> AnyCallable:
    return click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path(".kubeless"),
        show_default=True,
        help="Folder of the platform's state and of its kubeconfig.",
    )(command)


def _port_option(name: str, default: int) -> Callable[[AnyCallable], AnyCallable]:
    return click.option(name, type=click.IntRange(0, 65535), default=default, show_default=True, help="0: any free.")


def _platform_options(command: AnyCallable) -> AnyCallable:
    options = (
        _port_option("--api-port", 8082),
        _port_option("--gateway-port", 8080),
        _port_option("--gateway-tls-port", 8443),
        _port_option("--kafka-port", 9092),
        _port_option("--nats-port", 4222),
        click.option(
            "--kafka-brokers", default="", metavar="HOST:PORT,...", help="Brokers to use instead of the embedded one."
        ),
        click.option("--nats-url", default="", metavar="URL,...", help="NATS servers to use instead of starting one."),
        _port_option("--portal-port", 8081),
        click.option("--no-portal", "portal", is_flag=True, flag_value=False, default=True, help="Without the portal."),
        click.option("--ephemeral", is_flag=True, help="Keep the objects in memory only."),
        click.option("--log-level", type=click.Choice(_LOG_LEVELS), default="info", show_default=True),
        _data_dir_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group("local", context_settings=CONTEXT_SETTINGS)
def group() -> None:
    """Run the whole platform on this machine."""


@group.command("up", cls=Command)
@_platform_options
@click.option("-d", "--detach", is_flag=True, help="Run in the background; return when it is ready.")
def up(*, detach: bool, data_dir: Path, log_level: str, **choices: Any) -> int:
    """Start the platform, and stay until Ctrl-C unless detached."""
    if detach:
        return _up_in_background(data_dir, log_level, choices)

    async def on_ready(platform: "Platform") -> bool:
        _welcome(platform.addresses, data_dir)
        return True

    _run(_settings(data_dir, **choices), log_level, on_ready)
    return 0


@group.command("demo", cls=Command)
@_platform_options
@click.argument("examples", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--once", is_flag=True, help="Stop after the table; exit code 0 only if every answer was right.")
def demo(*, examples: Path, once: bool, data_dir: Path, log_level: str, **choices: Any) -> int:
    """Start the platform, deploy EXAMPLES, and send an event through every trigger."""
    from kubeless.cli.demo import run_demo

    all_right = False

    async def on_ready(platform: "Platform") -> bool:
        nonlocal all_right
        all_right = await run_demo(platform, examples)
        if not once:
            _welcome(platform.addresses, data_dir)
        return not once

    _run(_settings(data_dir, **choices), log_level, on_ready)
    return 0 if all_right or not once else ERROR


@group.command("down", cls=Command)
@_data_dir_option
def down(*, data_dir: Path) -> None:
    """Stop the platform; its objects are kept."""
    from kubeless.local import daemon

    if daemon.stop(_folder(data_dir)):
        messages.info("The local platform is stopped")
    else:
        messages.info(f"No local platform runs on {data_dir}")


@group.command("status", cls=Command)
@_data_dir_option
@click.option("-o", "--output", "form", type=click.Choice(["table", "json"]), default="table", help="Output format.")
def status(*, data_dir: Path, form: str) -> int:
    """Tell whether the platform runs, and where its parts listen. The exit code is 1 while it is not ready."""
    state = _folder(data_dir).read()
    if form == "json":
        output.write(json.dumps(asdict(state)) + "\n")
    elif state.ready:
        output.write(_address_table(state.addresses))
    else:
        messages.info("The local platform is starting" if state.pid else f"No local platform runs on {data_dir}")
    return 0 if state.ready else ERROR


@group.command("logs", cls=Command)
@_data_dir_option
@click.option("-f", "--follow", is_flag=True, help="Go on with what is logged from now on.")
def logs(*, data_dir: Path, follow: bool) -> None:
    """Print what the platform's own parts log. For functions see `kubeless function logs`."""
    from kubeless.local.daemon import read_log

    for part in read_log(_folder(data_dir), follow=follow):
        output.write(part)


@group.command("reset", cls=Command)
@_data_dir_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(*, data_dir: Path, yes: bool) -> None:
    """Remove the state of a stopped platform: every object, function and log."""
    from kubeless.local import daemon

    if not yes:
        click.confirm(f"Remove {data_dir} with every function and object in it?", abort=True, err=True)
    if daemon.reset(_folder(data_dir)):
        messages.info(f"Removed {data_dir}")
    else:
        messages.info(f"There is no {data_dir}")


def _up_in_background(data_dir: Path, log_level: str, choices: dict[str, Any]) -> int:
    from kubeless.local import daemon

    arguments = _as_arguments({"data_dir": data_dir, "log_level": log_level, **choices})
    state = daemon.start(_folder(data_dir), arguments)
    _welcome(state.addresses, data_dir)
    return 0


def _as_arguments(choices: dict[str, Any]) -> list[str]:
    """The options of `kubeless local up` that make these choices."""
    arguments: list[str] = []
    for name, value in choices.items():
        option = f"--{name.replace('_', '-')}"
        if name == "portal":
            arguments += [] if value else ["--no-portal"]
        elif isinstance(value, bool):
            arguments += [option] if value else []
        else:
            arguments += [option, str(value)]
    return arguments


def _run(settings: "PlatformSettings", log_level: str, on_ready: "Callable[[Platform], Awaitable[bool]]") -> None:
    from kubeless.core import lifecycle, logs
    from kubeless.local.up import up

    settings.data_dir.create()
    logs.configure(level=log_level, file=settings.data_dir.log)
    lifecycle.run(up(settings, on_ready=on_ready))


def _settings(data_dir: Path, **choices: Any) -> "PlatformSettings":
    from kubeless.local.platform import PlatformSettings

    return PlatformSettings(data_dir=_folder(data_dir), **choices)


def _folder(data_dir: Path) -> "DataDir":
    from kubeless.local.state import DataDir

    return DataDir(data_dir.absolute())


def _welcome(addresses: dict[str, str], data_dir: Path) -> None:
    output.write(f"{_address_table(addresses)}\nexport KUBECONFIG={_folder(data_dir).kubeconfig}\n")


def _address_table(addresses: dict[str, str]) -> str:
    return output.table([("PART", "ADDRESS"), *addresses.items()])
