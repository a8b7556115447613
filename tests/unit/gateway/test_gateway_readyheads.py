"""Heads made ready once say what heads made from scratch say."""

from dataclasses import replace

import pytest

from kubeless.delivery.transport.heads import Known
from kubeless.delivery.transport.request import Request, encode_head
from kubeless.gateway.headers import for_client, for_function, forwarded_node
from kubeless.gateway.http.encode import encode_head as encode_answer
from kubeless.gateway.http.head import parse_head
from kubeless.gateway.http.limits import Limits
from kubeless.gateway.incoming import Incoming
from kubeless.gateway.readyheads import answer_head, request_head

ID, SPAN = b"0123456789abcdef" * 2, b"0123456789abcdef"


def incoming(*lines: str, body: bytes = b"", peer: str = "10.0.0.7", scheme: str = "http") -> Incoming:
    method = "POST" if body else "GET"
    raw = "\r\n".join([f"{method} /a HTTP/1.1", "Host: h", *lines, "", ""]).encode("latin-1")
    head = parse_head(raw, Limits())
    return Incoming(method, head.target, head.fields, body, len(body) or None, peer, scheme, True, head.first)


def lines_of(message: bytes) -> tuple[bytes, list[bytes], bytes]:
    """First line, header lines in no order but without the span, body."""
    head, _, body = message.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    return first, sorted(line[:-20] if line.startswith(b"traceparent") else line for line in lines), body


@pytest.mark.parametrize(
    "request_",
    [
        incoming(),
        incoming(body=b"hello"),
        incoming(scheme="https", peer="2001:db8::7"),
        incoming("X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 2.2.2.2", "Forwarded: for=x", "Via: 1.0 a, 1.1 b"),
        incoming("Connection: X-Hop, close", "X-Hop: 1", "Keep-Alive: 5", "Accept: */*", "Empty:"),
        incoming("X: \xe9\xff", "tracestate: a=b"),
    ],
)
def test_a_request_head_is_the_one_that_would_be_written_from_scratch(request_: Incoming) -> None:
    body = request_.body
    assert isinstance(body, bytes)
    ready = request_head(replace(request_, peer="elsewhere"), target=b"/a?b", host=b"h", length=len(body))
    peer = request_.peer.encode()
    message = ready.message(peer, forwarded_node(peer), ID, SPAN, body)
    headers = for_function(request_, host=b"h", request_id=ID.decode())
    scratch = encode_head(Request(request_.method, b"/a?b", headers, body=body, host=b"h"), b"") + body
    assert lines_of(message) == lines_of(scratch)


@pytest.mark.parametrize("cors", [False, True])
@pytest.mark.parametrize(
    "headers",
    [
        ((b"Content-Length", b"2"), (b"Content-Type", b"text/plain")),
        ((b"Content-Length", b"2"), (b"X-Request-Id", b"theirs"), (b"Access-Control-Allow-Origin", b"https://x")),
        (
            (b"content-length", b"2"),
            (b"connection", b"x-hop"),
            (b"x-hop", b"1"),
            (b"set-cookie", b"a"),
            (b"set-cookie", b"b"),
        ),
    ],
)
def test_an_answer_head_is_the_one_that_would_be_written_from_scratch(
    headers: tuple[tuple[bytes, bytes], ...], cors: bool
) -> None:
    ready = answer_head(Known(201, headers, 2), cors=cors)
    assert ready is not None
    assert ready.status == 201
    pairs = for_client(headers, request_id=ID.decode(), cors=cors)
    scratch = encode_answer(201, pairs, b"Content-Length: 2\r\n")
    assert lines_of(ready.before_id + ID + b"\r\n\r\n") == lines_of(scratch)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (101, ()),
        (204, ()),
        (205, ()),
        (304, ()),
        (200, ((b"X", b"a\rb"),)),
        (200, ((b"X", b"a\nb"),)),
        (200, ((b"X", b"a\0b"),)),
    ],
)
def test_answers_that_need_a_closer_look_have_no_ready_head(
    status: int, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    assert answer_head(Known(status, (*headers, (b"Content-Length", b"0")), 0), cors=False) is None
