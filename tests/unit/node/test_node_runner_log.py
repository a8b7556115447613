"""A container's log: written by the runner, read while it grows."""

from contextlib import closing
from pathlib import Path

from kubeless.local.node.logreader import LogReader, Record, last_lines
from kubeless.local.node.logs import LineFormat
from kubeless.local.node.runner import LONGEST_RECORD, LogFile


def read_all(reader: LogReader) -> list[Record]:
    found: list[Record] = []
    while records := reader.read():
        found += records
    return found


def records_in(folder: Path) -> list[Record]:
    with closing(LogReader(folder, 0)) as reader:
        return read_all(reader)


def texts(folder: Path) -> list[bytes]:
    return [record.text for record in records_in(folder)]


def make_log(folder: Path, *, segment_bytes: int = 1 << 20, segments: int = 3) -> LogFile:
    return LogFile(str(folder / "0"), segment_bytes=segment_bytes, segments=segments)


def test_lines_come_back_as_they_were_printed(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    log.write(b"one\ntw")
    log.write(b"o\n\nlast without end")
    log.close()
    assert texts(tmp_path) == [b"one", b"two", b"", b"last without end"]


def test_a_follower_loses_no_line_to_rotation(tmp_path: Path) -> None:
    log = make_log(tmp_path, segment_bytes=200)
    seen: list[bytes] = []
    with closing(LogReader(tmp_path, 0)) as reader:
        for number in range(100):
            log.write(b"line %d\n" % number)
            if number % 3 == 0:
                seen += [record.text for record in read_all(reader)]
        seen += [record.text for record in read_all(reader)]
    assert seen == [b"line %d" % number for number in range(100)]


def test_only_the_newest_segments_are_kept(tmp_path: Path) -> None:
    log = make_log(tmp_path, segment_bytes=1000, segments=3)
    for number in range(1000):
        log.write(b"line %d\n" % number)
    log.close()
    assert len(list(tmp_path.iterdir())) == 3
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3000
    assert texts(tmp_path)[-1] == b"line 999"


def test_a_reader_that_was_overtaken_goes_on_with_what_is_left(tmp_path: Path) -> None:
    log = make_log(tmp_path, segment_bytes=100, segments=2)
    log.write(b"first\n")
    with closing(LogReader(tmp_path, 0)) as reader:
        assert [record.text for record in read_all(reader)] == [b"first"]
        for number in range(50):
            log.write(b"line %d\n" % number)
        assert read_all(reader)[-1].text == b"line 49"


def test_a_very_long_line_is_stored_in_parts_and_printed_as_one(tmp_path: Path) -> None:
    line = b"x" * (LONGEST_RECORD * 3 + 5)
    log = make_log(tmp_path)
    log.write(line[:20000])
    log.write(line[20000:] + b"\nnext\n")
    log.close()
    records = records_in(tmp_path)
    assert max(len(record.text) for record in records) <= LONGEST_RECORD
    lines = LineFormat()
    assert b"".join(map(lines.format, records)) == line + b"\nnext\n"


def test_a_line_without_end_does_not_grow_in_memory(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    for _ in range(100):
        log.write(b"x" * 10000)
    size = sum(len(text) for text in texts(tmp_path))
    assert size > 980_000


def test_timestamps_are_printed_once_per_line_and_old_lines_left_out() -> None:
    lines = LineFormat(since=b"2024-01-01T00:00:01Z", timestamps=True)
    records = [
        Record(b"2024-01-01T00:00:00Z", b"old, ", ends=False),
        Record(b"2024-01-01T00:00:02Z", b"though it ends late", ends=True),
        Record(b"2024-01-01T00:00:02Z", b"new, ", ends=False),
        Record(b"2024-01-01T00:00:03Z", b"in parts", ends=True),
    ]
    assert b"".join(map(lines.format, records)) == b"2024-01-01T00:00:02Z new, in parts\n"


def test_the_last_lines_are_bounded_in_number_and_bytes(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    log.write(b"".join(b"%d\n" % number for number in range(200)))
    log.write("ä".encode() * 1000 + b"\nValueError: no\n")
    log.close()
    message = last_lines(tmp_path, 0)
    assert message.endswith("ä\nValueError: no")
    assert len(message.encode()) <= 2048
    assert len(last_lines(tmp_path, 0, lines=1)) == len("ValueError: no")
