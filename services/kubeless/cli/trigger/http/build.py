"""The HTTPTrigger object for a set of flags, and the checks that need no cluster."""

import copy
from dataclasses import dataclass
from urllib.parse import urlsplit

from kubeless.api.resource import HTTP_TRIGGERS
from kubeless.cli.failure import Fatal
from kubeless.core.jsontypes import JsonObject

GATEWAYS = ("nginx", "traefik", "kong")

DEFAULT_GATEWAY = "nginx"


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPTriggerSettings:
    """The flags; None is "not given"."""

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

    def fields(self) -> JsonObject:
        """What was given, by the names of the spec."""
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


_EMPTY = HTTPTriggerSettings(
    path="", gateway=DEFAULT_GATEWAY, tls_acme=False, tls_secret="", basic_auth_secret="", cors=False
)


def new_http_trigger(name: str, namespace: str, settings: HTTPTriggerSettings) -> JsonObject:
    """The object that `trigger http create` creates."""
    return {
        "apiVersion": HTTP_TRIGGERS.api_version,
        "kind": HTTP_TRIGGERS.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": {"created-by": "kubeless"}},
        "spec": _EMPTY.fields() | settings.fields(),
    }


def changed_http_trigger(current: JsonObject, settings: HTTPTriggerSettings) -> JsonObject:
    """
    The object that `trigger http update` wants. Either kind of TLS takes the place of the other.

    Raises:
        Fatal: as `HTTPTriggerSettings.check`.
    """
    settings.check()
    changed = copy.deepcopy(current)
    spec = changed["spec"] = (changed.get("spec") or {}) | settings.fields()
    if settings.tls_acme:
        spec["tls-secret"] = ""
    elif settings.tls_secret:
        spec["tls"] = False
    return changed


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
