"""HTTPTrigger: a host and a path at which a function answers."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, model_validator

from kubeless.api.durations import Seconds
from kubeless.api.metadata import Metadata
from kubeless.api.model import Model, parse_spec, problem
from kubeless.api.selector import LabelSelector
from kubeless.api.target import FUNCTION_NAME, check_one_target
from kubeless.core.jsontypes import JsonObject

KIND = "HTTPTrigger"

Method = Annotated[str, Field(pattern=r"^[A-Z]{1,20}$", max_length=20)]


class HTTPTriggerSpec(Model):
    """Which requests go to which functions."""

    function_name: str = FUNCTION_NAME
    function_selector: LabelSelector | None = Field(
        default=None,
        description="Functions of the same namespace by label, instead of function-name; they share the requests.",
    )
    host_name: str = Field(
        default="", alias="host-name", max_length=253, description="Host of the requests. Empty is every host."
    )
    path: str = Field(
        default="",
        max_length=2048,
        description="Prefix of the path, with or without the leading slash. Empty is every path.",
    )
    tls: bool = Field(default=False, description="Ask for a certificate by ACME. Excludes tls-secret.")
    tls_secret: str = Field(
        default="",
        alias="tls-secret",
        max_length=253,
        description="Secret of type kubernetes.io/tls in the same namespace. Excludes tls.",
    )
    basic_auth_secret: str = Field(
        default="",
        alias="basic-auth-secret",
        max_length=253,
        description="Secret whose key auth holds htpasswd lines; requests must match one.",
    )
    gateway: str = Field(
        default="",
        max_length=63,
        description="nginx, traefik or kong also make an Ingress of that class; empty makes none.",
    )
    cors_enable: bool = Field(default=False, alias="cors-enable", description="Answer requests from other origins.")
    methods: tuple[Method, ...] = Field(
        default=(), max_length=32, description="Methods that are let through. Empty is all."
    )
    timeout: Seconds | None = Field(
        default=None, description="Seconds until the gateway gives up. Default: the timeout of the function."
    )
    max_body_bytes: int | None = Field(
        default=None,
        ge=0,
        json_schema_extra={"format": "int64"},
        description="Largest request body. Default: the limit of the gateway.",
    )
    suspend: bool = Field(default=False, description="Refuse new requests; those in flight are finished.")

    @model_validator(mode="after")
    def _check(self) -> "HTTPTriggerSpec":
        check_one_target(self.function_name, self.function_selector)
        if self.tls and self.tls_secret:
            raise problem("excludes tls: true", remedy="remove one of the two", at="tls-secret")
        return self


@dataclass(frozen=True, slots=True)
class HTTPTrigger:
    """An HTTPTrigger object."""

    metadata: Metadata
    spec: HTTPTriggerSpec


def parse_http_trigger(obj: JsonObject) -> HTTPTrigger:
    """
    Read an HTTPTrigger object.

    Raises InvalidObject that lists every field which cannot be used.
    """
    return HTTPTrigger(Metadata.parse(obj), parse_spec(HTTPTriggerSpec, obj, kind=KIND))
