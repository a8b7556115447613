"""
Manifests on disk: read from a file or a folder, written to another.

A file that cannot be read as YAML or JSON (a template, say) is told and left out, and does not keep the others from
being read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from kubeless.cli.failure import Fatal
from kubeless.cli.output import to_yaml
from kubeless.core.jsontypes import JsonObject

FILE_LIMIT = 8 << 20
"""Bytes of one file."""

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})


class _Loader(yaml.SafeLoader):
    """Without dates: Kubernetes knows none, and a text that looks like one must stay a text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A file and its objects."""

    place: Path
    """Relative to the folder that was asked for."""
    objects: Sequence[JsonObject]
    problem: str = ""
    """Why it cannot be read."""


def read_manifests(place: Path) -> Iterator[Manifest]:
    """
    All manifests of a file or, in the order of their names, of a folder and those below it.

    Raises:
        Fatal: there is no such place.
    """
    if place.is_file():
        yield _read(place, Path(place.name))
    elif place.is_dir():
        found = (path for path in sorted(place.rglob("*")) if path.suffix.lower() in _SUFFIXES and path.is_file())
        for path in found:
            yield _read(path, path.relative_to(place))
    else:
        raise Fatal(f"--filename: {place} is neither a file nor a folder")


def write_manifest(folder: Path, place: Path, objects: Sequence[JsonObject]) -> None:
    """
    Write objects as YAML below a folder; nothing that is there is overwritten.

    Raises:
        Fatal: it cannot be written.
    """
    target = folder / place.with_suffix(".yaml")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(stream_text(objects))
    except FileExistsError as error:
        raise Fatal(f"--output: {target} exists; name a new or empty folder") from error
    except OSError as error:
        raise Fatal(f"--output: cannot write {target}: {error.strerror or error}") from error


def stream_text(objects: Sequence[JsonObject]) -> str:
    """Objects as one YAML stream."""
    return "".join(f"---\n{to_yaml(each)}" for each in objects)


def _read(path: Path, place: Path) -> Manifest:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
        if len(data) > FILE_LIMIT:
            return Manifest(place, (), f"has more than {FILE_LIMIT} bytes")
        return Manifest(place, list(_objects(list(yaml.load_all(data, Loader=_Loader)))))
    except OSError as error:
        return Manifest(place, (), f"cannot be read: {error.strerror or error}")
    except RecursionError:  # a list may also hold itself, by an alias
        return Manifest(place, (), "is nested too deeply")
    except (yaml.YAMLError, ValueError) as error:
        return Manifest(place, (), f"is not YAML: {error}")


def _objects(documents: Sequence[object]) -> Iterator[JsonObject]:
    """Lists are taken apart, and documents that are no objects of Kubernetes left out."""
    for document in documents:
        if not isinstance(document, dict) or not document.get("kind"):
            continue
        if str(document["kind"]).endswith("List") and isinstance(document.get("items"), list):
            yield from _objects(document["items"])
        else:
            yield document
