"""The flags of `trigger http create` and `update`."""

import click

from kubeless.cli.trigger.flags import Decorator, all_of, function_option

_OPTIONS = (
    click.option("--path", metavar="PATH", help="Prefix of the path, such as v1/bills (default: every path)."),
    click.option("--hostname", "host", metavar="HOST", help="Host (default: <function>.<API server>.nip.io)."),
    click.option("--gateway", metavar="NAME", help="nginx, traefik or kong (default: nginx)."),
    click.option("--enableTLSAcme/--no-enableTLSAcme", "tls_acme", default=None, help="Get a certificate by ACME."),
    click.option("--tls-secret", metavar="NAME", help="Secret with the certificate."),
    click.option("--basic-auth-secret", metavar="NAME", help="Secret whose key 'auth' holds htpasswd lines."),
    click.option("--cors-enable/--no-cors-enable", "cors", default=None, help="Answer requests from other origins."),
)


def http_trigger_options(*, required: bool) -> Decorator:
    """What to call and where, by the names of `build.HTTPWanted`."""
    return all_of(function_option("--function-name", required=required), *_OPTIONS)
