"""Functions that throw, hang, end their process or shout; and servers that are asked to stop."""

import asyncio
import contextlib
import signal
import time

import aiohttp

from runtimes.case import Table
from runtimes.languages import Language
from runtimes.server import Server

failure = Table("failures")
together = Table("many calls")
life = Table("life")

TIMEOUT = "1"


@failure.case("fail", "an error is a 500")
async def _(server: Server, language: Language) -> None:
    assert (await server.post("throw")).status == 500


@failure.case("fail", "its text is in the log only")
async def _(server: Server, language: Language) -> None:
    assert "12345" not in (await server.post("throw")).text
    await server.wait_log("the secret is 12345")


@failure.case("fail", "the server lives on")
async def _(server: Server, language: Language) -> None:
    for _ in range(5):
        assert (await server.post("throw")).status == 500
        assert (await server.post("x")).text == "ok"


@failure.case("wait", "408 when it waits too long", FUNC_TIMEOUT=TIMEOUT)
async def _(server: Server, language: Language) -> None:
    began = time.monotonic()
    assert (await server.post("wait 10")).status == 408
    assert 0.9 < time.monotonic() - began < 4


@failure.case("wait", "408 when it is stuck", FUNC_TIMEOUT=TIMEOUT)
async def _(server: Server, language: Language) -> None:
    began = time.monotonic()
    assert (await server.post("stuck")).status == 408
    assert 0.9 < time.monotonic() - began < 4


@failure.case("wait", "others are answered meanwhile", FUNC_TIMEOUT="3")
async def _(server: Server, language: Language) -> None:
    stuck = asyncio.create_task(server.post("stuck"))
    await asyncio.sleep(0.2)
    answers = await asyncio.gather(*(server.post("x") for _ in range(20)))
    assert [answer.text for answer in answers] == ["ok"] * 20
    assert not stuck.done()
    assert (await stuck).status == 408


@failure.case("wait", "calls go on after a stuck one", FUNC_TIMEOUT=TIMEOUT)
async def _(server: Server, language: Language) -> None:
    await asyncio.gather(*(server.post("stuck") for _ in range(2)))
    assert (await server.post("x")).text == "ok"


@failure.case("wait", "408 is counted as a call", FUNC_TIMEOUT=TIMEOUT)
async def _(server: Server, language: Language) -> None:
    await server.post("wait 3")
    assert await server.metric("function_calls_total") == 1


@failure.case("act", "it ends its process")
async def _(server: Server, language: Language) -> None:
    with contextlib.suppress(aiohttp.ClientConnectionError):  # there may be nobody left to answer
        assert (await server.post("exit")).status >= 500
    await _answers_again(server)


@failure.case("act", "it writes 10 MB to stdout")
async def _(server: Server, language: Language) -> None:
    assert (await server.post("noise")).text == "ok"
    assert (await server.post("x")).text == "ok"


@failure.case("act", "what it prints is in the log")
async def _(server: Server, language: Language) -> None:
    await server.post("print something-printed")
    await server.wait_log("something-printed")


@together.case("echo", "50 at once")
async def _(server: Server, language: Language) -> None:
    answers = await asyncio.gather(*(server.post(f"call {index}") for index in range(50)))
    assert [answer.text for answer in answers] == [f"call {index}" for index in range(50)]


@together.case("wait", "calls do not wait for each other")
async def _(server: Server, language: Language) -> None:
    began = time.monotonic()
    answers = await asyncio.gather(*(server.post("wait 0.5") for _ in range(10)))
    assert all(answer.text == "ok" for answer in answers)
    assert time.monotonic() - began < 3


@together.case("count", "500 in a row")
async def _(server: Server, language: Language) -> None:
    for _ in range(500):
        assert (await server.call()).status == 200
    assert await server.metric("function_calls_total") == 500


@life.case("count", "variables live on between calls", FUNC_WORKERS="1")
async def _(server: Server, language: Language) -> None:
    assert [(await server.call()).text for _ in range(3)] == ["1", "2", "3"]


@life.case("wait", "SIGTERM lets calls finish")
async def _(server: Server, language: Language) -> None:
    calls = [asyncio.create_task(server.post("wait 1")) for _ in range(3)]
    await asyncio.sleep(0.3)
    stopping = asyncio.create_task(server.process.stop(10))
    assert [(await call).text for call in calls] == ["ok"] * 3
    assert await stopping == 0


@life.case("echo", "SIGTERM ends an idle server at once")
async def _(server: Server, language: Language) -> None:
    await server.post("x")
    began = time.monotonic()
    assert await server.process.stop(10) == 0
    assert time.monotonic() - began < 3


@life.case("wait", "SIGTERM does not wait for ever", SHUTDOWN_TIMEOUT="1")
async def _(server: Server, language: Language) -> None:
    call = asyncio.create_task(server.post("wait 8"))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    assert await server.process.stop(10) != -signal.SIGKILL
    assert time.monotonic() - began < 5
    await asyncio.gather(call, return_exceptions=True)


async def _answers_again(server: Server) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            if (await server.post("x")).text == "ok":
                return
        except aiohttp.ClientConnectionError:
            pass
        assert time.monotonic() < end, server.log
        await asyncio.sleep(0.05)
