"""What passes the gateway, in both directions."""

import pytest

from kubeless.delivery.transport.request import Headers
from kubeless.gateway.headers import for_client, for_function, request_id
from kubeless.gateway.incoming import Incoming


def incoming(headers: Headers) -> Incoming:
    first = {name.lower(): value for name, value in headers}
    return Incoming("GET", b"/", headers, b"", None, "10.0.0.9", "http", needs_host=True, first=first)


def sent(headers: Headers) -> dict[bytes, bytes]:
    result = for_function(incoming(headers), host=b"echo.example.com", request_id="id-1")
    names = [name.lower() for name, _ in result]
    assert len(names) == len(set(names))
    return {name.lower(): value for name, value in result}


def test_hop_by_hop_fields_end_here_those_that_connection_names_included() -> None:
    kept = sent(
        [
            (b"Connection", b"close, X-Hop"),
            (b"connection", b" x-other "),
            (b"X-Hop", b"1"),
            (b"X-OTHER", b"1"),
            (b"Keep-Alive", b"5"),
            (b"TE", b"trailers"),
            (b"Upgrade", b"h2c"),
            (b"HTTP2-Settings", b"x"),
            (b"Transfer-Encoding", b"chunked"),
            (b"Content-Length", b"5"),
            (b"Expect", b"100-continue"),
            (b"Host", b"x"),
            (b"Event-Id", b"7"),
            (b"Authorization", b"Bearer x"),
        ]
    )
    assert set(kept) == {
        b"event-id",
        b"authorization",
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"x-forwarded-host",
        b"x-request-id",
        b"forwarded",
        b"via",
        b"traceparent",
    }


def test_our_view_comes_last_in_what_was_forwarded() -> None:
    kept = sent([(b"x-forwarded-for", b"1.1.1.1"), (b"X-Forwarded-For", b"2.2.2.2"), (b"X-Forwarded-Proto", b"https")])
    assert kept[b"x-forwarded-for"] == b"1.1.1.1, 2.2.2.2, 10.0.0.9"
    assert kept[b"x-forwarded-proto"] == b"https, http"
    assert kept[b"x-forwarded-host"] == b"echo.example.com"
    assert kept[b"forwarded"] == b'for=10.0.0.9;proto=http;host="echo.example.com"'
    assert kept[b"via"] == b"1.1 kubeless"


def test_a_client_cannot_make_us_drop_what_we_add() -> None:
    kept = sent([(b"Connection", b"X-Forwarded-For, X-Request-Id")])
    assert kept[b"x-forwarded-for"] == b"10.0.0.9"
    assert kept[b"x-request-id"] == b"id-1"


def test_the_answer_carries_the_request_id_and_no_hop_by_hop_fields() -> None:
    headers = [(b"Set-Cookie", b"a"), (b"Set-Cookie", b"b"), (b"Connection", b"X-Hop"), (b"X-Hop", b"1")]
    headers += [(b"X-Request-Id", b"other"), (b"Content-Length", b"3"), (b"Transfer-Encoding", b"chunked")]
    assert for_client(headers, request_id="id-1", cors=False) == [
        (b"Set-Cookie", b"a"),
        (b"Set-Cookie", b"b"),
        (b"X-Request-Id", b"id-1"),
    ]


def test_cors_adds_the_origin_unless_the_function_did() -> None:
    theirs = [(b"access-control-allow-origin", b"https://example.com")]
    assert (b"Access-Control-Allow-Origin", b"*") in for_client([], request_id="x", cors=True)
    assert for_client(theirs, request_id="x", cors=True)[0] == theirs[0]
    assert len(for_client(theirs, request_id="x", cors=True)) == 2


@pytest.mark.parametrize("given", [b"", b"a b", b"x" * 129, b'"', "é".encode(), b"a{b}"])
def test_a_request_id_that_could_do_harm_is_replaced(given: bytes) -> None:
    made = request_id(incoming([(b"X-Request-Id", given)]))
    assert made.encode() != given
    assert len(made) == 32


def test_a_sane_request_id_is_kept_unless_there_are_two() -> None:
    assert request_id(incoming([(b"x-request-id", b"4bf92f35-77b3")])) == "4bf92f35-77b3"
    assert request_id(incoming([(b"x-request-id", b"a"), (b"X-Request-ID", b"b")])) not in {"a", "b"}
    assert request_id(incoming([])) != request_id(incoming([]))


def test_a_trace_under_way_goes_on_and_another_begins_where_there_is_none() -> None:
    parent = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert sent([(b"Traceparent", parent), (b"tracestate", b"a=b")])[b"traceparent"] == parent
    broken = sent([(b"traceparent", b"00-zz"), (b"tracestate", b"a=b")])
    assert b"tracestate" not in broken
    assert len(broken[b"traceparent"]) == len(parent)
