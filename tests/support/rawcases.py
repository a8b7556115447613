"""
Requests as bytes, each with the statuses a client must see and how many requests a function may see.

The bulk is what one server takes for one request and another for two, or for another one (RFC 9112 11.1, 11.2, and the
variants that the literature on request smuggling knows), together with what is merely broken.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """`statuses` of the answers in order; `forwarded` requests reach the function."""

    name: str
    raw: bytes
    statuses: tuple[int, ...] = (400,)
    forwarded: int = 0


def _request(line: str = "GET /echo HTTP/1.1", *headers: str, host: str = "Host: x", body: str = "") -> bytes:
    lines = [line, *([host] if host else []), *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")


def _post(*headers: str, body: str = "") -> bytes:
    return _request("POST /echo HTTP/1.1", *headers, body=body)


def _close(*headers: str, line: str = "GET /echo HTTP/1.1", body: str = "") -> bytes:
    return _request(line, *headers, "Connection: close", body=body)


_SMUGGLED = "GET /echo/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
_CHUNKS = "5\r\nhello\r\n0\r\n\r\n"

GOOD = [
    Case("get", _close(), (200,), 1),
    Case("query", _close(line="GET /echo?a=b&c=%20 HTTP/1.1"), (200,), 1),
    Case("absolute form", _close(line="GET http://x/echo HTTP/1.1"), (200,), 1),
    Case("absolute form, other host", _close(line="GET http://y/echo HTTP/1.1"), (200,), 1),
    Case("HTTP/1.0", _request("GET /echo HTTP/1.0"), (200,), 1),
    Case("HTTP/1.0 without a host", _request("GET /echo HTTP/1.0", host=""), (200,), 1),
    Case("length", _close("Content-Length: 5", line="POST /echo HTTP/1.1", body="hello"), (200,), 1),
    Case("length zero", _close("Content-Length: 0", line="POST /echo HTTP/1.1"), (200,), 1),
    Case(
        "length with leading zeros", _close("Content-Length: 0005", line="POST /echo HTTP/1.1", body="hello"), (200,), 1
    ),
    Case("no length", _close(line="POST /echo HTTP/1.1"), (200,), 1),
    Case("chunked", _close("Transfer-Encoding: chunked", line="POST /echo HTTP/1.1", body=_CHUNKS), (200,), 1),
    Case(
        "chunked in capitals", _close("TRANSFER-ENCODING: CHUNKED", line="POST /echo HTTP/1.1", body=_CHUNKS), (200,), 1
    ),
    Case(
        "chunk extension",
        _close("Transfer-Encoding: chunked", line="POST /echo HTTP/1.1", body='5;a="b c"\r\nhello\r\n0;x\r\n\r\n'),
        (200,),
        1,
    ),
    Case(
        "trailers",
        _close("Transfer-Encoding: chunked", line="POST /echo HTTP/1.1", body="0\r\nA: b\r\nC: d\r\n\r\n"),
        (200,),
        1,
    ),
    Case("body of a GET", _close("Content-Length: 5", body="hello"), (200,), 1),
    Case("an empty line before", b"\r\n" + _close(), (200,), 1),
    Case("pipelined", _request() + _close(), (200, 200), 2),
    Case("pipelined after a body", _post("Content-Length: 5", body="hello") + _close(), (200, 200), 2),
    Case("pipelined after chunks", _post("Transfer-Encoding: chunked", body=_CHUNKS) + _close(), (200, 200), 2),
    Case("nothing after close", _close() + _close(), (200,), 1),
    Case("value in UTF-8", _close("X: \xc3\xa4"), (200,), 1),
    Case("value in Latin-1", _close("X: \xe4"), (200,), 1),
    Case("empty value", _close("X:"), (200,), 1),
    Case("spaces around a value", _close("X: \t a \t "), (200,), 1),
    Case("lower-case names", b"GET /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", (200,), 1),
    Case("port in the host", _request("GET /echo HTTP/1.1", "Connection: close", host="Host: x:8080"), (200,), 1),
    Case("address as host", _request("GET /echo HTTP/1.1", "Connection: close", host="Host: [::1]:80"), (200,), 1),
    Case("hop-by-hop names", _close("Connection: X-Secret", "X-Secret: a"), (200,), 1),
    Case("options of a path", _close(line="OPTIONS /echo HTTP/1.1"), (200,), 1),
    Case("a method of WebDAV", _close(line="PROPFIND /echo HTTP/1.1"), (200,), 1),
    Case("keep-alive of 1.0", _request("GET /echo HTTP/1.0", "Connection: keep-alive") + _close(), (200, 200), 2),
]

BOTH_LENGTHS = [
    Case("CL.TE", _post("Content-Length: 6", "Transfer-Encoding: chunked", body="0\r\n\r\nG")),
    Case("TE.CL", _post("Transfer-Encoding: chunked", "Content-Length: 4", body="5c\r\n" + _SMUGGLED + "0\r\n\r\n")),
    Case(
        "CL.TE of a GET",
        _request("GET /echo HTTP/1.1", "Content-Length: 5", "Transfer-Encoding: chunked", body=_CHUNKS),
    ),
    Case("CL.TE with equal meaning", _post("Content-Length: 15", "Transfer-Encoding: chunked", body=_CHUNKS)),
    Case("CL 0 and TE", _post("Content-Length: 0", "Transfer-Encoding: chunked", body=_CHUNKS)),
    Case("TE identity and CL", _post("Transfer-Encoding: identity", "Content-Length: 5", body="hello")),
]

LENGTHS = [
    Case(f"content-length {value!r}", _post(f"Content-Length: {value}", body="hello" + _SMUGGLED))
    for value in (
        "+5",
        "-5",
        "-0",
        "5 5",
        "5,5",
        "5, 5",
        "5;5",
        "0x5",
        "5e0",
        "5.0",
        "five",
        "",
        "5\x0b",
        "\x0c5",
        "\xd9\xa5",
        "18446744073709551621",
        "9" * 40,
        "1_000",
        "5\t5",
        "'5'",
        '"5"',
        "\xa05",
        "0b1",
        "0o5",
        "5L",
        "\xe2\x88\x9e",
    )
]

REPEATED = [
    Case("two lengths", _post("Content-Length: 5", "Content-Length: 6", body="hello" + _SMUGGLED)),
    Case("two equal lengths", _post("Content-Length: 5", "Content-Length: 5", body="hello")),
    Case("two lengths in two cases", _post("Content-Length: 5", "content-length: 0", body="hello")),
    Case("two codings", _post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=_CHUNKS)),
    Case("chunked and identity", _post("Transfer-Encoding: chunked", "Transfer-Encoding: identity", body=_CHUNKS)),
    Case("identity and chunked", _post("Transfer-Encoding: identity", "Transfer-Encoding: chunked", body=_CHUNKS)),
    Case("two hosts", _request("GET /echo HTTP/1.1", "Host: y")),
    Case("two equal hosts", _request("GET /echo HTTP/1.1", "Host: x")),
    Case("two expectations", _post("Expect: 100-continue", "Expect: 100-continue", "Content-Length: 1")),
    Case("two upgrades", _request("GET /echo HTTP/1.1", "Upgrade: a", "Upgrade: b", "Connection: upgrade")),
]

CODINGS = [
    Case(f"transfer-encoding {value!r}", _post(f"Transfer-Encoding: {value}", body=_CHUNKS + _SMUGGLED))
    for value in (
        "chunked, chunked",
        "chunked, identity",
        "identity, chunked",
        "identity",
        "xchunked",
        "chunkedx",
        "chunked;q=1",
        "x",
        "",
        "\x0bchunked",
        "chunked\x0b",
        "chunked\x00",
        "'chunked'",
        '"chunked"',
        "chun ked",
        ",chunked",
        "chunked,",
        "chunke",
        "cow",
        "chunked\xa0",
        "\xa0chunked",
        "chunked, gzip",
        "tchunked",
        "\\chunked",
    )
]

CODING_NAMES = [
    Case("space before the colon", _post("Transfer-Encoding : chunked", body=_CHUNKS)),
    Case("tab before the colon", _post("Transfer-Encoding\t: chunked", body=_CHUNKS)),
    Case("space before the name", _post(" Transfer-Encoding: chunked", body=_CHUNKS)),
    Case("folded coding", _post("Transfer-Encoding:\r\n chunked", body=_CHUNKS)),
    Case("folded with a tab", _post("Transfer-Encoding: x\r\n\tchunked", body=_CHUNKS)),
    Case("NUL in the name", _post("Transfer\x00-Encoding: chunked", body=_CHUNKS)),
    Case("vertical tab in the name", _post("Transfer-Encoding\x0b: chunked", body=_CHUNKS)),
    Case("coding behind a bare LF", _post("X: y\nTransfer-Encoding: chunked", body=_CHUNKS)),
    Case("coding behind a bare CR", _post("X: y\rTransfer-Encoding: chunked", body=_CHUNKS)),
    Case("other coding", _post("Transfer-Encoding: gzip, chunked", body=_CHUNKS), (501,)),
    Case("coding in HTTP/1.0", _request("POST /echo HTTP/1.0", "Transfer-Encoding: chunked", body=_CHUNKS)),
]

LINES = [
    Case("garbage", b"GARBAGE\r\n\r\n"),
    Case("HTTP/0.9", b"GET /echo\r\n\r\n"),
    Case("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (505,)),
    Case("HTTP/1.2", b"GET /echo HTTP/1.2\r\nHost: x\r\n\r\n", (505,)),
    Case("HTTP/3.0", b"GET /echo HTTP/3.0\r\nHost: x\r\n\r\n", (505,)),
    Case("HTTP/11", b"GET /echo HTTP/11\r\nHost: x\r\n\r\n"),
    Case("HTTP/1.10", b"GET /echo HTTP/1.10\r\nHost: x\r\n\r\n"),
    Case("http/1.1", b"GET /echo http/1.1\r\nHost: x\r\n\r\n"),
    Case("HTTPS/1.1", b"GET /echo HTTPS/1.1\r\nHost: x\r\n\r\n"),
    Case("ICE/1.0", b"SOURCE /echo ICE/1.0\r\nHost: x\r\n\r\n"),
    Case("two spaces", b"GET  /echo HTTP/1.1\r\nHost: x\r\n\r\n"),
    Case("space in the target", b"GET /echo /x HTTP/1.1\r\nHost: x\r\n\r\n"),
    Case("space at the end", b"GET /echo HTTP/1.1 \r\nHost: x\r\n\r\n"),
    Case("space at the start", b" GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"),
    Case("tab for space", b"GET\t/echo\tHTTP/1.1\r\nHost: x\r\n\r\n"),
    Case("bare LF in the line", b"GET /echo HTTP/1.1\nHost: x\r\n\r\n"),
    Case("bare LF everywhere", b"GET /echo HTTP/1.1\nHost: x\n\n"),
    Case("bare CR in the line", b"GET /echo HTTP/1.1\rHost: x\r\n\r\n"),
    Case("lower-case method", b"get /echo HTTP/1.1\r\nHost: x\r\n\r\n", (501,)),
    Case("unknown method", b"FETCH /echo HTTP/1.1\r\nHost: x\r\n\r\n", (501,)),
    Case("odd method", b"G<T /echo HTTP/1.1\r\nHost: x\r\n\r\n"),
    Case("no method", b" /echo HTTP/1.1\r\nHost: x\r\n\r\n"),
    Case("long method", b"G" * 100 + b" /echo HTTP/1.1\r\nHost: x\r\n\r\n"),
    Case("trace", _close(line="TRACE /echo HTTP/1.1"), (405,)),
    Case("connect", _close(line="CONNECT x:80 HTTP/1.1"), (400,)),
    Case("TLS on the plain port", bytes.fromhex("160301020001000001fc0303") + b"\x00" * 32),
    Case("SSH", b"SSH-2.0-OpenSSH_9.0\r\n\r\n"),
    Case("NUL", b"\x00" * 16 + b"\r\n\r\n"),
    Case("long line", b"GET /echo/" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", (414,)),
    Case("endless line", b"GET /echo/" + b"a" * 100_000, (414,)),
    Case("endless method", b"G" * 100_000, (414,)),
    Case("an empty line too many", b"\r\n" * 3 + _close()),
]

TARGETS = [
    Case(f"target {target!r}", b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    for target in (
        b"*",
        b"echo",
        b"x:80",
        b"ftp://x/echo",
        b"http://",
        b"http:///echo",
        b"http://a@x/echo",
        b"http://x y/echo",
        b"/echo#f",
        b"/echo\x00",
        b"/echo\x7f",
        b"/echo\xff",
        b"/echo\x01",
        b"/echo/%",
        b"/echo/%zz",
        b"/echo/%00",
        b"/echo/../x",
        b"/echo/./x",
        b"/echo/%2e%2e/x",
        b"/echo/%2E/x",
        b"/echo/..",
        b"/\xc3\xa4",
        b"httpx",
        b"http://x#/echo",
        b"http://[x/echo",
    )
]

HEADERS = [
    Case("no host", b"GET /echo HTTP/1.1\r\n\r\n"),
    *[
        Case(f"host {value!r}", b"GET /echo HTTP/1.1\r\nHost: " + value + b"\r\n\r\n")
        for value in (
            b"a b",
            b"a,b",
            b"a/b",
            b"a@b",
            b"a:b",
            b"a:80:80",
            b"a#",
            b"a?",
            b"a\\b",
            b"\x00",
            b"a\xff",
            b"[::1",
            b"::1",
            b"a:999999",
            b"http://a",
            b"<a>",
            b"a;b",
            b"a%00b",
        )
    ],
    Case("no colon", _request("GET /echo HTTP/1.1", "X")),
    Case("no name", _request("GET /echo HTTP/1.1", ": x")),
    Case("space in a name", _request("GET /echo HTTP/1.1", "X Y: z")),
    Case("space after a name", _request("GET /echo HTTP/1.1", "X : z")),
    Case("quote in a name", _request("GET /echo HTTP/1.1", 'X": z')),
    Case("UTF-8 in a name", _request("GET /echo HTTP/1.1", "X\xc3\xa4: z")),
    Case("NUL in a value", _request("GET /echo HTTP/1.1", "X: a\x00b")),
    Case("bell in a value", _request("GET /echo HTTP/1.1", "X: a\x07b")),
    Case("DEL in a value", _request("GET /echo HTTP/1.1", "X: a\x7fb")),
    Case("CR in a value", _request("GET /echo HTTP/1.1", "X: a\rb")),
    Case("LF in a value", _request("GET /echo HTTP/1.1", "X: a\nb")),
    Case("CR CR LF", _request("GET /echo HTTP/1.1", "X: a\r")),
    Case("folded line", _request("GET /echo HTTP/1.1", "X: a", " b")),
    Case("folded first line", _request("GET /echo HTTP/1.1", host=" Host: x")),
    Case("only a fold", _request("GET /echo HTTP/1.1", " ")),
    Case("LF before the end", b"GET /echo HTTP/1.1\r\nHost: x\r\n\n"),
    Case("LF CR LF at the end", b"GET /echo HTTP/1.1\r\nHost: x\n\r\n"),
    Case("long header", _request("GET /echo HTTP/1.1", "X: " + "a" * 20_000), (431,)),
    Case("endless header", b"GET /echo HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000, (431,)),
    Case("many headers", _request("GET /echo HTTP/1.1", *["X: a"] * 200), (431,)),
    Case("large head", _request("GET /echo HTTP/1.1", *["X: " + "a" * 10_000] * 10), (431,)),
    Case("other expectation", _post("Expect: 200-ok", "Content-Length: 1", body="x"), (417,)),
]

CHUNKED = [
    Case(f"chunks {body!r}", _post("Transfer-Encoding: chunked", body=body))
    for body in (
        "x\r\n",
        "\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello!\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\r0\r\n\r\n",
        "5\r\nhell\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFFF\r\n",
        "10000000000000005\r\nhello",
        "5;\na\r\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n",
        "5;\x00\r\nhello\r\n0\r\n\r\n",
        "5,5\r\nhello\r\n0\r\n\r\n",
        "0\r\nbad trailer\r\n\r\n",
        "0\r\n a: b\r\n\r\n",
        "0\r\na : b\r\n\r\n",
        "0\r\na: b\n\r\n",
        "0\r\na: \x00\r\n\r\n",
        "0\n\r\n",
        "0\r\n\n",
        "5;" + "a" * 3000 + "\r\nhello\r\n0\r\n\r\n",
        "1_0\r\n",
        "5\r\r\nhello\r\n0\r\n\r\n",
    )
]

LATE_CHUNKED = [
    Case("long trailer", _post("Transfer-Encoding: chunked", body="0\r\nX: " + "a" * 20_000 + "\r\n\r\n"), (431,)),
    Case(
        "long trailers", _post("Transfer-Encoding: chunked", body="0\r\n" + ("X: " + "a" * 9_000 + "\r\n") * 9), (431,)
    ),
    Case("mostly extensions", _post("Transfer-Encoding: chunked", body=("1;" + "a" * 900 + "\r\nx\r\n") * 200)),
]

SPLIT = [
    Case(
        "0.CL",
        _request("GET /echo HTTP/1.1", body=_SMUGGLED.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")),
        (200, 200),
        2,
    ),
    Case("second is broken", _request() + b"GARBAGE\r\n\r\n", (200, 400), 1),
    Case(
        "second is ambiguous",
        _request() + _post("Content-Length: 1", "Transfer-Encoding: chunked", body=_CHUNKS),
        (200, 400),
        1,
    ),
    Case(
        "body looks like a request",
        _close(f"Content-Length: {len(_SMUGGLED)}", line="POST /echo HTTP/1.1", body=_SMUGGLED),
        (200,),
        1,
    ),
    Case("junk behind a body", _post("Content-Length: 5", body="hellojunk\r\n\r\n"), (200, 400), 1),
    Case("junk behind chunks", _post("Transfer-Encoding: chunked", body=_CHUNKS + "junk\r\n\r\n"), (200, 400), 1),
    Case(
        "length hidden by Connection",
        _close("Connection: Content-Length", "Content-Length: 5", line="POST /echo HTTP/1.1", body="hello"),
        (200,),
        1,
    ),
    Case("host hidden by Connection", _close("Connection: Host"), (200,), 1),
    Case("head cut off", b"GET /echo HTTP/1.1\r\nHost: x\r\n", (408,)),
    Case("line cut off", b"GET /ec", (408,)),
    Case("body cut off", _post("Content-Length: 10", body="hello"), (408,), 1),
    Case("chunk cut off", _post("Transfer-Encoding: chunked", body="5\r\nhel"), (408,), 1),
    Case("trailers cut off", _post("Transfer-Encoding: chunked", body="0\r\nA: b\r\n"), (408,), 1),
    Case("nothing at all", b"", ()),
    Case("an empty line only", b"\r\n", ()),
]

_TRAVERSAL = "GET /echo/../admin HTTP/1.1\r\nHost: x\r\n\r\n"

UPGRADES = [
    Case(f"upgrade, {name}", raw + _TRAVERSAL.encode(), (200, 400), 1)
    for name, raw in {
        "h2c": _request(
            "GET /echo HTTP/1.1", "Upgrade: h2c", "HTTP2-Settings: AA", "Connection: Upgrade, HTTP2-Settings"
        ),
        "TLS": _request("GET /echo HTTP/1.1", "Upgrade: TLS/1.2", "Connection: Upgrade"),
        "several": _request("GET /echo HTTP/1.1", "Upgrade: websocket, h2c", "Connection: Upgrade"),
        "not asked for by Connection": _request("GET /echo HTTP/1.1", "Upgrade: websocket"),
        "without a protocol": _request("GET /echo HTTP/1.1", "Connection: Upgrade"),
        "with a body": _post("Upgrade: websocket", "Connection: Upgrade", "Content-Length: 5", body="hello"),
        "with chunks": _post("Upgrade: websocket", "Connection: Upgrade", "Transfer-Encoding: chunked", body=_CHUNKS),
        "by POST": _post("Upgrade: websocket", "Connection: Upgrade"),
        "of a GET with a body": _request(
            "GET /echo HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Content-Length: 5", body="hello"
        ),
        "HTTP/1.0": _request("GET /echo HTTP/1.0", "Upgrade: websocket", "Connection: Upgrade, keep-alive"),
    }.items()
] + [
    Case(
        "upgrade with both lengths",
        _post("Upgrade: x", "Connection: Upgrade", "Content-Length: 5", "Transfer-Encoding: chunked"),
    ),
    Case("upgrade with a line break", _request("GET /echo HTTP/1.1", "Upgrade: x\ry", "Connection: Upgrade")),
    Case("upgrade with NUL", _request("GET /echo HTTP/1.1", "Upgrade: x\x00y", "Connection: Upgrade")),
]

ESCAPES = [
    Case(f"escaped {name}", _close(line=f"GET /echo/{escaped}?{escaped} HTTP/1.1"), (200,), 1)
    for name, escaped in {
        "line break": "a%0d%0aX:%20y",
        "bytes that are no UTF-8": "%ff%fe",
        "overlong dots": "%c0%ae%c0%ae",
        "half a letter": "%e2%98",
        "control byte": "%01%7f",
        "slash": "a%2fb",
        "percent": "%2500",
    }.items()
]

ENDLESS = [
    Case("endless chunk size", _post("Transfer-Encoding: chunked", body="0" * 100_000)),
    Case("endless chunk extension", _post("Transfer-Encoding: chunked", body="5;" + "a" * 100_000)),
    Case("endless trailer", _post("Transfer-Encoding: chunked", body="0\r\n" + "a" * 100_000), (431,)),
    Case("endless trailers", _post("Transfer-Encoding: chunked", body="0\r\n" + "a: b\r\n" * 20_000), (431,)),
    Case("endless header name", b"GET /echo HTTP/1.1\r\nHost: x\r\n" + b"a" * 200_000, (431,)),
    Case("endless headers", b"GET /echo HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 50_000, (431,)),
    Case("endless empty lines", b"\r\n" * 50_000),
]

NOT_FOUND = [
    Case("no route", _close(line="GET /nowhere HTTP/1.1"), (404,)),
    Case("no such segment", _close(line="GET /echofoo HTTP/1.1"), (404,)),
    Case("body for nobody", _request("POST /nowhere HTTP/1.1", "Content-Length: 100", body="x"), (404,)),
    Case("waits for nobody", _request("POST /nowhere HTTP/1.1", "Content-Length: 1", "Expect: 100-continue"), (404,)),
    Case("options of the server", _close(line="OPTIONS * HTTP/1.1"), (200,)),
]

CASES = [
    *GOOD,
    *BOTH_LENGTHS,
    *LENGTHS,
    *REPEATED,
    *CODINGS,
    *CODING_NAMES,
    *LINES,
    *TARGETS,
    *HEADERS,
    *CHUNKED,
    *LATE_CHUNKED,
    *SPLIT,
    *UPGRADES,
    *ESCAPES,
    *ENDLESS,
    *NOT_FOUND,
]
