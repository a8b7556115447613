"""The specs of HTTPTriggers that the commands write, and the checks that need no cluster."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from kubeless.cli.failure import Fatal
from kubeless.core.jsontypes import JsonObject

GATEWAYS = ("nginx", "traefik", "kong")

_HOST_LIMIT = 253
_HOST = re.compile(r"(?:\*\.)?[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\.?", re.IGNORECASE)
"""A name of DNS, whose first label may be a wildcard, as `spec.rules[].host` of an Ingress."""

DEFAULT_GATEWAY = "nginx"


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPWanted:
    """See `Wanted`; None is "not given"."""

    function: str | None = None
    path: str | None = None
    host: str | None = None
    gateway: str | None = None
    tls_acme: bool | None = None
    tls_secret: str | None = None
    basic_auth_secret: str | None = None
    cors: bool | None = None

    def check(self) -> None:
        """Raises `Fatal` for values that no cluster could accept."""
        if self.gateway and self.gateway not in GATEWAYS:
            raise Fatal(f"Unsupported gateway {self.gateway}; use {', '.join(GATEWAYS)}")
        if self.tls_acme and self.tls_secret:
            raise Fatal("Cannot specify both --enableTLSAcme and --tls-secret")
        if self.host and not (len(self.host) <= _HOST_LIMIT and _HOST.fullmatch(self.host)):
            raise Fatal(f"Invalid value {self.host[:80]!r} for --hostname; give one such as shop.example or *.example")

    def new_spec(self, server: str, /) -> JsonObject:
        """See `Wanted`. Without a host it is that of `default_host`."""
        spec = _EMPTY | self._fields()
        return spec | {"host-name": self.host or default_host(self.function or "", spec["gateway"], server=server)}

    def changed_spec(self, spec: JsonObject, /) -> JsonObject:
        """See `Wanted`. Either kind of TLS takes the place of the other."""
        other: JsonObject = {"tls-secret": ""} if self.tls_acme else {"tls": False} if self.tls_secret else {}
        return spec | self._fields() | other

    def _fields(self) -> JsonObject:
        given = {
            "function-name": self.function,
            "host-name": self.host,
            "path": None if self.path is None else self.path.lstrip("/"),
            "gateway": self.gateway,
            "tls": self.tls_acme,
            "tls-secret": self.tls_secret,
            "basic-auth-secret": self.basic_auth_secret,
            "cors-enable": self.cors,
        }
        return {key: value for key, value in given.items() if value is not None}


_EMPTY: JsonObject = {
    "path": "",
    "gateway": DEFAULT_GATEWAY,
    "tls": False,
    "tls-secret": "",
    "basic-auth-secret": "",
    "cors-enable": False,
}


def read_wanted(given: dict[str, Any]) -> HTTPWanted:
    """Raises Fatal for what no cluster could accept."""
    wanted = HTTPWanted(**given)
    wanted.check()
    return wanted


def default_host(function: str, gateway: str, *, server: str) -> str:
    """
    The host of a trigger for which none is given: a name that resolves to where the API server is.

    Raises:
        Fatal: only nginx was ever found there.
    """
    address = urlsplit(server).hostname
    if gateway != DEFAULT_GATEWAY or not address:
        raise Fatal("The --hostname flag is required")
    return f"{function}.{address}.nip.io"
