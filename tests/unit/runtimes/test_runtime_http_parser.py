import pytest

from kubeless.runtimes.python.kubeless_runtime.http_parser import MAX_HEAD, BadRequest, Head, RequestParser

GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def parse(data: bytes, *, max_body: int = 1000) -> tuple[Head, bytes] | None:
    parser = RequestParser(max_body=max_body)
    parser.feed(data)
    return parser.next_request()


def complete(data: bytes) -> tuple[Head, bytes]:
    request = parse(data)
    assert request is not None
    return request


def test_method_target_and_headers_are_read() -> None:
    head, body = complete(b"PUT /a?b=c HTTP/1.1\r\nHost: a\r\nX-Some:  text \r\nContent-Length: 2\r\n\r\nhi")

    assert (head.method, head.target, head.minor, body) == ("PUT", "/a?b=c", 1, b"hi")
    assert head.headers == {"host": "a", "x-some": "text", "content-length": "2"}


@pytest.mark.parametrize(
    ("head", "keep_alive"),
    [
        (GET, True),
        (GET + b"Connection: close\r\n", False),
        (GET + b"Connection: Upgrade, Close\r\n", False),
        (b"GET / HTTP/1.0\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n", True),
    ],
)
def test_the_connection_stays_as_version_and_header_say(head: bytes, keep_alive: bool) -> None:
    assert complete(head + b"\r\n")[0].keep_alive is keep_alive


def test_requests_may_come_in_single_bytes() -> None:
    parser = RequestParser(max_body=100)
    found = []
    for byte in (CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n") * 2:
        parser.feed(bytes([byte]))
        request = parser.next_request()
        if request:
            found.append(request[1])

    assert found == [b"abcde", b"abcde"]


def test_pipelined_requests_come_out_in_order() -> None:
    parser = RequestParser(max_body=100)
    parser.feed(POST + b"Content-Length: 1\r\n\r\n1" + CHUNKED + b"1\r\n2\r\n0\r\n\r\n" + GET + b"\r\n")

    bodies = [request[1] for request in iter(parser.next_request, None)]

    assert bodies == [b"1", b"2", b""]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(b"nonsense\r\n\r\n", 400, id="no request line"),
        pytest.param(b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, id="two spaces"),
        pytest.param(b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, id="HTTP/2"),
        pytest.param(b"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400, id="relative target"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 400, id="no host"),
        pytest.param(GET + b"Host: b\r\n\r\n", 400, id="two hosts"),
        pytest.param(GET + b" folded: x\r\n\r\n", 400, id="folded header"),
        pytest.param(GET + b"X : y\r\n\r\n", 400, id="space before colon"),
        pytest.param(GET + b"X-without-colon\r\n\r\n", 400, id="no colon"),
        pytest.param(GET + b"Host\r\n\r\n", 400, id="known name, no colon"),
        pytest.param(GET + b"X: a\x00b\r\n\r\n", 400, id="null byte"),
        pytest.param(GET + b"X: a\nY: b\r\n\r\n", 400, id="bare line feed"),
        pytest.param(GET + b"X: a\rY: b\r\n\r\n", 400, id="bare carriage return"),
        pytest.param(POST + b"Content-Length: +5\r\n\r\nhello", 400, id="signed length"),
        pytest.param(POST + b"Content-Length: 5, 5\r\n\r\nhello", 400, id="list of lengths"),
        pytest.param(POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400, id="two lengths"),
        pytest.param(POST + b"Content-Length: 0x5\r\n\r\nhello", 400, id="hexadecimal length"),
        pytest.param(POST + "Content-Length: ²\r\n\r\n".encode("latin-1"), 400, id="superscript length"),
        pytest.param(POST + b"Content-Length:\r\n\r\n", 400, id="empty length"),
        pytest.param(POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, id="both lengths"),
        pytest.param(POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501, id="unknown coding"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400, id="twice"),
        pytest.param(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, id="chunked in HTTP/1.0"),
        pytest.param(POST + b"Content-Length: 1001\r\n\r\n", 413, id="body too large"),
        pytest.param(CHUNKED + b"3e9\r\n", 413, id="chunk too large"),
        pytest.param(CHUNKED + b"1F4\r\n" + b"x" * 500 + b"\r\n1F5\r\n", 413, id="chunks too large together"),
        pytest.param(CHUNKED + b"x\r\n", 400, id="chunk size is no number"),
        pytest.param(CHUNKED + b"-1\r\n", 400, id="negative chunk"),
        pytest.param(CHUNKED + b"\r\n", 400, id="empty chunk size"),
        pytest.param(CHUNKED + b"2\r\nabc\r\n", 400, id="chunk longer than said"),
        pytest.param(CHUNKED + b"2;a=\x01\r\n", 400, id="control character in extension"),
        pytest.param(CHUNKED + b"1;" + b"x" * 2000, 400, id="endless extension"),
        pytest.param(CHUNKED + b"0\r\nbad trailer\r\n\r\n", 400, id="bad trailer"),
        pytest.param(CHUNKED + b"0\r\n" + b"T: x\r\n" * 20000, 400, id="endless trailer"),
        pytest.param(POST + b"Expect: coffee\r\nContent-Length: 1\r\n\r\n", 417, id="unknown expectation"),
        pytest.param(b"GET /" + b"x" * MAX_HEAD, 431, id="endless head"),
        pytest.param(GET + b"X: y\r\n" * 300 + b"\r\n", 431, id="too many headers"),
    ],
)
def test_what_could_be_misunderstood_is_refused(data: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as refused:
        parse(data)

    assert refused.value.status == status


@pytest.mark.parametrize(
    ("line", "target"),
    [
        (b"GET http://host:80/a/b?c HTTP/1.1", "/a/b?c"),
        (b"GET http://host HTTP/1.1", "/"),
        (b"GET http://host?c HTTP/1.1", "/?c"),
        (b"OPTIONS * HTTP/1.1", "*"),
        (b"GET //double HTTP/1.1", "//double"),
    ],
)
def test_a_target_in_any_form_becomes_a_path(line: bytes, target: str) -> None:
    assert complete(line + b"\r\nHost: a\r\n\r\n")[0].target == target


def test_repeated_headers_are_joined() -> None:
    head, _ = complete(GET + b"Accept: a\r\naccept: b\r\nCookie: x=1\r\nCookie: y=2\r\n\r\n")

    assert head.headers["accept"] == "a, b"
    assert head.headers["cookie"] == "x=1; y=2"


def test_continue_is_due_once_and_only_before_the_body() -> None:
    parser = RequestParser(max_body=100)
    parser.feed(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")

    assert parser.next_request() is None
    assert parser.take_continue()
    assert not parser.take_continue()


def test_a_body_that_is_too_large_is_refused_instead_of_invited() -> None:
    with pytest.raises(BadRequest, match="larger than 10 bytes"):
        parse(POST + b"Expect: 100-continue\r\nContent-Length: 11\r\n\r\n", max_body=10)


def test_long_runs_of_blanks_in_a_value_take_no_time() -> None:
    head, _ = complete(GET + b"X: a" + b" " * 60_000 + b"b\r\n\r\n")

    assert len(head.headers["x"]) == 60_002
