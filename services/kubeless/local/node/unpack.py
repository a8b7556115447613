"""
Unpack a function's archive, trusting nothing in it.

An archive is somebody's input. It may name files outside the folder (absolute, `..`, through links), hold devices, or
unpack to terabytes. Nothing is written outside the folder, what is written is bounded by the bytes that really come
out (sizes in headers are claims), and links are made last, so that no file is ever written through one. Any offence
refuses the whole archive. All of this blocks: it is for a thread.
"""

import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path
from typing import IO

from kubeless.core.errors import KubelessError

_CHUNK = 1 << 16
_LONGEST_NAME = 1024


class UnsafeArchive(KubelessError):
    """The archive was refused; nothing of it is used."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may come out of an archive."""

    total_bytes: int = 512 << 20
    entries: int = 20_000
    ratio: int = 200
    """Bytes out for a byte in. Source code shrinks by a factor of ten or so; only bombs reach hundreds."""
    ratio_from: int = 16 << 20
    """Bytes from which on the ratio counts."""


def unpack_zip(archive: Path, folder: Path, limits: Limits | None = None) -> None:
    """
    Unpack a zip archive into `folder`, which must exist.

    Raises:
        UnsafeArchive: it cannot be read, is encrypted, or does what no archive of a function does.
    """
    unpacking = _Unpacking(folder, archive.stat().st_size, limits or Limits())
    try:
        with zipfile.ZipFile(archive) as file:
            for info in file.infolist():
                _unpack_zip_entry(unpacking, file, info)
    except (
        zipfile.BadZipFile,
        zlib.error,
        LZMAError,
        NotImplementedError,
        EOFError,
        ValueError,
        RuntimeError,
    ) as error:
        raise UnsafeArchive(f"not a zip archive that can be read: {error}") from error
    except OSError as error:
        raise _cannot_write(error) from error
    unpacking.finish()


def unpack_tar(archive: Path, folder: Path, limits: Limits | None = None) -> None:
    """Unpack a tar archive (plain, gzip, bzip2 or xz) into `folder`; otherwise as `unpack_zip`."""
    unpacking = _Unpacking(folder, archive.stat().st_size, limits or Limits())
    try:
        with tarfile.open(archive, "r:*") as file:
            for member in file:
                _unpack_tar_entry(unpacking, file, member)
    except (tarfile.TarError, zlib.error, LZMAError, EOFError, ValueError) as error:
        raise UnsafeArchive(f"not a tar archive that can be read: {error}") from error
    except OSError as error:
        raise _cannot_write(error) from error
    unpacking.finish()


