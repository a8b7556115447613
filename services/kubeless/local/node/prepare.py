"""
The init container `prepare`, done here and in Python: bring a function's source into its folder.

In a cluster a shell does this. Both read the same variables: `FUNC_CONTENT_TYPE`, `FUNC_SOURCE` (a file or a URL),
`FUNC_CHECKSUM`, `FUNC_TARGET` (for a single file) and `FUNC_DEPS`. The checksum is verified before a byte of the source
is interpreted, and a second try begins with an empty folder.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kubeless.core.errors import KubelessError, shorten
from kubeless.local.node.download import download
from kubeless.local.node.mounts import Mounts
from kubeless.local.node.unpack import empty_folder, unpack_tar, unpack_zip

INSTALL_VOLUME = "/kubeless"
_TOKENS = {"", "text", "base64", "url", "zip", "compressedtar", "deps"}


class PrepareFailed(KubelessError):
    """The function's source cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What `prepare` has to do, as real paths."""

    tokens: frozenset[str]
    origin: str
    """Path of the file, or the URL."""
    checksum: str
    folder: Path
    target: Path | None
    deps: Path | None

    @property
    def is_archive(self) -> bool:
        """Whether the source is unpacked rather than copied."""
        return bool(self.tokens & {"zip", "compressedtar"})


def read_source(environ: Mapping[str, str], mounts: Mounts) -> Source:
    """
    Read the variables of `prepare`.

    Raises:
        PrepareFailed: a content type that is not known, or a path outside the mounted volumes.
    """
    content_type = environ.get("FUNC_CONTENT_TYPE", "")
    tokens = frozenset(content_type.split("+"))
    if not tokens <= _TOKENS or len(tokens & {"text", "base64", "url"}) > 1:
        raise PrepareFailed(f"Unable to prepare function of type {shorten(content_type)}: Unknown format")
    folder = mounts.real(INSTALL_VOLUME)
    if folder is None:
        raise PrepareFailed(f"no volume is mounted at {INSTALL_VOLUME}")
    source = environ.get("FUNC_SOURCE", "")
    archive = tokens & {"zip", "compressedtar"}
    return Source(
        tokens=tokens,
        origin=source if "url" in tokens else str(_below_mount("FUNC_SOURCE", source, mounts)),
        checksum=environ.get("FUNC_CHECKSUM", ""),
        folder=folder,
        target=None if archive else _below_mount("FUNC_TARGET", environ.get("FUNC_TARGET", ""), mounts),
        deps=_below_mount("FUNC_DEPS", environ["FUNC_DEPS"], mounts) if environ.get("FUNC_DEPS") else None,
    )


async def prepare(source: Source, scratch: Path, *, download_timeout: float, download_bytes: int) -> None:
    """
    Fill the function's folder. `scratch` is a path for a file in work, on the same file system.

    Raises:
        PrepareFailed, DownloadFailed, UnsafeArchive: what is wrong with the source.
    """
    if "url" in source.tokens:
        await download(source.origin, scratch, timeout=download_timeout, limit=download_bytes)
    await asyncio.to_thread(_prepare_file, source, scratch)


def _prepare_file(source: Source, scratch: Path) -> None:
    empty_folder(source.folder)
    try:
        file = scratch if "url" in source.tokens else Path(source.origin)
        if "base64" in source.tokens:
            scratch.write_bytes(_decode(file))
            file = scratch
        verify_checksum(file, source.checksum)
        _place(source, file)
        # An empty file would be no JSON to npm and Node.js, and no module to Go.
        if source.deps is not None and "deps" not in source.tokens and source.deps.stat().st_size > 0:
            _copy(source.deps, source.folder / source.deps.name)
    except OSError as error:
        raise PrepareFailed(f"cannot read or write {error.filename}: {error.strerror}") from error
    finally:
        scratch.unlink(missing_ok=True)


def _place(source: Source, file: Path) -> None:
    if "zip" in source.tokens:
        unpack_zip(file, source.folder)
    elif "compressedtar" in source.tokens:
        unpack_tar(file, source.folder)
    elif source.target is not None:
        _copy(file, source.target)


def _copy(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # it may be a link out of an archive, which must not be written through
    shutil.copyfile(file, target)


def verify_checksum(file: Path, checksum: str) -> None:
    """
    Compare a file with `sha256:<hex>`; an empty checksum fits all. Blocks.

    Raises:
        PrepareFailed: another digest, or an algorithm that is not sha256.
    """
    if not checksum:
        return
    algorithm, _, expected = checksum.partition(":")
    if algorithm != "sha256":
        raise PrepareFailed(f"Unable to verify checksum of type {shorten(algorithm)}: Unknown format; use sha256:<hex>")
    with file.open("rb") as content:
        actual = hashlib.file_digest(content, "sha256").hexdigest()
    if not hmac.compare_digest(actual, expected.strip().lower()):
        raise PrepareFailed(
            f"checksum mismatch: the function has sha256:{actual}, spec.checksum says {shorten(checksum)}"
        )


def _decode(file: Path) -> bytes:
    try:
        return base64.b64decode(b"".join(file.read_bytes().split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise PrepareFailed(f"the function is not valid base64: {error}") from error


def _below_mount(name: str, path: str, mounts: Mounts) -> Path:
    real = mounts.real(path)
    if real is None or "\0" in path:
        raise PrepareFailed(f"{name}: {shorten(path)} is below no mounted volume")
    return real
