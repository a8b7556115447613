"""The server around the function: paths, methods, limits, metrics, access log."""

from collections.abc import AsyncIterator

from runtimes.case import Table
from runtimes.languages import Language
from runtimes.server import Server, eventually_is

http = Table("HTTP")
metrics = Table("metrics")

MEGABYTE = 1 << 20


@http.case("fail", "/healthz does not call the function")
async def _(server: Server, language: Language) -> None:
    answer = await server.call(path="/healthz")
    assert (answer.status, answer.text) == (200, "OK")
    assert await server.metric("function_calls_total") == 0


@http.case("describe", "every path")
async def _(server: Server, language: Language) -> None:
    for path in ("/", "/a", "/a/b/", "/healthz/x", "/%C3%BC"):
        assert (await server.call("POST", path, data="x")).status == 200


def _add_method(method: str) -> None:
    @http.case("fail", method)
    async def _(server: Server, language: Language) -> None:
        answer = await server.call(method, data=b"" if method == "GET" else b"x")
        assert (answer.status, answer.text) == (200, "ok")


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    _add_method(_method)


@http.case("fail", "HEAD has no body")
async def _(server: Server, language: Language) -> None:
    received = await server.exchange(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200")
    assert received.endswith(b"\r\n\r\n")


@http.case("count", "connections stay open")
async def _(server: Server, language: Language) -> None:
    once = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert (await server.exchange(once + last)).count(b"HTTP/1.1 200") == 2


@http.case("fail", "what is no HTTP")
async def _(server: Server, language: Language) -> None:
    assert b"200" not in (await server.exchange(b"\x16\x03\x01 nonsense\r\n\r\n"))[:20]
    assert (await server.call()).status == 200


@http.case("fail", "client that leaves in the middle")
async def _(server: Server, language: Language) -> None:
    await server.exchange(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this")
    assert (await server.call()).status == 200


@http.case("echo", "largest body", REQ_MB_LIMIT="1")
async def _(server: Server, language: Language) -> None:
    assert (await server.post(b"x" * MEGABYTE)).status == 200


@http.case("echo", "413 for a larger one", REQ_MB_LIMIT="1")
async def _(server: Server, language: Language) -> None:
    assert (await server.post(b"x" * (MEGABYTE + 1))).status == 413
    assert (await server.post("small")).text == "small"


@http.case("echo", "413 for a larger one in chunks", REQ_MB_LIMIT="1")
async def _(server: Server, language: Language) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    assert (await server.call("POST", data=pieces())).status == 413
    assert (await server.post("small")).text == "small"


@http.case("fail", "access log line")
async def _(server: Server, language: Language) -> None:
    await server.call("POST", "/some/path?secret=1", data=b"x", headers={"User-Agent": "the suite"})
    await server.wait_log('"POST /some/path HTTP/1.1" 200 2')
    line = next(line for line in server.log.splitlines() if "/some/path" in line)
    assert "127.0.0.1" in line
    assert "the suite" in line


@http.case("fail", "access log cannot be forged")
async def _(server: Server, language: Language) -> None:
    await server.exchange(
        b'GET /end"x HTTP/1.1\r\nHost: x\r\nUser-Agent: a" 200 "\x1b[31m\r\nConnection: close\r\n\r\n'
        b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    await server.call(path="/sure")
    await server.wait_log("/sure")
    assert "\x1b" not in server.log
    assert '/end"x' not in server.log


@metrics.case("fail", "names of the original")
async def _(server: Server, language: Language) -> None:
    await server.call()
    page = (await server.call(path="/metrics")).text
    for name, kind in (
        ("function_duration_seconds", "histogram"),
        ("function_calls_total", "counter"),
        ("function_failures_total", "counter"),
    ):
        assert f"# TYPE {name} {kind}" in page


@metrics.case("fail", "calls add up")
async def _(server: Server, language: Language) -> None:
    for _ in range(7):
        await server.call()
    await eventually_is(lambda: _is(server, "function_calls_total", 7), "7 calls")
    assert await server.metric("function_duration_seconds_count") == 7
    assert await server.metric('function_duration_seconds_bucket{le="+Inf"') == 7


@metrics.case("fail", "by method")
async def _(server: Server, language: Language) -> None:
    for method in ("GET", "POST", "POST"):
        await server.call(method, data=b"x")
    await eventually_is(lambda: _is(server, "function_calls_total", 3), "3 calls")
    assert await server.metric('function_calls_total{method="GET"}') == 1
    assert await server.metric('function_calls_total{method="POST"}') == 2


@metrics.case("fail", "failures")
async def _(server: Server, language: Language) -> None:
    for data in ("throw", "x", "throw"):
        await server.post(data)
    await eventually_is(lambda: _is(server, "function_calls_total", 3), "3 calls")
    assert await server.metric("function_failures_total") == 2


@metrics.case("wait", "duration")
async def _(server: Server, language: Language) -> None:
    await server.post("wait 0.3")
    await eventually_is(lambda: _is(server, "function_calls_total", 1), "1 call")
    assert 0.29 < await server.metric("function_duration_seconds_sum") < 2


async def _is(server: Server, name: str, value: float) -> bool:
    return await server.metric(name) == value
