"""
What a client wants to read and what it has sent: `Accept` and `Content-Type`.

https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources
"""

from dataclasses import dataclass
from enum import Enum

from kubeless.local.apiserver.status import not_acceptable

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"

_LONGEST_ACCEPT = 4096


class Form(Enum):
    """The shape of the answer."""

    OBJECT = "object"
    TABLE = "Table"
    METADATA = "PartialObjectMetadata"


@dataclass(frozen=True, slots=True)
class Presentation:
    form: Form = Form.OBJECT
    yaml: bool = False
    meta_version: str = "v1"
    """Version of meta.k8s.io that a Table or PartialObjectMetadata is asked in."""

    @property
    def media_type(self) -> str:
        return YAML if self.yaml else JSON


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One alternative of an `Accept` header."""

    type: str
    parameters: dict[str, str]

    @property
    def quality(self) -> float:
        try:
            return float(self.parameters.get("q", "1"))
        except ValueError:
            return 0.0


def media_ranges(accept: str) -> list[MediaRange]:
    """The alternatives of an `Accept` header, best first. An absent header accepts everything."""
    ranges = [_media_range(part) for part in (accept[:_LONGEST_ACCEPT] or "*/*").split(",") if part.strip()]
    return sorted((choice for choice in ranges if choice.quality > 0), key=lambda choice: -choice.quality)


def negotiate(accept: str) -> Presentation:
    """
    The first alternative this server can present.

    Raises:
        ApiError: 406, there is none.
    """
    for choice in media_ranges(accept):
        presentation = _presentation(choice)
        if presentation:
            return presentation
    raise not_acceptable((JSON, YAML))


def content_type(header: str) -> str:
    """The media type of a `Content-Type` header without its parameters, in lower case."""
    return header.partition(";")[0].strip().lower()


def _media_range(text: str) -> MediaRange:
    media_type, *parameters = text.split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return MediaRange(media_type.strip().lower(), {name.strip().lower(): value.strip() for name, _, value in pairs})


def _presentation(choice: MediaRange) -> Presentation | None:
    if choice.type not in {JSON, YAML, "*/*", "application/*"}:
        return None
    wanted = choice.parameters.get("as")
    yaml = choice.type == YAML
    if wanted is None:
        return Presentation(yaml=yaml)
    version = choice.parameters.get("v", "")
    if choice.parameters.get("g") != "meta.k8s.io" or version not in {"v1", "v1beta1"}:
        return None
    if wanted == "Table":
        return Presentation(Form.TABLE, yaml, version)
    if wanted in {"PartialObjectMetadata", "PartialObjectMetadataList"}:
        return Presentation(Form.METADATA, yaml, version)
    return None
