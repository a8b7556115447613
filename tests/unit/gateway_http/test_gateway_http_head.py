"""Whatever head passes the grammar means the same to llhttp, and bodies in chunks decode however they are cut."""

from contextlib import suppress

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeless.gateway.http.chunks import ChunkedDecoder
from kubeless.gateway.http.head import check_partial, parse_head
from kubeless.gateway.http.limits import Limits
from kubeless.gateway.http.problem import BadRequest

LIMITS = Limits()
_ENDS = st.sampled_from([b"\r\n"] * 8 + [b"\n", b"\r", b"\r\n "])
_NAMES = st.sampled_from([b"Host", b"Content-Length", b"Transfer-Encoding", b"Connection", b"X", b"X Y", b"", b"X\x00"])
_VALUES = st.one_of(st.sampled_from([b"x", b"5", b"chunked", b"close"]), st.binary(max_size=5))
_HEADS = st.tuples(
    st.sampled_from([b"GET", b"POST", b"PURGE", b"get", b"G T"]),
    st.sampled_from([b"/", b"/a?b", b"*", b"http://x/", b"/\xff", b"/ x"]),
    _ENDS,
    st.lists(st.tuples(_NAMES, st.sampled_from([b": ", b":", b" :"]), _VALUES, _ENDS).map(b"".join), max_size=4),
).map(lambda it: it[0] + b" " + it[1] + b" HTTP/1.1" + it[2] + b"Host: x\r\n" + b"".join(it[3]) + b"\r\n")


class Witness:
    """What llhttp reads."""

    def __init__(self) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.complete = True


@given(raw=_HEADS)
def test_a_head_that_is_taken_is_the_same_head_to_llhttp(raw: bytes) -> None:
    try:
        head = parse_head(raw, LIMITS)
    except BadRequest:
        return
    witness = Witness()
    parser = httptools.HttpRequestParser(witness)
    with suppress(httptools.HttpParserUpgrade):
        parser.feed_data(raw)
    assert witness.complete
    assert parser.get_method().decode() == head.method
    assert (witness.url, witness.headers) == (head.target, head.fields)


@given(raw=_HEADS, cut=st.integers(0, 100))
def test_the_beginning_of_a_good_head_is_never_refused(raw: bytes, cut: int) -> None:
    try:
        parse_head(raw, LIMITS)
    except BadRequest:
        return
    check_partial(raw[:cut], 0, LIMITS)


@given(pieces=st.lists(st.binary(min_size=1, max_size=40), max_size=8), cuts=st.lists(st.integers(1, 30), max_size=30))
def test_chunks_decode_however_they_are_cut(pieces: list[bytes], cuts: list[int]) -> None:
    raw = b"".join(b"%x;a=b\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nA: b\r\n\r\nnext"
    decoder, found, at = ChunkedDecoder(LIMITS), [], 0
    for cut in [*cuts, len(raw)]:
        if decoder.done:
            break
        got, used = decoder.feed(raw[at : at + cut])
        found += got
        at += used
    assert decoder.done
    assert b"".join(found) == b"".join(pieces)
    assert raw[at:] == b"next"


@pytest.mark.parametrize("raw", [b"GET / HTTP/1.1\r\nHost: x\n", b"GET /\x00", b"GET / HTTP/1.1\rx", b"\x16\x03\x01"])
def test_a_head_that_cannot_become_good_is_refused_before_it_is_complete(raw: bytes) -> None:
    with pytest.raises(BadRequest):
        check_partial(raw, 0, LIMITS)


def test_a_hostile_head_costs_no_more_than_a_good_one() -> None:
    """The grammar does not go back: 64 kB of almost a header line are refused in one pass."""
    with pytest.raises(BadRequest):
        parse_head(b"GET / HTTP/1.1\r\n" + b"a" * 60_000 + b"\x00\r\n\r\n", LIMITS)
