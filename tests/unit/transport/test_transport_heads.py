"""What llhttp made of a head is used again only for the very same bytes around the very same length."""

import pytest

from kubeless.delivery.transport.heads import Heads

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
FIELDS = [(b"Content-Length", b"2")]


def learned(data: bytes = HEAD + b"hi", fields: list[tuple[bytes, bytes]] | None = None) -> Heads:
    """Only some unknown heads are learned, so it is shown one often."""
    heads = Heads()
    for _ in range(50):
        heads.learn(data, 200, fields if fields is not None else FIELDS)
    return heads


def test_a_learned_head_tells_status_headers_and_body() -> None:
    found = learned().find(HEAD + b"ho")
    assert found is not None
    known, body = found
    assert (known.status, known.headers, body) == (200, tuple(FIELDS), b"ho")


@pytest.mark.parametrize(
    "data",
    [
        HEAD,
        HEAD + b"h",
        HEAD + b"hi!",
        HEAD + b"hi" + HEAD + b"hi",
        HEAD.lower() + b"hi",
        HEAD.replace(b"OK", b"ok") + b"hi",
        b"\r\n" + HEAD + b"hi",
        b"",
        b"HTT",
        HEAD[:-2],
    ],
)
def test_anything_else_is_unknown(data: bytes) -> None:
    assert learned().find(data) is None


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"hi", FIELDS),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", FIELDS),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [(b"Transfer-Encoding", b"chunked")]),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 3000 + b"\r\nContent-Length: 0\r\n\r\n", [(b"Content-Length", b"0")]),
    ],
)
def test_a_head_that_does_not_frame_its_response_by_itself_is_not_learned(
    data: bytes, fields: list[tuple[bytes, bytes]]
) -> None:
    assert learned(data, fields).find(data) is None
