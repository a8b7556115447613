"""What Node.js functions rely on beyond the contract: Express, modules of both kinds, CloudEvents, threads."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from kubeless.runtimes.localruntime import RuntimeNotAvailable
from runtimes.languages import Language
from runtimes.server import Server, Workshop

Serve = Callable[..., AbstractAsyncContextManager[Server]]


@pytest.fixture
def serve(workshop: Workshop, tmp_path: Path) -> Serve:
    """Serve the source of a function."""

    @asynccontextmanager
    async def serve(
        source: str, *, runtime: str = "nodejs20", file: str = "fn.js", package: str = "", **env: str
    ) -> AsyncIterator[Server]:
        (tmp_path / file).write_text(source)
        if package:
            (tmp_path / "package.json").write_text(package)
        language = Language(name="nodejs", runtime=runtime, suffix=".js")
        try:
            async with workshop.run(language, tmp_path, "fn", env=env) as server:
                yield server
        except RuntimeNotAvailable as error:
            pytest.skip(str(error))

    return serve


@pytest.mark.parametrize(
    ("code", "status", "body", "header"),
    [
        ("response.status(201).json({a: 1})", 201, '{"a":1}', ("Content-Type", "application/json; charset=utf-8")),
        ("response.send('<p>')", 200, "<p>", ("Content-Type", "text/html; charset=utf-8")),
        ("response.send({a: [1]})", 200, '{"a":[1]}', ("Content-Type", "application/json; charset=utf-8")),
        ("response.type('text').end('t')", 200, "t", ("Content-Type", "text/plain; charset=utf-8")),
        ("response.sendStatus(404)", 404, "Not Found", ("Content-Type", "text/plain; charset=utf-8")),
        ("response.redirect('/there')", 302, "Found. Redirecting to /there", ("Location", "/there")),
        ("response.set('X-A', 'b'); return 'text'", 200, "text", ("X-A", "b")),
        ("response.writeHead(202, {'X-A': 'b'}); response.end('e')", 202, "e", ("X-A", "b")),
        ("response.write('a'); response.end('b')", 200, "ab", ("Transfer-Encoding", "chunked")),
        ("response.write('a'); setTimeout(() => response.end('b'), 20)", 200, "ab", ("Transfer-Encoding", "chunked")),
        ("response.statusCode = 204", 204, "", ("X-Powered-By", "")),
        ("return Promise.resolve(request.query)", 200, '{"q":"1","r":["2","3"]}', ("X-Powered-By", "")),
        ("return request.get('Content-Type')", 200, "text/plain", ("X-Powered-By", "")),
        ("return `${request.is('json')} ${request.is('text/*')}`", 200, "false text/*", ("X-Powered-By", "")),
        ("request.pipe(response)", 200, "body", ("Transfer-Encoding", "chunked")),
        ("response.set('X-A', 'a\\r\\nb: c'); return 'x'", 500, "Internal Server Error\n", ("X-Powered-By", "")),
        ("response.status(7).end()", 500, "Internal Server Error\n", ("X-Powered-By", "")),
    ],
)
async def test_request_and_response_are_those_of_express(
    serve: Serve, code: str, status: int, body: str, header: tuple[str, str]
) -> None:
    async with serve(f"exports.run = ({{extensions: {{request, response}}}}) => {{ {code} }};") as server:
        answer = await server.call("POST", "/?q=1&r=2&r=3", data="body", headers={"Content-Type": "text/plain"})
        assert (answer.status, answer.text) == (status, body)
        assert answer.headers.get(header[0], "") == header[1]


@pytest.mark.parametrize(
    ("source", "file", "package"),
    [
        ("exports.run = () => 'used';", "fn.js", ""),
        ("module.exports = () => 'used';", "fn.js", ""),
        ("module.exports = class { static run() { return 'used'; } };", "fn.js", ""),
        ("export const run = () => 'used';", "fn.mjs", ""),
        ("export default { run: () => 'used' };", "fn.js", '{"type": "module"}'),
    ],
)
async def test_functions_are_exported_in_many_ways(serve: Serve, source: str, file: str, package: str) -> None:
    async with serve(source, file=file, package=package) as server:
        assert (await server.call()).text == "used"


EVENT = "exports.run = (event) => ({ ...event, extensions: { ...event.extensions } });"


@pytest.mark.parametrize(
    "headers",
    [
        {
            "CE-EventID": "1",
            "CE-EventType": "t",
            "CE-EventSource": "/s",
            "CE-CloudEventsVersion": "0.1",
            "CE-X-Own": "x",
        },
        {"ce-id": "1", "ce-type": "t", "ce-source": "/s", "ce-specversion": "1.0", "ce-own": "x"},
    ],
)
async def test_cloudevents_of_both_versions_arrive_under_both_names(serve: Serve, headers: dict[str, str]) -> None:
    async with serve(EVENT, runtime="nodejsCE20") as server:
        event = json.loads((await server.post('{"a": 1}', "application/json", **headers)).text)
    assert (event["eventID"], event["eventType"], event["source"]) == ("1", "t", "/s")
    assert (event["id"], event["type"]) == ("1", "t")
    assert event["data"] == {"a": 1}
    assert event["extensions"] == {"own": "x"}


async def test_calls_that_wait_behind_a_busy_one_are_taken_back_and_run_once(serve: Serve, tmp_path: Path) -> None:
    source = """
        const fs = require('fs');
        exports.run = (event) => {
            const end = Date.now() + Number(event.data);
            while (Date.now() < end);
            fs.appendFileSync(`${__dirname}/ran`, 'x');
            return 'ok';
        };
    """
    async with serve(source) as server:
        busy = asyncio.create_task(server.post("1500"))
        answers = await asyncio.gather(*(server.post("0") for _ in range(30)))
        assert not busy.done(), "the others did not wait for it"
        assert (await busy).text == "ok"
        assert all(answer.text == "ok" for answer in answers)
    assert len((tmp_path / "ran").read_text()) == 31


async def test_an_error_outside_of_a_call_ends_the_thread_and_not_the_server(serve: Serve) -> None:
    source = (
        "exports.run = (e) => { if (e.data === 'x') setTimeout(() => { throw new Error('late'); }); return 'ok'; };"
    )
    async with serve(source) as server:
        assert (await server.post("x")).text == "ok"
        await server.wait_log("Error: late")
        assert (await server.post("y")).text == "ok"


async def test_a_rejection_that_nobody_handles_is_logged(serve: Serve) -> None:
    async with serve("exports.run = () => { Promise.reject(new Error('floating')); return 'ok'; };") as server:
        assert (await server.call()).text == "ok"
        await server.wait_log("Unhandled rejection: Error: floating")
        assert (await server.call()).text == "ok"


async def test_options_is_answered_for_the_function_and_every_answer_allows_every_origin(serve: Serve) -> None:
    async with serve("exports.run = () => 'ok';") as server:
        asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "X-A"}
        preflight = await server.call("OPTIONS", headers=asked)
        assert preflight.headers["Access-Control-Allow-Methods"] == "PUT"
        assert preflight.headers["Access-Control-Allow-Headers"] == "X-A"
        assert (await server.call()).headers["Access-Control-Allow-Origin"] == "*"
        assert await server.metric("function_calls_total") == 1
