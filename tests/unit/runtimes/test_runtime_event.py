import pytest

from kubeless.runtimes.python.kubeless_runtime.event import InvalidJson, make_event
from kubeless.runtimes.python.kubeless_runtime.http_parser import parse_head
from kubeless.runtimes.python.kubeless_runtime.request import Request


def make_request(*headers: str, body: bytes = b"", target: str = "/") -> Request:
    head = parse_head("\r\n".join((f"POST {target} HTTP/1.1", "Host: example", *headers)).encode())
    return Request(head, body, "10.0.0.1")


def test_event_headers_become_fields_and_missing_ones_none() -> None:
    event = make_event(make_request("event-id: 1", "Event-Type: application/json", "event-time: now"))

    fields = {name: value for name, value in event.items() if name.startswith("event-")}
    assert fields == {"event-id": "1", "event-type": "application/json", "event-time": "now", "event-namespace": None}


@pytest.mark.parametrize(
    ("content_type", "body", "data"),
    [
        ("application/json", b'{"a": 1}', {"a": 1}),
        ("application/json; charset=utf-8", b"[1]", [1]),
        ("Application/JSON ;charset=UTF-8", b'"x"', "x"),
        ("application/json", b"", None),
        ("text/plain", b"x", b"x"),
        ("application/x-www-form-urlencoded", b"", b""),
        ("application/json-seq", b"{}", b"{}"),
    ],
)
def test_data_is_parsed_if_it_is_json_and_bytes_otherwise(content_type: str, body: bytes, data: object) -> None:
    assert make_event(make_request(f"Content-Type: {content_type}", body=body))["data"] == data


@pytest.mark.parametrize("body", [b"{", b" ", b"\xff", b"[" * 100_000])
def test_json_that_is_none_is_an_error(body: bytes) -> None:
    with pytest.raises(InvalidJson, match="announced as application/json"):
        make_event(make_request("Content-Type: application/json", body=body))


def test_cloud_event_attributes_are_extensions() -> None:
    extensions = make_event(make_request("ce-type: made", "CE-Source: here"))["extensions"]

    assert (extensions["ce-type"], extensions["ce-source"]) == ("made", "here")


def test_the_request_reads_like_bottles() -> None:
    request = make_request("X-Some: v", "Content-Type: text/plain", target="/a%20b?x=1&y=2&x=3", body=b"abc")

    assert (request.method, request.path, request.query_string) == ("POST", "/a b", "x=1&y=2&x=3")
    assert request.url == "http://example/a%20b?x=1&y=2&x=3"
    assert (request.query["x"], request.query.y, request.query.missing) == ("3", "2", "")
    assert request.query.getall("x") == ["1", "3"]
    assert (request.headers["x-SOME"], request.headers.get("none"), request.get_header("X-SOME")) == ("v", None, "v")
    assert (request.body.read(1), request.body.read()) == (b"a", b"bc")
    assert request.json is None


def test_forms_are_parsed() -> None:
    request = make_request("Content-Type: application/x-www-form-urlencoded", body="a=ä&b=".encode())

    assert dict(request.forms) == {"a": "ä", "b": ""}
