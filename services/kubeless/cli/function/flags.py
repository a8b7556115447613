"""
The flags that `function deploy` and `function update` share, and how they become `FunctionSettings`.

None of them has a default here, so that "not given" can be told from a default; the help texts name the defaults of a
deployment.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kubeless.cli.function.settings import check_flags
from kubeless.cli.keyvalues import list_callback, pairs_callback
from kubeless.cli.options import dry_run_options, namespace_option
from kubeless.manage.functionsettings import FunctionSettings

AnyCallable = TypeVar("AnyCallable", bound=Callable[..., Any])

_PAIRS: dict[str, Any] = {"multiple": True, "callback": pairs_callback, "metavar": "KEY=VALUE,…"}
_LIST: dict[str, Any] = {"multiple": True, "callback": list_callback, "metavar": "NAME,…"}

_OPTIONS = (
    click.option("-r", "--runtime", metavar="ID", help="Runtime, such as python3.11 (see get-server-config)."),
    click.option("--handler", metavar="FILE.FUNC", help="What to call: file name without suffix, dot, function."),
    click.option("-f", "--from-file", metavar="FILE|URL", help="Source code: a file, an archive, or where to get it."),
    click.option("-d", "--dependencies", metavar="FILE|URL", help="Dependency file, such as requirements.txt."),
    click.option("-l", "--label", "labels", **_PAIRS, help="Labels of the function."),
    click.option("-e", "--env", **_PAIRS, help="Environment variables of the function."),
    click.option("--secrets", **_LIST, help="Secrets to mount, each at /<name>."),
    click.option("--node-selectors", **_PAIRS, help="Labels of the nodes to run on."),
    click.option("--service-account", metavar="NAME", help="Service account of the pods."),
    click.option("--memory", metavar="QUANTITY", help="Memory to request, and its limit, such as 128Mi."),
    click.option("--cpu", metavar="QUANTITY", help="CPU to request, and its limit, such as 0.5."),
    click.option("--runtime-image", "image", metavar="IMAGE", help="Custom runtime image."),
    click.option("--image-pull-policy", metavar="POLICY", help="IfNotPresent, Always or Never (default: Always)."),
    click.option("--timeout", metavar="SECONDS", help="How long a call may take (default: 180)."),
    click.option("--port", type=int, metavar="NUMBER", help="Port of function and Service (default: 8080)."),
    click.option(
        "--servicePort", "service_port", type=int, metavar="NUMBER", help="Port of the Service, if different."
    ),
    click.option("--headless/--no-headless", default=None, help="Service without an address of its own."),
)

_WAITING = (
    click.option("--wait", is_flag=True, help="Come back when the function is ready, or cannot become so."),
    click.option(
        "--wait-timeout",
        "--timeout-wait",
        type=click.FloatRange(min=0, min_open=True),
        default=60.0,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait.",
    ),
)


def function_options(command: AnyCallable) -> AnyCallable:
    """All of the shared flags, with dry run, waiting and the choice of a namespace."""
    for option in reversed((*_OPTIONS, *_WAITING)):
        command = option(command)
    return namespace_option(dry_run_options(command))


async def read_settings(flags: dict[str, Any]) -> FunctionSettings:
    """
    Check the flags and read the files they name.

    Raises:
        Fatal: a value that cannot be right, or a file that cannot be read.
    """
    from kubeless.cli.source import read_source, read_text

    check_flags(flags)
    place, deps = flags["from_file"], flags["dependencies"]
    return FunctionSettings(
        runtime=flags["runtime"],
        handler=flags["handler"],
        source=await read_source(place) if place else None,
        deps=await read_text(deps) if deps else None,
        labels=flags["labels"],
        env=flags["env"],
        secrets=flags["secrets"],
        node_selectors=flags["node_selectors"],
        service_account=flags["service_account"],
        memory=flags["memory"],
        cpu=flags["cpu"],
        image=flags["image"],
        image_pull_policy=flags["image_pull_policy"],
        timeout=flags["timeout"],
        port=flags["port"],
        service_port=flags["service_port"],
        headless=flags["headless"],
    )
