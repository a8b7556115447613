"""
A pod's volumes as folders: emptyDir is an empty one, ConfigMaps and Secrets (alone or projected together) are files in
one.

Files are written before the containers start, and again when what they come from changes. A reader sees the old content
of a file or the new one.
"""

import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.configuration import (
    CONFIG_MAP,
    CONFIG_MAP_KEY,
    SECRET,
    SECRET_KEY,
    Configuration,
    MissingConfiguration,
)
from kubeless.local.node.folders import PodFolder


@dataclass(frozen=True, slots=True)
class VolumePlan:
    """A volume and the files that belong in it, by their path inside; what lies in an emptyDir is its user's matter."""

    name: str
    files: Mapping[str, bytes]
    owned: bool = False
    """Whether nothing but these files belongs there."""


def plan_volumes(pod: JsonObject, configuration: Configuration) -> list[VolumePlan]:
    """
    What the volumes of a pod must hold.

    Raises:
        MissingConfiguration: a ConfigMap or Secret, or a key of it, is not there and not optional.
        InvalidField: a kind of volume that local mode has not, or a path out of the volume.
    """
    return [_plan_volume(volume, configuration) for volume in pod["spec"].get("volumes") or []]


def _plan_volume(volume: JsonObject, configuration: Configuration) -> VolumePlan:
    name = str(volume.get("name", ""))
    if "configMap" in volume:
        return VolumePlan(name, _files(CONFIG_MAP, volume["configMap"] or {}, "name", configuration), owned=True)
    if "secret" in volume:
        return VolumePlan(name, _files(SECRET, volume["secret"] or {}, "secretName", configuration), owned=True)
    if "projected" in volume:
        return VolumePlan(name, _projected(name, volume["projected"] or {}, configuration), owned=True)
    if "emptyDir" in volume or set(volume) == {"name"}:
        return VolumePlan(name, {})
    kind = next(key for key in volume if key != "name")
    raise InvalidField(
        f"spec.volumes[{name}]",
        kind,
        problem="local mode has no such volume",
        remedy="use emptyDir, configMap, secret, or projected from these",
    )


def _projected(volume: str, projected: JsonObject, configuration: Configuration) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for source in projected.get("sources") or []:
        kinds = {key: value or {} for key, value in source.items() if key in (CONFIG_MAP_KEY, SECRET_KEY)}
        if not kinds:
            raise InvalidField(
                f"spec.volumes[{volume}].projected",
                next(iter(source), ""),
                problem="local mode has no such source",
                remedy="use configMap or secret",
            )
        for key, value in kinds.items():
            files |= _files(CONFIG_MAP if key == CONFIG_MAP_KEY else SECRET, value, "name", configuration)
    return files


def _files(kind: str, source: JsonObject, name_key: str, configuration: Configuration) -> dict[str, bytes]:
    name = str(source.get(name_key, ""))
    data = configuration.data(kind, source, name=name)
    items = source.get("items")
    if not items:
        return {_inside(key): content for key, content in data.items()}
    files = {}
    for item in items:
        content = data.get(str(item.get("key")))
        if content is not None:
            files[_inside(str(item.get("path")))] = content
        elif not source.get("optional"):
            raise MissingConfiguration(f"{kind} {name} references non-existent key: {item.get('key')}")
    return files


def _inside(path: str) -> str:
    clean = posixpath.normpath(path)
    if posixpath.isabs(clean) or ".." in clean.split("/") or clean == "." or "\0" in clean:
        raise InvalidField(
            "volume path", path, problem="is out of the volume", remedy="use a relative path without '..'"
        )
    return clean


def write_volumes(folder: PodFolder, plans: list[VolumePlan]) -> None:
    """Make the folders and files, replacing those of earlier and removing what is no more. Blocks."""
    for plan in plans:
        root = folder.volume(plan.name)
        root.mkdir(exist_ok=True)
        for path, content in plan.files.items():
            _replace(root / path, content)
        if plan.owned:
            kept = {root / path for path in plan.files}
            for file in [file for file in root.rglob("*") if not file.is_dir() and file not in kept]:
                file.unlink(missing_ok=True)


def _replace(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_file() and target.read_bytes() == content:
        return
    new = target.with_name(f"..{target.name}")
    new.write_bytes(content)
    # A reader sees the old content or the new, never half of it.
    os.replace(new, target)
