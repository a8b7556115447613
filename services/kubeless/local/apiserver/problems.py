"""
What is wrong with one field of an object, in the words Kubernetes uses.

Clients show these messages to people and tests match on them, so the wording and the quoting of values follow a real
API server: `spec.replicas: Invalid value: -1: must be greater than or equal to 0`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from kubeless.core.jsontypes import JsonObject

REQUIRED = "FieldValueRequired"
INVALID = "FieldValueInvalid"
NOT_SUPPORTED = "FieldValueNotSupported"
TOO_LONG = "FieldValueTooLong"
TOO_MANY = "FieldValueTooMany"
FORBIDDEN = "FieldValueForbidden"
DUPLICATE = "FieldValueDuplicate"
NOT_FOUND = "FieldValueNotFound"
TYPE_INVALID = "FieldValueTypeInvalid"

_LONGEST_VALUE = 512


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One cause of a 422: `path` is the field, `reason` a `FieldValue…` word, `message` the text without the path."""

    path: str
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"

    def cause(self) -> JsonObject:
        """The problem as an entry of `Status.details.causes`."""
        return {"reason": self.reason, "message": self.message, "field": self.path}


def required(path: str, detail: str = "") -> FieldProblem:
    return FieldProblem(path, REQUIRED, f"Required value: {detail}" if detail else "Required value")


def invalid(path: str, value: object, detail: str) -> FieldProblem:
    return FieldProblem(path, INVALID, f"Invalid value: {quoted(value)}: {detail}")


def type_invalid(path: str, value: object, detail: str) -> FieldProblem:
    return FieldProblem(path, TYPE_INVALID, f"Invalid value: {quoted(value)}: {detail}")


def not_supported(path: str, value: object, supported: Sequence[object]) -> FieldProblem:
    listed = ", ".join(quoted(choice) for choice in supported)
    return FieldProblem(path, NOT_SUPPORTED, f"Unsupported value: {quoted(value)}: supported values: {listed}")


def too_long(path: str, limit: int) -> FieldProblem:
    return FieldProblem(path, TOO_LONG, f"Too long: may not be more than {limit} bytes")


def too_many(path: str, count: int, limit: int) -> FieldProblem:
    return FieldProblem(path, TOO_MANY, f"Too many: {count}: must have at most {limit} items")


def forbidden(path: str, detail: str) -> FieldProblem:
    return FieldProblem(path, FORBIDDEN, f"Forbidden: {detail}")


def duplicate(path: str, value: object) -> FieldProblem:
    return FieldProblem(path, DUPLICATE, f"Duplicate value: {quoted(value)}")


def not_found(path: str, value: object) -> FieldProblem:
    return FieldProblem(path, NOT_FOUND, f"Not found: {quoted(value)}")


def describe(problems: Sequence[FieldProblem]) -> str:
    """The problems as a 422 message lists them: one as it is, several in brackets."""
    texts = [str(problem) for problem in problems]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def quoted(value: object) -> str:
    """The value as JSON, cut short: a message must not repeat a megabyte of input."""
    text = orjson.dumps(value, default=repr).decode()
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def child(path: str, name: str) -> str:
    """The path of a property: `spec` and `replicas` make `spec.replicas`."""
    return f"{path}.{name}" if path else name


def item(path: str, index: int) -> str:
    """The path of a list item: `spec.ports[0]`."""
    return f"{path}[{index}]"


def entry(path: str, key: str) -> str:
    """The path of an entry of a map whose keys are data: `metadata.labels[app]`."""
    return f"{path}[{key}]"
