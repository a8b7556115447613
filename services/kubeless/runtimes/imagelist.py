"""
Write runtimes as the configuration's `runtime-images`, for people to read and change: the inverse of `images`.

`python -m kubeless.runtimes.imagelist` prints the built-in ones as the chart carries them, with REGISTRY for where the
images of this project are.
"""

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby

import yaml

from kubeless.core.jsontypes import JsonObject
from kubeless.runtimes.languages.all import LANGUAGES
from kubeless.runtimes.runtime import Phase, Runtime

PLACEHOLDER = "REGISTRY"


def runtime_images(runtimes: Iterable[Runtime]) -> list[JsonObject]:
    """The entries: one for what follows each other and is alike in all that an entry says of its versions."""
    return [_language(list(versions)) for _, versions in groupby(runtimes, key=_alike)]


def chart_file() -> str:
    """The file of the chart."""
    built_in = [runtime for language in LANGUAGES for runtime in language.runtimes(PLACEHOLDER)]
    return yaml.safe_dump(runtime_images(built_in), sort_keys=False, width=120)


def _alike(runtime: Runtime) -> tuple[object, ...]:
    return runtime.language, runtime.dep_name, runtime.suffix, runtime.liveness_probe


def _language(runtimes: list[Runtime]) -> JsonObject:
    first = runtimes[0]
    entry: JsonObject = {"ID": first.language, "depName": first.dep_name, "fileNameSuffix": first.suffix}
    if first.liveness_probe:
        entry["livenessProbeInfo"] = first.liveness_probe
    return entry | {"versions": [_version(runtime) for runtime in runtimes]}


def _version(runtime: Runtime) -> JsonObject:
    entry: JsonObject = {"name": runtime.id, "version": runtime.version, "images": list(_images(runtime))}
    if runtime.image_pull_secrets:
        entry["imagePullSecrets"] = [{"imageSecret": name} for name in runtime.image_pull_secrets]
    return entry


def _images(runtime: Runtime) -> Iterator[JsonObject]:
    for name, phase in (("installation", runtime.install), ("compilation", runtime.compile), ("runtime", runtime.run)):
        if phase is not None:
            yield _image(name, phase)


def _image(name: str, phase: Phase) -> JsonObject:
    entry: JsonObject = {"phase": name, "image": phase.image}
    if phase.command:
        entry["command"] = phase.command
    if phase.env:
        entry["env"] = dict(phase.env)
    if phase.secrets:
        entry["secrets"] = [{"name": secret} for secret in phase.secrets]
    return entry


if __name__ == "__main__":
    sys.stdout.write(chart_file())
