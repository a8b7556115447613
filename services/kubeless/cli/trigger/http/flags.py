"""The flags that `trigger http create` and `trigger http update` share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kubeless.cli.livenames import complete_functions
from kubeless.cli.options import dry_run_options, namespace_option
from kubeless.cli.trigger.http.build import HTTPTriggerSettings

AnyCallable = TypeVar("AnyCallable", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--path", metavar="PATH", help="Prefix of the path, such as v1/bills (default: every path)."),
    click.option("--hostname", "host", metavar="HOST", help="Host (default: <function>.<API server>.nip.io)."),
    click.option("--gateway", metavar="NAME", help="nginx, traefik or kong (default: nginx)."),
    click.option("--enableTLSAcme/--no-enableTLSAcme", "tls_acme", default=None, help="Get a certificate by ACME."),
    click.option("--tls-secret", metavar="NAME", help="Secret with the certificate."),
    click.option("--basic-auth-secret", metavar="NAME", help="Secret whose key 'auth' holds htpasswd lines."),
    click.option("--cors-enable/--no-cors-enable", "cors", default=None, help="Answer requests from other origins."),
)


def http_trigger_options(*, function_required: bool) -> Callable[[AnyCallable], AnyCallable]:
    """All of them, with dry run and the choice of a namespace."""

    def decorate(command: AnyCallable) -> AnyCallable:
        function = click.option(
            "--function-name",
            "function",
            required=function_required,
            metavar="NAME",
            shell_complete=complete_functions,
            help="Function to call.",
        )
        for option in reversed((function, *_OPTIONS)):
            command = option(command)
        return namespace_option(dry_run_options(command))

    return decorate


def read_settings(flags: dict[str, Any]) -> HTTPTriggerSettings:
    """The checked settings; raises `Fatal`."""
    names = ("function", "path", "host", "gateway", "tls_acme", "tls_secret", "basic_auth_secret", "cors")
    settings = HTTPTriggerSettings(**{name: flags[name] for name in names})
    settings.check()
    return settings
