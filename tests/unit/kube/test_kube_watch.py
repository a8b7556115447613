import orjson
import pytest

from kubeless.kube.errors import Gone, ServerError
from kubeless.kube.watch import LineSplitter, WatchEvent, parse_event


@pytest.mark.parametrize(
    "chunks",
    [
        [b"one\ntwo\nthree\n"],
        [b"on", b"e\ntw", b"o", b"\n", b"three\n"],
        [b"one\n\n\ntwo\nthree", b"\n\n"],
        [bytes([letter]) for letter in b"one\ntwo\nthree\n"],
    ],
)
def test_lines_are_the_same_however_they_were_cut(chunks: list[bytes]) -> None:
    splitter = LineSplitter()
    assert [line for chunk in chunks for line in splitter.feed(chunk)] == [b"one", b"two", b"three"]


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    splitter = LineSplitter(limit=10)
    assert splitter.feed(b"0123456789") == []
    with pytest.raises(ServerError, match="more than 10 bytes"):
        splitter.feed(b"0")


def test_the_limit_is_for_one_line_and_not_for_a_chunk() -> None:
    assert len(LineSplitter(limit=10).feed(b"123456789\n" * 100)) == 100


def test_an_event_is_read() -> None:
    event = parse_event(b'{"type":"ADDED","object":{"kind":"Pod"}}', action="watch pods")
    assert event == WatchEvent("ADDED", {"kind": "Pod"})


def test_an_error_event_is_raised_as_what_it_says() -> None:
    status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version: 1 (5)"}
    with pytest.raises(Gone, match=r"too old resource version: 1 \(5\)"):
        parse_event(orjson.dumps({"type": "ERROR", "object": status}), action="watch pods")


@pytest.mark.parametrize("line", [b"{", b"[]", b"1", b"{}", b'{"type":"ADDED"}', b'{"type":"ADDED","object":3}'])
def test_what_is_no_event_is_the_servers_error_and_names_what_was_asked(line: bytes) -> None:
    with pytest.raises(ServerError, match="cannot watch pods"):
        parse_event(line, action="watch pods")
