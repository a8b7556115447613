"""Lines that are written by a thread, in the order they were made."""

import asyncio
import json

import pytest

from kubeless.core import linewriter
from kubeless.core.jsontypes import JsonObject
from kubeless.core.linewriter import LineWriter


class Log:
    def __init__(self) -> None:
        self.texts: list[str] = []

    @property
    def lines(self) -> list[JsonObject]:
        return [json.loads(line) for text in self.texts for line in text.splitlines()]


async def test_lines_of_one_moment_are_written_together_and_in_order() -> None:
    log = Log()
    writer = LineWriter("tests", lost="lost", write=log.texts.append)
    for number in range(3):
        writer.add({"message": "m", "number": number}, level="warning")
    assert not log.texts
    writer.close()
    assert len(log.texts) == 1
    assert [line["number"] for line in log.lines] == [0, 1, 2]
    assert (log.lines[0]["logger"], log.lines[0]["level"]) == ("tests", "warning")
    assert log.lines[0]["timestamp"].endswith("Z")


async def test_lines_are_written_without_being_asked_and_go_on_while_a_slow_log_takes_some() -> None:
    log, loop = Log(), asyncio.get_running_loop()
    slow, written = asyncio.Event(), asyncio.Event()

    def write(text: str) -> None:
        log.texts.append(text)
        loop.call_soon_threadsafe((slow if len(log.texts) == 1 else written).set)

    writer = LineWriter("tests", lost="lost", write=write)
    writer.add({"number": 0})
    await slow.wait()
    writer.add({"number": 1})
    await written.wait()
    writer.close()
    assert [line["number"] for line in log.lines] == [0, 1]


async def test_what_is_too_much_is_told_as_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linewriter, "_HELD", 2)
    log = Log()
    writer = LineWriter("tests", lost="lines that nobody sees", write=log.texts.append)
    for number in range(5):
        writer.add({"number": number})
    writer.close()
    assert [line.get("number") for line in log.lines] == [0, 1, None]
    assert (log.lines[2]["message"], log.lines[2]["count"]) == ("lines that nobody sees", 3)
