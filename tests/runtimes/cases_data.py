"""What reaches the function, and what comes back."""

import json
from collections.abc import AsyncIterator

from runtimes.case import Table
from runtimes.languages import Language
from runtimes.server import Server

JSON = "application/json"
OBJECT = {"a": 1, "b": [True, None], "c": {"d": "ü"}}

data = Table("data")
returned = Table("return values")


@data.case("echo", "text")
async def _(server: Server, language: Language) -> None:
    assert (await server.post("Hello Kubeless!")).text == "Hello Kubeless!"


@data.case("echo", "unicode text")
async def _(server: Server, language: Language) -> None:
    assert (await server.post("grüße, 世界 🎉", "text/plain; charset=utf-8")).text == "grüße, 世界 🎉"


@data.case("echo", "text of many lines")
async def _(server: Server, language: Language) -> None:
    assert (await server.post("one\ntwo\r\n\nthree\n")).text == "one\ntwo\r\n\nthree\n"


@data.case("echo", "JSON object")
async def _(server: Server, language: Language) -> None:
    assert json.loads((await server.post(json.dumps(OBJECT), JSON)).text) == OBJECT


@data.case("echo", "JSON with a charset")
async def _(server: Server, language: Language) -> None:
    assert json.loads((await server.post(json.dumps(OBJECT), f"{JSON}; charset=utf-8")).text) == OBJECT


@data.case("echo", "JSON that is not escaped")
async def _(server: Server, language: Language) -> None:
    assert json.loads((await server.post(json.dumps(OBJECT, ensure_ascii=False), JSON)).text) == OBJECT


@data.case("echo", "broken JSON")
async def _(server: Server, language: Language) -> None:
    assert (await server.post('{"a": ', JSON)).status == (500 if language.parses_json else 200)
    assert (await server.post("still there")).text == "still there"


@data.case("echo", "other types stay text")
async def _(server: Server, language: Language) -> None:
    for content_type in ("application/x-www-form-urlencoded", "application/vnd.own+json", "text/csv"):
        assert (await server.post('{"a":1}', content_type)).text == '{"a":1}'


@data.case("echo", "no content type")
async def _(server: Server, language: Language) -> None:
    assert (await server.call("POST", data=b"bare")).text == "bare"


@data.case("echo", "binary")
async def _(server: Server, language: Language) -> None:
    assert (await server.post(bytes(range(256)), "application/octet-stream")).body == bytes(range(256))


@data.case("echo", "empty body")
async def _(server: Server, language: Language) -> None:
    answer = await server.post("")
    assert (answer.status, answer.text) == (200, language.empty)


@data.case("echo", "no body")
async def _(server: Server, language: Language) -> None:
    answer = await server.call("GET")
    assert (answer.status, answer.text) == (200, language.empty)


@data.case("echo", "big body")
async def _(server: Server, language: Language) -> None:
    big = "0123456789abcdef" * 60_000
    assert (await server.post(big)).text == big


@data.case("echo", "chunked body")
async def _(server: Server, language: Language) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"one ", b"two ", b"three"):
            yield piece

    assert (await server.call("POST", data=pieces(), headers={"Content-Type": "text/plain"})).text == "one two three"


RETURNED = {
    "string": (200, "text"),
    "object": (200, '{"a": 1, "b": [true, null], "c": {"d": "e"}}'),
    "number": (200, "42"),
    "null": (200, ""),
    "list": (200, '["a", "b"]'),
    "empty": (200, ""),
    "unicode": (200, "grüße, 世界 🎉"),
    "big": (200, "x" * (2 << 20)),
}


def _add(kind: str, usual: tuple[int, str]) -> None:
    @returned.case("answer", kind)
    async def _(server: Server, language: Language) -> None:
        status, body = language.returns.get(kind, usual)
        answer = await server.post(kind)
        assert answer.status == status
        if status == 200:
            assert _same(answer.text, body)


def _same(text: str, expected: str) -> bool:
    """JSON may have spaces where it likes."""
    return bool(json.loads(text) == json.loads(expected)) if expected[:1] in ("{", "[") else text == expected


for _kind, _usual in RETURNED.items():
    _add(_kind, _usual)


@returned.case("answer", "object says that it is JSON")
async def _(server: Server, language: Language) -> None:
    assert (await server.post("object")).headers["Content-Type"].startswith(JSON)


@returned.case("answer", "binary")
async def _(server: Server, language: Language) -> None:
    assert (await server.post("binary")).body == bytes(range(256))


@returned.case("answer", "own status")
async def _(server: Server, language: Language) -> None:
    answer = await server.post("status")
    assert (answer.status, answer.text) == (418, "a teapot")


@returned.case("answer", "own header")
async def _(server: Server, language: Language) -> None:
    assert (await server.post("status")).headers["X-Kind"] == "short and stout"


@returned.case("answer", "what cannot be encoded")
async def _(server: Server, language: Language) -> None:
    assert (await server.post("unencodable")).status == 500
    assert (await server.post("string")).text == "text"


@returned.case("stream", "stream")
async def _(server: Server, language: Language) -> None:
    assert (await server.call()).text == "one\ntwo\nthree\n"


@returned.case("depend", "a dependency is used", needs_deps=True)
async def _(server: Server, language: Language) -> None:
    assert (await server.call()).text == "used"
