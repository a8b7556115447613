"""
Where the paths of a container lie on this machine.

A process of the local node sees the machine's file system, not an image's. Paths that a container's environment names,
such as `/kubeless/handler.py`, are therefore replaced by where the mounted volume really is.
"""

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.folders import PodFolder


@dataclass(frozen=True, slots=True)
class Mounts:
    """The volume mounts of one container, the longest path first."""

    folders: tuple[tuple[str, Path], ...]

    def real(self, path: str) -> Path | None:
        """Where an absolute path of the container lies; None if it is below no mount (after resolving `..`)."""
        clean = posixpath.normpath(path)
        for mount, folder in self.folders:
            if clean == mount:
                return folder
            if clean.startswith(mount + "/"):
                return folder / clean.removeprefix(mount + "/")
        return None

    def rewrite(self, value: str) -> str:
        """Replace what is a path below a mount, alone or in a list separated by colons."""
        return ":".join(self._rewrite_one(part) for part in value.split(":"))

    def rewrite_words(self, text: str) -> str:
        """Replace paths below a mount wherever one begins in the text, as in `--file=/secret/key` or a script."""
        if not self.folders:
            return text
        places = {mount: str(folder) for mount, folder in self.folders}
        mounts = "|".join(re.escape(mount) for mount in places)
        return re.sub(rf"(?<![\w./-])({mounts})(?![\w.-])", lambda match: places[match[1]], text)

    def _rewrite_one(self, part: str) -> str:
        real = self.real(part) if part.startswith("/") else None
        return part if real is None else str(real)


def mounts_of(container: JsonObject, folder: PodFolder) -> Mounts:
    """
    The mounts of a container of the pod in `folder`.

    Raises:
        InvalidField: a path that is not absolute, or leaves its volume.
    """
    found = []
    for mount in container.get("volumeMounts") or []:
        path = posixpath.normpath(str(mount.get("mountPath", "")))
        if not path.startswith("/") or path == "/":
            raise InvalidField(
                "volumeMounts[].mountPath", path, problem="cannot be mounted", remedy="use a path below /"
            )
        sub_path = str(mount.get("subPath") or ".")
        if posixpath.isabs(sub_path) or ".." in sub_path.split("/"):
            raise InvalidField("volumeMounts[].subPath", sub_path, problem="leaves the volume", remedy="remove '..'")
        found.append(
            (path.replace("//", "/"), folder.volume(str(mount.get("name", ""))) / posixpath.normpath(sub_path))
        )
    return Mounts(tuple(sorted(found, key=lambda item: -len(item[0]))))