def _unpack_zip_entry(unpacking: "_Unpacking", file: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    mode = info.external_attr >> 16
    if info.flag_bits & 0x1:
        raise UnsafeArchive(f"{_show(info.filename)} is encrypted; make the archive without a password")
    if info.is_dir():
        unpacking.folder(info.filename)
    elif stat.S_ISLNK(mode):
        with file.open(info) as content:
            unpacking.symlink(info.filename, os.fsdecode(content.read(_LONGEST_NAME + 1)))
    elif stat.S_IFMT(mode) in (0, stat.S_IFREG):
        unpacking.file(info.filename, lambda: file.open(info), executable=bool(mode & stat.S_IXUSR))
    else:
        raise UnsafeArchive(f"{_show(info.filename)} is not a file, folder or link")


def _unpack_tar_entry(unpacking: "_Unpacking", file: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    if member.isdir():
        unpacking.folder(member.name)
    elif member.issym():
        unpacking.symlink(member.name, member.linkname)
    elif member.islnk():
        unpacking.hard_link(member.name, member.linkname)
    elif member.isreg():
        unpacking.file(member.name, lambda: file.extractfile(member), executable=bool(member.mode & stat.S_IXUSR))
    else:
        raise UnsafeArchive(f"{_show(member.name)} is a device or pipe; only files, folders and links are unpacked")


class _Unpacking:
    """One archive on its way into a folder."""

    def __init__(self, folder: Path, archive_bytes: int, limits: Limits) -> None:
        self._root = folder.resolve()
        self._archive_bytes = max(archive_bytes, 1)
        self._limits = limits
        self._bytes = 0
        self._entries = 0
        self._links: dict[Path, str] = {}

    def folder(self, name: str) -> None:
        self._place(name).mkdir(parents=True, exist_ok=True)

    def file(self, name: str, open_content: Callable[[], IO[bytes] | None], *, executable: bool) -> None:
        target = self._place(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        content = open_content()
        if content is None:
            raise UnsafeArchive(f"{_show(name)} has no content")
        # A name that comes twice replaces the first, as unzip -o does; the new file is never written into an old one.
        target.unlink(missing_ok=True)
        mode = 0o755 if executable else 0o644
        with content, os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as output:
            while chunk := content.read(_CHUNK):
                self._count_bytes(len(chunk))
                output.write(chunk)

    def symlink(self, name: str, target: str) -> None:
        place = self._place(name)
        if len(target) > _LONGEST_NAME or target.startswith(("/", "\\")) or "\0" in target or not target:
            raise UnsafeArchive(f"{_show(name)} links to {_show(target)}, out of the folder")
        self._links[place] = target

    def hard_link(self, name: str, target: str) -> None:
        source = self._place(target)
        if not source.is_file():
            raise UnsafeArchive(f"{_show(name)} links to {_show(target)}, which is not in the archive before it")
        # A copy: two names of one file would let a later entry change both.
        self.file(name, lambda: source.open("rb"), executable=bool(source.stat().st_mode & stat.S_IXUSR))

    def finish(self) -> None:
        """Make the links; only then can it be seen where each of them really leads."""
        try:
            for place, target in self._links.items():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.unlink(missing_ok=True)
                place.symlink_to(target)
        except OSError as error:
            raise _cannot_write(error) from error
        outside = [place for place in self._links if not _leads_into(self._root, place)]
        for place in outside:
            place.unlink()
        if outside:
            raise UnsafeArchive(
                f"{_show(outside[0].name)} links to {_show(self._links[outside[0]])}, out of the folder"
            )

    def _place(self, name: str) -> Path:
        self._entries += 1
        if self._entries > self._limits.entries:
            raise UnsafeArchive(f"it has more than {self._limits.entries} entries; put in what the function needs")
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
        absolute = name.startswith(("/", "\\")) or name[1:2] == ":"
        if absolute or ".." in parts or "\0" in name or len(name) > _LONGEST_NAME:
            raise UnsafeArchive(f"{_show(name)} is a path out of the folder; paths must be relative and without '..'")
        place = self._root.joinpath(*parts)
        if any(parent in self._links for parent in place.parents):
            raise UnsafeArchive(f"{_show(name)} would be written through a link")
        return place

    def _count_bytes(self, count: int) -> None:
        self._bytes += count
        if self._bytes > self._limits.total_bytes:
            raise UnsafeArchive(f"it unpacks to more than {self._limits.total_bytes >> 20} MiB; make it smaller")
        if self._bytes > max(self._limits.ratio_from, self._archive_bytes * self._limits.ratio):
            raise UnsafeArchive(f"it unpacks to more than {self._limits.ratio} times its size, as only bombs do")


def _leads_into(root: Path, link: Path) -> bool:
    # realpath, unlike resolve(), takes a loop of links for a path that is not there instead of raising.
    return Path(os.path.realpath(link)).is_relative_to(root)


def _show(name: str) -> str:
    return repr(name if len(name) <= 80 else f"{name[:79]}…")


def _cannot_write(error: OSError) -> UnsafeArchive:
    return UnsafeArchive(f"it cannot be unpacked: {error.strerror or error} ({_show(str(error.filename or ''))})")


def empty_folder(folder: Path) -> None:
    """Remove all that is in a folder, so that a step that failed half-way begins anew."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
