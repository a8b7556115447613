"""
How the spec of a custom resource becomes a typed value.

The models in this room are read from objects that a cluster holds for years, so reading is forgiving where the Go
programs were careless (`null` is the same as absent, unknown fields are ignored) and exact everywhere else. A problem
is told as an `InvalidField` with the JSON path a person typed, the value and what to do. The same models give the
schemas in the custom resource definitions (`kubeless.api.structural`), so what the API server accepts and what we
read cannot drift apart.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from kubeless.api.errors import InvalidObject
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject

M = TypeVar("M", bound="Model")


class Model(BaseModel):
    """A part of a spec. JSON names are camelCase unless a field says otherwise (the old dashed names do)."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: object) -> object:
        if isinstance(data, Mapping):
            return {key: value for key, value in data.items() if value is not None}
        return data


def problem(text: str, *, remedy: str, at: str = "") -> PydanticCustomError:
    """
    The error a validator raises; `at` names the member to blame (`a.b`: one of a member) when the validator sees the
    whole object.
    """
    return PydanticCustomError("kubeless", "{problem}", {"problem": text, "remedy": remedy, "at": at})


def parse_spec(model: type[M], obj: JsonObject, *, kind: str) -> M:
    """
    Read `obj["spec"]` as `model`.

    Raises InvalidObject that lists every problem.
    """
    try:
        return model.model_validate(obj.get("spec") or {}, by_alias=True, by_name=False)
    except ValidationError as error:
        fields = [_translate(details, kind) for details in error.errors(include_url=False)]
        raise InvalidObject(describe(obj, kind=kind), fields) from error


def describe(obj: JsonObject, *, kind: str) -> str:
    """The name of an object for people, such as `Function default/echo`, from whatever metadata it has."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, Mapping):
        return kind
    name = "/".join(str(metadata[part]) for part in ("namespace", "name") if metadata.get(part))
    return f"{kind} {name}" if name else kind


_REMEDIES = {
    "missing": "add it",
    "string_type": "give a string, in quotes where YAML would read a number",
    "bool_type": "give true or false",
    "bool_parsing": "give true or false",
    "int_type": "give a whole number",
    "int_parsing": "give a whole number",
    "int_from_float": "give a whole number",
    "float_type": "give a number",
    "float_parsing": "give a number",
    "dict_type": "give an object",
    "model_type": "give an object",
    "tuple_type": "give a list",
}


def _translate(details: ErrorDetails, kind: str) -> InvalidField:
    context: dict[str, Any] = details.get("ctx") or {}
    location = [*details["loc"], *(context["at"].split(".") if context.get("at") else [])]
    field = "spec" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    value = details["input"]
    for member in location[len(details["loc"]) :]:
        value = value.get(member) if isinstance(value, Mapping) else value
    remedy = context.get("remedy") or _REMEDIES.get(details["type"]) or f"see `kubectl explain {kind.lower()}.{field}`"
    text = "is missing" if details["type"] == "missing" else context.get("problem") or _in_a_sentence(details["msg"])
    return InvalidField(field, None if details["type"] == "missing" else value, problem=text, remedy=remedy)


def _in_a_sentence(message: str) -> str:
    return message[:1].lower() + message[1:].removesuffix(".")
