"""From counters of the system to what a container uses, without a process."""

from pathlib import Path

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.maincontainer import memory_limit
from kubeless.local.node.processes import ProcessUsage, members, parse_stat, proportional_memory, read_machine
from kubeless.local.node.usage import Measured, RateWindow

STAT = (
    b"42 (a b) c) S 7 42 42 0 -1 4194304 1 2 3 4 150 50 25 75 20 0 1 0 9000 1000000 256 "
    b"18446744073709551615 1 1 0 0 0 0 0 0 0\n"
)


def process(pid: int, parent: int, session: int, *, resident: int = 0) -> ProcessUsage:
    return ProcessUsage(pid=pid, parent=parent, session=session, cpu=0.0, resident=resident)


def test_a_process_is_read_whatever_its_name_holds() -> None:
    found = parse_stat(STAT)
    assert found is not None
    assert (found.pid, found.parent, found.session, found.cpu) == (42, 7, 42, 3.0)
    assert found.resident % 256 == 0
    assert found.resident > 256


@pytest.mark.parametrize("content", [b"", b"42", b"42 (x) S 1 2", STAT.replace(b" 7 ", b" x ")])
def test_what_is_no_process_is_none(content: bytes) -> None:
    assert parse_stat(content) is None


def test_children_belong_to_a_container_even_in_a_session_of_their_own() -> None:
    machine = [
        process(1, 0, 1),
        process(10, 1, 10),  # the leader
        process(11, 10, 10),
        process(12, 11, 12),  # began a session
        process(13, 1, 10),  # its parent has ended
        process(20, 1, 20),
        process(21, 20, 20),
    ]
    found = members({10, 20}, machine)
    assert {leader: sorted(each.pid for each in group) for leader, group in found.items()} == {
        10: [10, 11, 12, 13],
        20: [20, 21],
    }


def test_a_rate_is_the_average_over_the_window_alone() -> None:
    window = RateWindow(length=10.0)
    assert window.rate is None
    for second in range(20):
        window.add(float(second), 0.0 if second < 10 else (second - 10) * 0.5)
    assert window.rate == pytest.approx(4.5 / window.seconds)
    assert window.seconds == 10.0


def test_a_rate_needs_two_looks_that_are_apart() -> None:
    window = RateWindow()
    window.add(1.0, 5.0)
    window.add(1.2, 6.0)
    assert window.rate is None


def test_a_counter_that_falls_back_counts_as_still_then() -> None:
    window = RateWindow()
    for at, total in ((0.0, 100.0), (5.0, 2.0), (10.0, 12.0)):
        window.add(at, total)
    assert window.rate == 1.0


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({"limits": {"memory": "128Mi"}}, 128 << 20),
        ({"limits": {"memory": "0", "cpu": "100m"}}, None),
        ({"limits": {"cpu": "1"}, "requests": {"memory": "1Gi"}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_limit_of_nothing_is_no_limit(resources: JsonObject | None, expected: int | None) -> None:
    assert memory_limit({"resources": resources}) == expected


async def test_memory_up_to_the_limit_is_granted() -> None:
    measured = Measured("uid", "main", 10, memory_limit=100)
    measured.judge([process(10, 1, 10, resident=100)])
    assert not measured.exceeded.is_set()
    measured.judge([process(10, 1, 10, resident=101)])
    assert measured.exceeded.is_set()


def test_shared_memory_is_summed_exactly_where_the_system_tells(tmp_path: Path) -> None:
    for pid, kibibytes in ((10, 3), (11, 4)):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "smaps_rollup").write_text(
            f"0-1 ---p 0 0:0 0 [rollup]\nRss: 9 kB\nPss: {kibibytes} kB\n"
        )
    assert proportional_memory([10, 11], proc=tmp_path) == 7 << 10
    assert proportional_memory([10, 12], proc=tmp_path) is None


def test_the_machine_works_when_it_neither_idles_nor_waits_for_a_disk(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 1\n")
    (tmp_path / "meminfo").write_text("MemTotal: 100 kB\nMemFree: 5 kB\nMemAvailable: 40 kB\nHugePages_Total: 0\n")
    found = read_machine(proc=tmp_path)
    assert found is not None
    assert found.memory == 60 << 10
    assert found.cpu > 0
    assert read_machine(proc=tmp_path / "missing") is None
