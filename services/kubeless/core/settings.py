"""
Configuration from the environment.

Each service has one frozen dataclass whose fields are declared with `setting(...)`. It is loaded once, in the service's
`__main__`, from a mapping; nothing else reads the environment, so a test or the local platform configures a service by
passing a dictionary.
"""

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from kubeless.core.errors import InvalidField

S = TypeVar("S")

_ENVIRONMENT_NAME = "environment-name"
_AT_LEAST = "at-least"

# The spellings that the Go services accepted (strconv.ParseBool), and no others.
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})


class SettingError(InvalidField):
    """An environment variable has a value that cannot be used."""


def setting(name: str, *, default: Any = dataclasses.MISSING, at_least: float | None = None) -> Any:
    """
    A field that is read from the environment variable `name`; without a default the variable is required.

    A number below `at_least` is refused.
    """
    return dataclasses.field(default=default, metadata={_ENVIRONMENT_NAME: name, _AT_LEAST: at_least})


def load(cls: type[S], environ: Mapping[str, str] = os.environ) -> S:
    """
    Make a `cls` from environment variables.

    A variable that is empty counts as not set, as manifests often pass empty values through.

    Raises:
        SettingError: a variable is missing or its value does not fit the field's type.
    """
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # S is a dataclass by contract
        name = field.metadata[_ENVIRONMENT_NAME]
        text = environ.get(name, "")
        if text:
            value = values[field.name] = _convert(name, text, hints[field.name])
            least = field.metadata[_AT_LEAST]
            if least is not None and value < least:
                raise SettingError(name, text, problem="is too small", remedy=f"use at least {least:g}")
        elif field.default is dataclasses.MISSING:
            raise SettingError(name, text, problem="is required", remedy="set this environment variable")
    return cls(**values)


def _convert(name: str, text: str, kind: object) -> Any:
    converter, remedy = _CONVERTERS[kind]
    try:
        return converter(text)
    except ValueError as error:
        raise SettingError(name, text, problem="cannot be read", remedy=remedy) from error


def _bool(text: str) -> bool:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(text)


def split_names(text: str) -> tuple[str, ...]:
    """The names of a list that is separated by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


_CONVERTERS: dict[object, tuple[Callable[[str], Any], str]] = {
    str: (str, "use any text"),
    str | None: (str, "use any text"),
    int: (int, "use a whole number"),
    int | None: (int, "use a whole number"),
    float: (_seconds, "use a number that is not negative"),
    float | None: (_seconds, "use a number that is not negative"),
    bool: (_bool, "use true or false"),
    Path: (Path, "use a path"),
    Path | None: (Path, "use a path"),
    tuple[str, ...]: (split_names, "use a list separated by commas"),
}
