"""What we write is one unambiguous request, or nothing at all."""

from collections.abc import AsyncIterator

import pytest

from kubeless.delivery.transport.errors import InvalidRequest
from kubeless.delivery.transport.request import Request, encode_head


async def stream() -> AsyncIterator[bytes]:
    yield b"abc"


def test_a_request_with_bytes_announces_their_length() -> None:
    request = Request("POST", b"/run?x=1", [(b"Event-Id", b"a/1")], b"hello")
    assert encode_head(request, b"10.0.0.1:8080") == (
        b"POST /run?x=1 HTTP/1.1\r\nHost: 10.0.0.1:8080\r\nEvent-Id: a/1\r\nContent-Length: 5\r\n\r\n"
    )


def test_a_stream_of_unknown_length_is_sent_in_chunks() -> None:
    assert encode_head(Request("POST", b"/", body=stream()), b"h").endswith(b"\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_a_stream_of_known_length_announces_it() -> None:
    head = encode_head(Request("PUT", b"/", body=stream(), content_length=3), b"h")
    assert head.endswith(b"\r\nContent-Length: 3\r\n\r\n")


def test_an_empty_post_has_a_length_and_an_empty_get_has_none() -> None:
    assert b"Content-Length: 0\r\n" in encode_head(Request("POST", b"/"), b"h")
    assert b"Content-Length" not in encode_head(Request("GET", b"/"), b"h")


def test_the_callers_host_replaces_the_endpoints_address() -> None:
    assert b"\r\nHost: echo.example.com\r\n" in encode_head(Request("GET", b"/", host=b"echo.example.com"), b"h:1")


@pytest.mark.parametrize("value", [b"a\r\nEvil: 1", b"a\nb", b"a\rb", b"a\0b", b"\x7f", b"\x1b[0m"])
def test_a_header_value_cannot_split_the_request(value: bytes) -> None:
    with pytest.raises(InvalidRequest, match="X-Name"):
        encode_head(Request("GET", b"/", [(b"X-Name", value)]), b"h")


@pytest.mark.parametrize("name", [b"", b"A B", b"A:", b"A\r\nB", b"A\nB", b"\n", "é".encode(), b"A\0"])
def test_a_header_name_must_be_a_token(name: bytes) -> None:
    with pytest.raises(InvalidRequest, match="token"):
        encode_head(Request("GET", b"/", [(b"Good", b"1"), (name, b"x"), (b"Also-Good", b"2")]), b"h")


@pytest.mark.parametrize(
    "name", [b"Content-Length", b"transfer-encoding", b"HOST", b"Connection", b"Upgrade", b"Expect", b"Keep-Alive"]
)
def test_framing_headers_belong_to_the_transport(name: bytes) -> None:
    with pytest.raises(InvalidRequest, match=name.decode().lower()):
        encode_head(Request("POST", b"/", [(b"A", b"1"), (name, b"5")], b"hello"), b"h")


@pytest.mark.parametrize("target", [b"", b"x", b"/a b", b"/a\r\n", b"/\x7f", "/é".encode(), b"http://x/", b"*"])
def test_a_target_must_be_a_path(target: bytes) -> None:
    with pytest.raises(InvalidRequest, match="target"):
        encode_head(Request("GET", target), b"h")


@pytest.mark.parametrize("method", ["", "GE T", "GET\r\n", "GÉT"])
def test_a_method_must_be_a_token(method: str) -> None:
    with pytest.raises(InvalidRequest, match="method"):
        encode_head(Request(method, b"/"), b"h")


def test_a_host_cannot_split_the_request() -> None:
    with pytest.raises(InvalidRequest, match="Host"):
        encode_head(Request("GET", b"/", host=b"a\r\nX: y"), b"h")


def test_only_idempotent_requests_with_bytes_can_be_repeated() -> None:
    assert Request("PUT", b"/", body=b"x").replayable
    assert not Request("POST", b"/", body=b"x").replayable
    assert not Request("PUT", b"/", body=stream()).replayable
