"""
Read the configuration's `runtime-images`.

The structure is that of the Go controller: a list of languages with versions, each with images for the phases
`installation`, `compilation` and `runtime`, in JSON or YAML, with keys in any case. A mistake names its place.
"""

import re
from collections.abc import Mapping

import yaml

from kubeless.core.errors import InvalidField
from kubeless.runtimes.runtime import Phase, Runtime

KEY = "runtime-images"

_PHASES = ("installation", "compilation", "runtime")


def parse_runtime_images(value: str | list[object]) -> list[Runtime]:
    """
    The runtimes in the order they are written.

    Raises InvalidField that names the entry which cannot be used.
    """
    if isinstance(value, str):
        try:
            value = yaml.safe_load(value) or []
        except yaml.YAMLError as error:
            raise InvalidField(KEY, value, problem=f"is not YAML: {error}", remedy="correct the syntax") from error
    return [runtime for language in _Entry.read_all(value, KEY) for runtime in _runtimes(language)]


class _Entry:
    """A mapping whose keys are read in any case, and which knows where it stands."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, Mapping):
            raise InvalidField(path, value, problem="is not a mapping", remedy="write it as in the documentation")
        self.path = path
        self._members = {str(key).lower(): member for key, member in value.items()}

    @staticmethod
    def read_all(value: object, path: str) -> "list[_Entry]":
        if not isinstance(value, list):
            raise InvalidField(path, value, problem="is not a list", remedy="start each entry with a dash")
        return [_Entry(item, f"{path}[{index}]") for index, item in enumerate(value)]

    def text(self, key: str, *, default: str | None = None) -> str:
        value = self._members.get(key.lower())
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (not value and default is None):
            raise InvalidField(f"{self.path}.{key}", value, problem="is not text", remedy="give text, in quotes")
        return value

    def entries(self, key: str) -> "list[_Entry]":
        return _Entry.read_all(self._members.get(key.lower()) or [], f"{self.path}.{key}")

    def mapping(self, key: str) -> dict[str, object]:
        value = self._members.get(key.lower()) or {}
        if not isinstance(value, dict):
            raise InvalidField(f"{self.path}.{key}", value, problem="is not a mapping", remedy="write NAME: value")
        return {str(name): member for name, member in value.items()}


def _runtimes(language: _Entry) -> list[Runtime]:
    name = language.text("ID")
    if not re.fullmatch("[A-Za-z_-]+", name):
        raise InvalidField(f"{language.path}.ID", name, problem="is no name", remedy="use letters, '_' and '-' only")
    return [_runtime(name, language, version) for version in language.entries("versions")]


def _runtime(name: str, language: _Entry, version: _Entry) -> Runtime:
    number = version.text("version")
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)*", number):
        raise InvalidField(
            f"{version.path}.version", number, problem="is no version", remedy="use digits and dots only"
        )
    phases = {image.text("phase"): _phase(image) for image in version.entries("images")}
    if "runtime" not in phases:
        raise InvalidField(f"{version.path}.images", [*phases], problem="has no phase runtime", remedy="add one")
    return Runtime(
        id=f"{name}{number}",
        language=name,
        version=number,
        dep_name=language.text("depName", default=""),
        suffix=language.text("fileNameSuffix", default=""),
        install=phases.get("installation"),
        compile=phases.get("compilation"),
        run=phases["runtime"],
        liveness_probe=language.mapping("livenessProbeInfo") or None,
        image_pull_secrets=tuple(secret.text("imageSecret") for secret in version.entries("imagePullSecrets")),
    )


def _phase(image: _Entry) -> Phase:
    phase = image.text("phase")
    if phase not in _PHASES:
        raise InvalidField(f"{image.path}.phase", phase, problem="is no phase", remedy=f"use {', '.join(_PHASES)}")
    return Phase(
        image=image.text("image"),
        command=image.text("command", default=""),
        env={name: str(value) for name, value in image.mapping("env").items()},
        secrets=tuple(secret.text("name") for secret in image.entries("secrets")),
    )
