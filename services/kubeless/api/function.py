"""Function: the code, the runtime it needs, and templates for what runs it."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from kubeless.api.durations import TIMEOUT_DEFAULT, TextSeconds
from kubeless.api.handler import HANDLER_LIMIT, HANDLER_PATTERN, INCORRECT_HANDLER, parse_handler
from kubeless.api.metadata import Metadata
from kubeless.api.model import Model, parse_spec, problem
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject

KIND = "Function"

_CHECKSUM = r"sha256:[0-9a-fA-F]{64}"


def _check_handler(text: str) -> str:
    if text:
        try:
            parse_handler(text)
        except InvalidField as error:
            raise problem(error.problem, remedy=error.remedy) from error
    return text


def _check_checksum(text: str) -> str:
    if text and not re.fullmatch(_CHECKSUM, text):
        raise problem("is not a checksum", remedy="give sha256:<64 hex digits>, or leave it empty")
    return text


HandlerText = Annotated[
    str,
    # A rule rather than a pattern, since only a rule can say in words what is wrong.
    Field(
        max_length=HANDLER_LIMIT,
        json_schema_extra={
            "x-kubernetes-validations": [
                {"rule": f"self.matches(r'^({HANDLER_PATTERN})?$')", "message": f"failed: {INCORRECT_HANDLER}"}
            ]
        },
    ),
    AfterValidator(_check_handler),
]
ChecksumText = Annotated[
    str, Field(json_schema_extra={"pattern": f"^({_CHECKSUM})?$"}), AfterValidator(_check_checksum)
]


class FunctionSpec(Model):
    """What to run, and how."""

    handler: HandlerText = Field(
        default="",
        description="Code to call, <module>.<symbol>: the file's name without suffix and what it exports. "
        "Empty for an image that brings its own server.",
    )
    function: str = Field(
        default="", description="The source: its text, its bytes in base64, or its URL, as function-content-type says."
    )
    function_content_type: str = Field(
        default="",
        alias="function-content-type",
        max_length=64,
        description="What function holds: text (default), base64 or url; then +zip or +compressedtar for an archive, "
        "then +deps if the archive brings its own dependency file.",
    )
    checksum: ChecksumText = Field(
        default="",
        description="sha256:<hex> of the decoded or downloaded source. Checked before it runs; empty is not checked.",
    )
    runtime: str = Field(
        default="",
        max_length=63,
        description="Language and version, such as python3.11. `kubeless get-server-config` lists them.",
    )
    timeout: TextSeconds = Field(
        default=TIMEOUT_DEFAULT,
        description="Seconds a call may take before it is answered with 408. Default 180.",
    )
    deps: str = Field(
        default="", description="Content of the runtime's dependency file, such as requirements.txt or package.json."
    )
    replicas: int | None = Field(
        default=None,
        ge=0,
        le=10_000,
        json_schema_extra={"format": "int32"},
        description="How many pods. When absent the Deployment's own number is left alone, so it can be scaled "
        "directly or by an autoscaler.",
    )
    deployment: JsonObject = Field(
        default_factory=dict, description="An apps/v1 Deployment that the generated one is built on."
    )
    service: JsonObject = Field(
        default_factory=dict,
        description="A core/v1 ServiceSpec. Default: port 8080, type ClusterIP. The target of its first port is "
        "where the function listens.",
    )
    horizontal_pod_autoscaler: JsonObject = Field(
        default_factory=dict,
        description="A HorizontalPodAutoscaler to create for the function, in the form of autoscaling/v2 or v2beta1.",
    )


@dataclass(frozen=True, slots=True)
class Function:
    """A Function object."""

    metadata: Metadata
    spec: FunctionSpec


def parse_function(obj: JsonObject) -> Function:
    """
    Read a Function object.

    Raises InvalidObject that lists every field which cannot be used.
    """
    return Function(Metadata.parse(obj), parse_spec(FunctionSpec, obj, kind=KIND))
