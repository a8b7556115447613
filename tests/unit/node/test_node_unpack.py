"""Archives are hostile until proven otherwise."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kubeless.local.node.unpack import Limits, UnsafeArchive, unpack_tar, unpack_zip


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def make_zip(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return path


def zip_with_mode(path: Path, name: str, content: bytes, mode: int) -> Path:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(info, content)
    return path


def make_tar(path: Path, *members: tarfile.TarInfo, mode: str = "w", content: bytes = b"x") -> Path:
    with tarfile.open(path, mode) as file:  # type: ignore[call-overload]  # the mode is one of tarfile's
        for member in members:
            member.size = len(content) if member.isreg() else 0
            file.addfile(member, io.BytesIO(content) if member.isreg() else None)
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = link
    return info


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def test_files_and_folders_of_a_zip_are_unpacked(tmp_path: Path, target: Path) -> None:
    unpack_zip(make_zip(tmp_path / "a.zip", {"handler.py": b"code", "lib/util.py": b"more"}), target)
    assert files_in(target) == ["handler.py", "lib/util.py"]
    assert (target / "lib/util.py").read_bytes() == b"more"


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_archives_are_unpacked_however_they_are_compressed(tmp_path: Path, target: Path, mode: str) -> None:
    unpack_tar(make_tar(tmp_path / "a.tar", member("lib/handler.py"), mode=mode), target)
    assert files_in(target) == ["lib/handler.py"]


@pytest.mark.parametrize("name", ["/etc/evil", "../evil", "lib/../../evil", "..\\evil", "C:\\evil", "\\evil"])
def test_names_out_of_the_folder_are_refused(tmp_path: Path, target: Path, name: str) -> None:
    with pytest.raises(UnsafeArchive, match="path out of the folder"):
        unpack_zip(make_zip(tmp_path / "a.zip", {name: b"x"}), target)
    with pytest.raises(UnsafeArchive, match="path out of the folder"):
        unpack_tar(make_tar(tmp_path / "a.tar", member(name)), target)
    assert files_in(tmp_path) == ["a.tar", "a.zip"]


@pytest.mark.parametrize("link", ["/etc/passwd", "../outside", "lib/../../outside"])
def test_links_out_of_the_folder_are_refused_and_not_left_behind(tmp_path: Path, target: Path, link: str) -> None:
    with pytest.raises(UnsafeArchive, match="out of the folder"):
        unpack_tar(make_tar(tmp_path / "a.tar", member("link", tarfile.SYMTYPE, link)), target)
    with pytest.raises(UnsafeArchive, match="out of the folder"):
        unpack_zip(zip_with_mode(tmp_path / "a.zip", "link", link.encode(), stat.S_IFLNK | 0o777), target)
    assert files_in(target) == []


def test_a_chain_of_links_that_only_together_leads_out_is_refused(tmp_path: Path, target: Path) -> None:
    chain = (member("here", tarfile.SYMTYPE, "."), member("out", tarfile.SYMTYPE, "here/here/../.."))
    with pytest.raises(UnsafeArchive, match="out of the folder"):
        unpack_tar(make_tar(tmp_path / "a.tar", *chain), target)


def test_a_link_inside_the_folder_is_made(tmp_path: Path, target: Path) -> None:
    unpack_tar(make_tar(tmp_path / "a.tar", member("lib/a.py"), member("b.py", tarfile.SYMTYPE, "lib/a.py")), target)
    assert (target / "b.py").read_bytes() == b"x"


def test_nothing_is_written_through_a_link(tmp_path: Path, target: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    archive = make_tar(tmp_path / "a.tar", member("lib", tarfile.SYMTYPE, str(outside)), member("lib/evil.py"))
    with pytest.raises(UnsafeArchive):
        unpack_tar(archive, target)
    inside = make_tar(tmp_path / "b.tar", member("lib", tarfile.SYMTYPE, "."), member("lib/evil.py"))
    with pytest.raises(UnsafeArchive, match="through a link"):
        unpack_tar(inside, target)
    assert files_in(outside) == []


def test_a_hard_link_is_a_copy_and_only_of_what_came_before(tmp_path: Path, target: Path) -> None:
    unpack_tar(make_tar(tmp_path / "a.tar", member("a"), member("b", tarfile.LNKTYPE, "a")), target)
    assert (target / "b").stat().st_nlink == 1
    for link in ("/etc/passwd", "../a", "missing"):
        with pytest.raises(UnsafeArchive):
            unpack_tar(make_tar(tmp_path / "b.tar", member("c", tarfile.LNKTYPE, link)), target)


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_are_refused(tmp_path: Path, target: Path, kind: bytes) -> None:
    with pytest.raises(UnsafeArchive, match="device or pipe"):
        unpack_tar(make_tar(tmp_path / "a.tar", member("dev", kind)), target)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(total_bytes=1 << 20), "more than 1 MiB"),
        (Limits(ratio=50, ratio_from=1 << 20), "more than 50 times its size"),
    ],
)
def test_a_bomb_is_stopped_by_what_really_comes_out(tmp_path: Path, target: Path, limits: Limits, message: str) -> None:
    archive = make_zip(tmp_path / "bomb.zip", {"zeros": bytes(8 << 20)})
    with pytest.raises(UnsafeArchive, match=message):
        unpack_zip(archive, target, limits)
    assert (target / "zeros").stat().st_size <= limits.total_bytes


def test_too_many_entries_are_refused(tmp_path: Path, target: Path) -> None:
    names = [f"f{number}" for number in range(11)]
    zipped = make_zip(tmp_path / "a.zip", dict.fromkeys(names, b""))
    with pytest.raises(UnsafeArchive, match="more than 10 entries"):
        unpack_zip(zipped, target, Limits(entries=10))
    taped = make_tar(tmp_path / "a.tar", *map(member, names))
    with pytest.raises(UnsafeArchive, match="more than 10 entries"):
        unpack_tar(taped, target, Limits(entries=10))


@pytest.mark.parametrize("unpack", [unpack_zip, unpack_tar])
@pytest.mark.parametrize("content", [b"", b"no archive at all", b"PK\x03\x04 broken", b"\x1f\x8b broken"])
def test_what_is_no_archive_is_refused_in_words(
    tmp_path: Path, target: Path, unpack: Callable[[Path, Path], None], content: bytes
) -> None:
    archive = tmp_path / "a"
    archive.write_bytes(content)
    with pytest.raises(UnsafeArchive, match="can be read"):
        unpack(archive, target)


def test_a_truncated_archive_is_refused(tmp_path: Path, target: Path) -> None:
    whole = make_tar(tmp_path / "whole", member("a"), mode="w:gz", content=bytes(range(256)) * 500).read_bytes()
    archive = tmp_path / "cut"
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnsafeArchive):
        unpack_tar(archive, target)


def test_a_file_where_another_entry_needs_a_folder_is_refused(tmp_path: Path, target: Path) -> None:
    with pytest.raises(UnsafeArchive, match="cannot be unpacked"):
        unpack_tar(make_tar(tmp_path / "a", member("a"), member("a/b")), target)


def test_only_the_executable_bit_of_modes_is_kept(tmp_path: Path, target: Path) -> None:
    unpack_zip(zip_with_mode(tmp_path / "a.zip", "run.sh", b"#!", stat.S_IFREG | 0o6777), target)
    assert stat.S_IMODE((target / "run.sh").stat().st_mode) & 0o7700 == 0o700
