"""The payload of a cronjob trigger: JSON on the command line, or a file with JSON or YAML."""

import json
from pathlib import Path
from typing import Any

from kubeless.cli.failure import Fatal

LIMIT = 256 << 10
"""Bytes; the payload is kept in the trigger, and every call carries it."""

_JSON = (".json",)
_YAML = (".yaml", ".yml")


def read_payload(text: str | None, file: str | None) -> tuple[bool, Any]:
    """
    Whether a payload was given, and its value.

    Raises:
        Fatal: it cannot be read, or is given twice.
    """
    if text and file:
        raise Fatal("You can't provide both raw payload and a payload file")
    if text:
        return True, _parse_json(text, "--payload")
    if file:
        return True, _read_file(file)
    return False, None


def _read_file(place: str) -> Any:
    suffix = Path(place).suffix.lower()
    if suffix not in (*_JSON, *_YAML):
        raise Fatal(f"--payload-from-file: {place!r} is no .json, .yaml or .yml file; rename or convert it")
    try:
        with Path(place).open("rb") as file:
            data = file.read(LIMIT + 1)
    except OSError as error:
        raise Fatal(f"cannot read {place}: {error.strerror or error}") from error
    if len(data) > LIMIT:
        raise Fatal(f"{place}: a payload has at most {LIMIT} bytes; let the function fetch what is larger")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Fatal(f"{place}: is not UTF-8 text: {error}") from error
    return _parse_json(text, place) if suffix in _JSON else _parse_yaml(text, place)


def _parse_json(text: str, place: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Fatal(f'{place}: is not JSON: {error}; write such as \'{{"key": "value"}}\'') from error


def _parse_yaml(text: str, place: str) -> Any:
    import yaml

    try:
        value = yaml.safe_load(text)
        # What YAML knows and JSON does not (dates, keys that are no text, NaN) would be another thing at the function.
        return json.loads(json.dumps(value, allow_nan=False)) if _is_plain(value) else _no_json(place)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Fatal(f"{place}: is not YAML that JSON can hold: {error}") from error


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(each) for key, each in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str | int | float | bool)


def _no_json(place: str) -> Any:
    raise Fatal(f"{place}: holds what JSON cannot (a date, or a key that is no text); put it in quotes")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
