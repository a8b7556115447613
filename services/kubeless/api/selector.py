"""
Label selectors, as objects and as text.

The meaning is that of metav1.LabelSelector: all requirements must hold, and a selector without any selects
everything. Keys and values are checked against the Kubernetes label syntax, so a selector turned into text cannot say
more than it did.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from kubeless.api.model import Model, problem
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject

_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PREFIX = re.compile(r"(?=.{1,253}/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/")


def _check_key(key: str) -> str:
    prefix = _PREFIX.match(key)
    if not _NAME.fullmatch(key, prefix.end() if prefix else 0):
        raise problem(
            "is not a label key",
            remedy="use letters, digits, '-', '_' and '.', at most 63, after an optional 'domain/'",
        )
    return key


def _check_value(value: str) -> str:
    if value and not _NAME.fullmatch(value):
        raise problem("is not a label value", remedy="use at most 63 letters, digits, '-', '_' and '.'")
    return value


LabelKey = Annotated[str, Field(max_length=317), AfterValidator(_check_key)]
LabelValue = Annotated[str, Field(max_length=63), AfterValidator(_check_value)]


class Requirement(Model):
    """One expression over a label."""

    key: LabelKey = Field(description="Label key the requirement applies to.")
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"] = Field(
        description="Relation of the label to the values."
    )
    values: tuple[LabelValue, ...] = Field(
        default=(), max_length=256, description="Values for In and NotIn; empty for Exists and DoesNotExist."
    )

    @model_validator(mode="after")
    def _values_fit_operator(self) -> "Requirement":
        if self.operator in ("In", "NotIn") and not self.values:
            raise problem(f"must not be empty for operator {self.operator}", remedy="list at least one", at="values")
        if self.operator in ("Exists", "DoesNotExist") and self.values:
            raise problem(f"must be empty for operator {self.operator}", remedy="remove the values", at="values")
        return self

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels fulfils the requirement. Absent labels fulfil NotIn."""
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value in self.values
            case "NotIn":
                return value is None or value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None

    def to_string(self) -> str:
        """The requirement in the syntax of the `labelSelector` query parameter."""
        match self.operator:
            case "In":
                return f"{self.key} in ({','.join(sorted(self.values))})"
            case "NotIn":
                return f"{self.key} notin ({','.join(sorted(self.values))})"
            case "Exists":
                return self.key
            case "DoesNotExist":
                return f"!{self.key}"


class LabelSelector(Model):
    """Which objects are meant, by their labels."""

    match_labels: dict[LabelKey, LabelValue] = Field(
        default_factory=dict, description="Labels the object must have, with these values."
    )
    match_expressions: tuple[Requirement, ...] = Field(
        default=(), max_length=64, description="Further requirements; all must hold."
    )

    @staticmethod
    def parse(obj: JsonObject) -> "LabelSelector":
        """
        Read a metav1.LabelSelector.

        Raises InvalidField for the first requirement that makes no sense.
        """
        try:
            return LabelSelector.model_validate(obj, by_alias=True, by_name=False)
        except ValidationError as error:
            raise _translate(error) from error

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return all(labels.get(key) == value for key, value in self.match_labels.items()) and all(
            requirement.matches(labels) for requirement in self.match_expressions
        )

    def to_string(self) -> str:
        """
        The selector in the syntax of the `labelSelector` query parameter, "" if it selects everything.

        Equal selectors give equal text, so the text also serves as a key.
        """
        equal = [f"{key}={value}" for key, value in sorted(self.match_labels.items())]
        return ",".join(equal + sorted(requirement.to_string() for requirement in self.match_expressions))


_TERM = re.compile(
    r"""\s*(?:
        !\s*(?P<absent>[^\s,=!()<>]+)
      | (?P<set_key>[^\s,=!()<>]+)\s+(?P<set_operator>in|notin)\s*\((?P<values>[^()]*)\)
      | (?P<key>[^\s,=!()<>]+)\s*(?:(?P<operator>==|=|!=)\s*(?P<value>[^\s,=!()<>]*))?
    )\s*(?:,|\Z)""",
    re.VERBOSE,
)


def parse_selector_string(text: str) -> LabelSelector:
    """
    Read a selector as people and the `labelSelector` query parameter write it, such as `a=b,c in (d,e),!f`.

    Raises InvalidField that names the part which cannot be read.
    """
    labels: dict[str, str] = {}
    expressions: list[dict[str, object]] = []
    for term in _terms(text):
        if term["absent"]:
            expressions.append({"key": term["absent"], "operator": "DoesNotExist"})
        elif term["set_key"]:
            values = [value.strip() for value in term["values"].split(",")]
            operator = "In" if term["set_operator"] == "in" else "NotIn"
            expressions.append({"key": term["set_key"], "operator": operator, "values": values})
        elif term["operator"] == "!=":
            expressions.append({"key": term["key"], "operator": "NotIn", "values": [term["value"]]})
        elif not term["operator"]:
            expressions.append({"key": term["key"], "operator": "Exists"})
        elif labels.setdefault(term["key"], term["value"]) != term["value"]:
            # Contradicting values select nothing; a dictionary cannot say so, two requirements can.
            expressions.append({"key": term["key"], "operator": "In", "values": [term["value"]]})
    return LabelSelector.parse({"matchLabels": labels, "matchExpressions": expressions})


def _terms(text: str) -> Iterator[Mapping[str, str]]:
    position = 0
    while text[position:].strip():
        found = _TERM.match(text, position)
        if not found:
            raise InvalidField(
                "selector", text[position:], problem="cannot be read", remedy="write it like a=b,c in (d,e),!f"
            )
        yield found.groupdict(default="")
        position = found.end()


def _translate(error: ValidationError) -> InvalidField:
    details = error.errors(include_url=False)[0]
    context = details.get("ctx") or {}
    field = ".".join(["selector", *(str(part) for part in details["loc"] if part != "[key]")])
    text = context.get("problem") or details["msg"]
    return InvalidField(field, details["input"], problem=text, remedy=context.get("remedy") or "correct it")
