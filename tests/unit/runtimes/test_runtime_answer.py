from collections.abc import Iterator

import pytest

from kubeless.runtimes.python.kubeless_runtime.answer import Answer, UnusableAnswer, encode
from kubeless.runtimes.python.kubeless_runtime.http_writer import render


class HttpResponse(Exception):
    """As much of Bottle's HTTPResponse as the server looks at."""

    def __init__(self, body: object, status: object = 200, headers: dict[str, str] | None = None) -> None:
        self.body = body
        self.status_code = status
        self.headers = headers or {}


def parts() -> Iterator[str | bytes]:
    yield "a"
    yield b"b"


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ("grüße", "grüße".encode()),
        (b"raw", b"raw"),
        (bytearray(b"raw"), b"raw"),
        (["a", "b"], b"ab"),
        ((b"a", b"b"), b"ab"),
        (None, b""),
        ("", b""),
        (b"", b""),
        ([], b""),
        (0, b""),
        (False, b""),
        (parts(), b"ab"),
    ],
)
def test_texts_and_nothing_are_sent_as_they_are(value: object, body: bytes) -> None:
    answer = encode(value)

    assert (answer.status, answer.body, answer.content_type) == (200, body, "text/html; charset=UTF-8")


@pytest.mark.parametrize(("value", "body"), [({}, b"{}"), ({"a": [1, None]}, b'{"a": [1, null]}')])
def test_a_dict_is_json(value: object, body: bytes) -> None:
    answer = encode(value)

    assert (answer.body, answer.content_type) == (body, "application/json")


@pytest.mark.parametrize("value", [1, True, 1.5, object(), [{"a": 1}], [1], {"a": object()}, {1, 2}, {("a",): 1}])
def test_other_values_are_refused_with_what_could_be_returned(value: object) -> None:
    with pytest.raises(UnusableAnswer, match=r"returned an? "):
        encode(value)


def test_a_response_object_sets_status_and_headers() -> None:
    answer = encode(HttpResponse("made", 201, {"Location": "/x", "Content-Type": "text/plain"}))

    assert (answer.status, answer.body, answer.content_type) == (201, b"made", "text/plain")
    assert answer.headers == (("Location", "/x"),)


def test_a_response_object_may_hold_a_dict() -> None:
    assert encode(HttpResponse({"a": 1}, 404)).content_type == "application/json"


def test_a_response_object_cannot_frame_the_message() -> None:
    headers = {"Content-Length": "1", "Transfer-Encoding": "chunked", "Connection": "close"}

    assert encode(HttpResponse("", headers=headers)).headers == ()


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse("", headers={"X": "a\r\nSet-Cookie: b"}),
        HttpResponse("", headers={"X\r\nY": "a"}),
        HttpResponse("", headers={"X": "a\x00"}),
        HttpResponse("", headers={"": "a"}),
        HttpResponse("", headers={"Content-Type": "a\nb"}),
        HttpResponse("", 99),
        HttpResponse("", 101),
        HttpResponse("", 600),
        HttpResponse("", "200 OK"),
    ],
)
def test_a_response_object_cannot_split_the_response(response: HttpResponse) -> None:
    with pytest.raises(UnusableAnswer, match="the response's"):
        encode(response)


def test_a_response_names_its_length_and_date() -> None:
    data = render(Answer(200, b"hi"), keep_alive=True, second=0)

    assert data == (
        b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: text/html; charset=UTF-8\r\n"
        b"Content-Length: 2\r\n\r\nhi"
    )


@pytest.mark.parametrize(
    ("status", "method", "body", "length"),
    [(200, "HEAD", b"", True), (304, "GET", b"", True), (204, "GET", b"", False), (500, "GET", b"hi", True)],
)
def test_the_body_is_left_out_where_http_has_none(status: int, method: str, body: bytes, length: bool) -> None:
    head, _, sent = render(Answer(status, b"hi"), method=method, keep_alive=True).partition(b"\r\n\r\n")

    assert sent == body
    assert (b"Content-Length: 2" in head) is length


@pytest.mark.parametrize(
    ("minor", "keep_alive", "connection"), [(1, True, None), (1, False, b"close"), (0, True, b"keep-alive")]
)
def test_the_connection_header_says_what_the_client_cannot_assume(
    minor: int, keep_alive: bool, connection: bytes | None
) -> None:
    data = render(Answer(200, b""), minor=minor, keep_alive=keep_alive)

    assert (b"Connection: " + (connection or b"") in data) is (connection is not None)
