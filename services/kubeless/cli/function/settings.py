"""The checks of what `function deploy` and `function update` are told about a function that need no cluster."""

import re
from collections.abc import Sequence
from typing import Any

from kubeless.cli.failure import Fatal
from kubeless.cli.schedule import problem_of
from kubeless.manage.quantity import is_quantity

_VOLUME_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,57}[a-z0-9])?")
"""A Secret is mounted through a volume `<secret>-vol`, whose name is a label of DNS (RFC 1123): 63 characters."""

PULL_POLICIES = ("IfNotPresent", "Always", "Never")


def check_flags(flags: dict[str, Any]) -> None:
    """
    Refuse values that no cluster could accept; `flags` are the parameters of the command.

    Raises:
        Fatal: with the text that scripts know.
    """
    _check_schedule(flags.get("schedule"))
    if flags["image_pull_policy"] not in (None, *PULL_POLICIES):
        raise Fatal(f"image-pull-policy must be {{{'|'.join(PULL_POLICIES)}}}")
    if flags["port"] is not None and not 1 <= flags["port"] <= 65535:
        raise Fatal(f"Invalid port number {flags['port']} specified")
    if flags["service_port"] is not None and not 0 <= flags["service_port"] <= 65535:
        raise Fatal(f"Invalid servicePort number {flags['service_port']} specified")
    _check_quantity("Wrong format of the memory value", flags["memory"])
    _check_quantity("Wrong format for cpu value", flags["cpu"])
    _check_timeout(flags["timeout"])
    _check_secrets(flags.get("secrets") or ())


def check_complete(*, runtime: str | None, image: str | None, handler: str | None) -> None:
    """
    Whether a new function has all it needs.

    Raises:
        Fatal: with the text that scripts know.
    """
    if not runtime and not image:
        raise Fatal("Either `--runtime` or `--runtime-image` flag must be specified.")
    if runtime and not handler:
        raise Fatal("You must specify handler for the runtime.")


def _check_schedule(schedule: str | None) -> None:
    problem = problem_of(schedule) if schedule else None
    if problem:
        raise Fatal(f"Invalid value for --schedule. {problem}")


def _check_quantity(complaint: str, value: str | None) -> None:
    if value and not is_quantity(value):
        raise Fatal(f"{complaint}: {value!r} is no quantity; give one such as 128Mi or 500m")


def _check_timeout(timeout: str | None) -> None:
    if timeout and not (timeout.isascii() and timeout.isdecimal() and int(timeout) > 0):
        raise Fatal(f"Invalid timeout {timeout!r} specified; give whole seconds, such as 180")


def _check_secrets(secrets: Sequence[str]) -> None:
    for secret in secrets:
        if not _VOLUME_NAME.fullmatch(secret):
            raise Fatal(
                f"Invalid name {secret[:80]!r} in --secrets; give names of lower case letters, digits and dashes,"
                " such as my-secret"
            )
