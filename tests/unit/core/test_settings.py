"""Settings come from a mapping, with the field's type, and say what is wrong by the variable's name."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from kubeless.core.settings import SettingError, load, setting


@dataclass(frozen=True)
class Example:
    brokers: tuple[str, ...] = setting("KAFKA_BROKERS", default=("localhost:9092",))
    tls: bool = setting("KAFKA_ENABLE_TLS", default=False)
    port: int = setting("PORT", default=8080)
    patience: float = setting("PATIENCE", default=1.5)
    folder: Path | None = setting("FOLDER", default=None)


@dataclass(frozen=True)
class Strict:
    name: str = setting("NAME")


def test_what_is_not_set_has_its_default_and_empty_counts_as_not_set() -> None:
    assert load(Example, {"PORT": ""}) == Example()


def test_each_type_is_read() -> None:
    environ = {"KAFKA_BROKERS": "a:1, b:2,", "KAFKA_ENABLE_TLS": "T", "PORT": "1", "PATIENCE": ".5", "FOLDER": "x/y"}
    assert load(Example, environ) == Example(("a:1", "b:2"), True, 1, 0.5, Path("x/y"))


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PORT", "eighty"), ("KAFKA_ENABLE_TLS", "yes"), ("PATIENCE", "-1"), ("PATIENCE", "inf"), ("PATIENCE", "nan")],
)
def test_a_value_that_does_not_fit_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(SettingError, match=rf"{variable}: cannot be read, got '{value}'; use "):
        load(Example, {variable: value})


def test_a_required_variable_that_is_missing_is_named() -> None:
    with pytest.raises(SettingError, match="NAME: is required"):
        load(Strict, {})
