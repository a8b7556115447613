"""What people type and what files hold: lists, pairs, schedules, sources."""

import base64
import hashlib
from pathlib import Path

import pytest

from kubeless.cli.keyvalues import pairs, split_lists
from kubeless.cli.schedule import problem_of
from kubeless.cli.source import read_source, read_text
from kubeless.manage.quantity import is_quantity
from kubeless.manage.source import STORED_LIMIT, SourceUnreadable, archive_suffix, stored_source


@pytest.mark.parametrize(
    ("values", "items"),
    [
        (["a=b,c:d", "e"], ["a=b", "c:d", "e"]),
        (['"A=1,2",B=3'], ["A=1,2", "B=3"]),
        (["", "a"], ["a"]),
        (["b", "a", "b"], ["b", "a", "b"]),
    ],
)
def test_list_flags_are_csv_and_repeatable(values: list[str], items: list[str]) -> None:
    assert split_lists(values) == items


def test_a_broken_list_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a comma separated list"):
        split_lists(['"A=1'])


def test_pairs_are_split_at_the_first_separator() -> None:
    assert pairs(["a=b:c=d", "e:f=g", "h", "i="]) == [("a", "b:c=d"), ("e", "f=g"), ("h", ""), ("i", "")]


@pytest.mark.parametrize("text", ["128Mi", "0.5", "500m", "1e3", ".5", "2G", "+1"])
def test_quantities(text: str) -> None:
    assert is_quantity(text)


@pytest.mark.parametrize("text", ["", "-1", "1 Mi", "Mi", "1MiB", "1e", "0x10", "\u0661"])
def test_no_quantities(text: str) -> None:
    assert not is_quantity(text)


@pytest.mark.parametrize(
    "schedule",
    ["* * * * *", "*/10 0-6 1,15 jan MON-FRI", "0 0 0 * * 7", "@hourly", "@every 1h30m", "5/15 * ? * *", "0 0 * * 5-0"],
)
def test_schedules(schedule: str) -> None:
    assert problem_of(schedule) is None


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("* * *", "has 3 fields"),
        ("60 * * * *", "schedule, minute: is out of range"),
        ("* 24 * * *", "schedule, hour: is out of range"),
        ("* * 0 * *", "schedule, day of month: is out of range"),
        ("*/0 * * * *", "has a step that is no number above 0"),
        ("5-1 * * * *", "has a range that ends before it begins"),
        ("1-2-3 * * * *", "is neither a number nor a range"),
        ("* * * foo *", "schedule, month: is neither"),
        ("@never", "no known descriptor"),
        ("@every", "has no duration"),
    ],
)
def test_no_schedules(schedule: str, problem: str) -> None:
    assert problem in (problem_of(schedule) or "")


def test_text_is_stored_as_it_is() -> None:
    source = stored_source("drück = 1\n".encode(), name="app.py")
    assert (source.function, source.content_type) == ("drück = 1\n", "text")


def test_bytes_are_stored_in_base64_with_the_checksum_of_the_bytes() -> None:
    source = stored_source(b"\xff\x00", name="app.bin")
    assert (source.function, source.content_type) == (base64.b64encode(b"\xff\x00").decode(), "base64")
    assert source.checksum == f"sha256:{hashlib.sha256(bytes([255, 0])).hexdigest()}"


def test_an_archive_that_happens_to_be_text_is_still_an_archive() -> None:
    """The node must decode it; `text+zip` would be unpacked undecoded."""
    assert stored_source(b"PK", name="app.zip").content_type == "base64+zip"


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tgz", "a.tar.bz2", "a.tbz2", "a.tar.xz"])
def test_compressed_tars(name: str) -> None:
    assert archive_suffix(name) == "+compressedtar"


async def test_a_missing_file_is_told_by_name() -> None:
    with pytest.raises(SourceUnreadable, match=r"^cannot read no/such\.py: No such file"):
        await read_source("no/such.py")


async def test_a_folder_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="Is a directory"):
        await read_source(str(tmp_path))


async def test_a_source_that_no_function_can_hold_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_bytes(b"#" * (STORED_LIMIT + 1))
    with pytest.raises(SourceUnreadable, match=f"{STORED_LIMIT + 1} bytes are more than a function can hold"):
        await read_source(str(file))


async def test_dependencies_must_be_text(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_bytes(b"\xff")
    with pytest.raises(SourceUnreadable, match="must be UTF-8 text"):
        await read_text(str(file))
