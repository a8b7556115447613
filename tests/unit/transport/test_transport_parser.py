"""One response per request, framed the way every reader frames it, or BadResponse."""

import pytest

from kubeless.delivery.transport.errors import BadResponse
from kubeless.delivery.transport.heads import Heads
from kubeless.delivery.transport.limits import Limits
from kubeless.delivery.transport.parser import ResponseParser
from kubeless.delivery.transport.response import Response

OK = b"HTTP/1.1 200 OK\r\n"
LIMITS = Limits(max_head_bytes=1000, max_headers=10)


class Endpoint:
    """A source that does nothing: these tests look at parsing alone."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def abandon(self) -> None: ...


def expecting(*, without_body: bool = False) -> tuple[ResponseParser, Response]:
    parser = ResponseParser(LIMITS, Heads())
    response = Response(Endpoint(), high=1 << 20)
    parser.expect(response, without_body=without_body)
    return parser, response


def feed(parser: ResponseParser, data: bytes, size: int) -> None:
    """As if the network had cut `data` into pieces of `size` bytes."""
    for start in range(0, len(data), size):
        parser.feed(data[start : start + size])


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (OK + b"Content-Length: 3\r\n\r\nabc", b"abc"),
        (OK + b"Content-Length: 0\r\n\r\n", b""),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", b""),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
            + OK
            + b"Content-Length: 1\r\n\r\na",
            b"a",
        ),
    ],
)
async def test_responses_are_the_same_however_they_are_cut(data: bytes, body: bytes) -> None:
    for size in (1, 2, 7, len(data)):
        parser, response = expecting()
        feed(parser, data, size)
        assert parser.done
        assert parser.clean
        assert parser.reusable
        assert await response.read() == body
        assert all(name not in {b"Link", b"Trailer"} for name, _ in response.headers)


@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        OK + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        OK + b"Content-Length: 3, 3\r\n\r\nabc",
        OK + b"Content-Length: +3\r\n\r\nabc",
        OK + b"Content-Length: -3\r\n\r\nabc",
        OK + b"Content-Length: 0x3\r\n\r\nabc",
        OK + b"Content-Length: \r\n\r\n",
        OK + b"Content-Length: 99999999999999999999999999\r\n\r\n",
        OK + b"Content-Length : 3\r\n\r\nabc",
        OK + b"Transfer-Encoding: gzip\r\n\r\n",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        OK + b"Transfer-Encoding: chunked, identity\r\n\r\n",
        OK + b"Transfer-Encoding: xchunked\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        OK + b"A: b\r\n folded\r\n\r\n",
        OK + b"A: b\0c\r\n\r\n",
        OK + b"A: b\rc\r\n\r\n",
        OK + b"A: b\nContent-Length: 0\r\n\r\n",
        OK + b": no name\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/0.9 200 OK\r\n\r\n",
        b"HTTP/1.1 099 Odd\r\n\r\n",
        b"HTTP/1.1 600 Odd\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"hello\r\n",
        OK + b"X: y\r\n" * 11 + b"\r\n",
        OK + b"X: " + b"y" * 1000,
        OK + b"X: " + b"y" * 1000 + b"\r\nContent-Length: 0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n3;" + b"x" * 1100,
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"y" * 1100,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
    ],
)
def test_ambiguous_or_endless_bytes_are_no_response(data: bytes) -> None:
    for size in (len(data), 5):
        parser, _ = expecting()
        with pytest.raises(BadResponse):
            feed(parser, data, size)
        assert not parser.clean or not parser.done


@pytest.mark.parametrize("more", [b"HTTP/1.1 200 OK\r\n", b"garbage", b"H"])
async def test_bytes_behind_a_response_leave_it_whole_but_the_connection_unclean(more: bytes) -> None:
    parser, response = expecting()
    parser.feed(OK + b"Content-Length: 2\r\n\r\nhi" + more)
    assert parser.done
    assert not parser.clean
    assert await response.read() == b"hi"


async def test_the_answer_to_head_has_no_body_whatever_its_headers_say() -> None:
    parser, response = expecting(without_body=True)
    parser.feed(OK + b"Content-Length: 3\r\n\r\n")
    assert parser.done
    assert parser.reusable
    assert await response.read() == b""
    second = Response(Endpoint(), high=1)
    parser.expect(second, without_body=False)
    parser.feed(OK + b"Content-Length: 1\r\n\r\nz")
    assert await second.read() == b"z"


def test_a_body_behind_the_answer_to_head_makes_the_connection_unclean() -> None:
    parser, _ = expecting(without_body=True)
    parser.feed(OK + b"Content-Length: 3\r\n\r\nabc")
    assert parser.done
    assert not parser.clean


async def test_without_a_length_the_end_of_the_connection_ends_the_body() -> None:
    parser, response = expecting()
    parser.feed(OK + b"\r\nabc")
    assert not parser.done
    assert parser.end()
    assert not parser.reusable
    assert await response.read() == b"abc"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 2",
        OK + b"A: b\r\n",
        OK + b"Content-Length: 3\r\n\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ],
)
def test_the_end_of_the_connection_does_not_complete_an_incomplete_response(data: bytes) -> None:
    parser, _ = expecting()
    parser.feed(data)
    assert not parser.end()


@pytest.mark.parametrize(
    "head", [b"HTTP/1.0 200 OK\r\n", OK + b"Connection: close\r\n", OK + b"Connection: x, Close\r\n"]
)
def test_an_endpoint_that_wants_to_close_is_not_used_again(head: bytes) -> None:
    parser, _ = expecting()
    parser.feed(head + b"Content-Length: 0\r\n\r\n")
    assert parser.done
    assert not parser.reusable
