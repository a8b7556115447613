"""`kubeless deadletter`, through the API server, on both brokers."""

import json
import secrets
from typing import TYPE_CHECKING

import aiohttp
import pytest

from integration.cli_kafka.conftest import Buried

if TYPE_CHECKING:
    from integration.cli_kafka.conftest import KafkaBench


@pytest.fixture
def topic() -> str:
    """The real broker is shared by the whole run."""
    return f"bills-{secrets.token_hex(4)}"


async def bury(kafka_bench: "KafkaBench", topic: str, *letters: Buried) -> str:
    """A trigger `hello` with dead letters; their topic."""
    await kafka_bench.add_trigger("hello", topic)
    await kafka_bench.ok("topic", "create", f"{topic}.team.hello.dlq")
    return await kafka_bench.bury("hello", topic, *letters)


async def listed(kafka_bench: "KafkaBench", *args: str) -> list[str]:
    found = json.loads((await kafka_bench.ok("deadletter", "list", *args, "-o", "json")).out)
    return [letter["id"] for letter in found]


async def test_what_failed_is_listed_with_its_reason(kafka_bench: "KafkaBench", topic: str) -> None:
    await bury(kafka_bench, topic, Buried(), Buried(function="pay", error="no \x1b[31m answer"))
    shown = await kafka_bench.ok("deadletter", "list")
    rows = [[cell.strip() for cell in line.split("\t")] for line in shown.out.splitlines()]
    assert rows[0] == ["TRIGGER", "ID", "FUNCTION", "EVENT", "ERROR", "ATTEMPTS", "STATUS", "TIME"]
    when = "2026-01-01T00:01:00.000Z"
    assert rows[1] == ["kafka/hello", "0/0", "bill", f"{topic}/0/0", "answered 500", "5", "500", when]
    assert "\x1b" not in shown.out
    assert await listed(kafka_bench, "hello", "--function", "pay") == ["0/1"]
    assert await listed(kafka_bench, "--limit", "1") == ["0/0"]


async def test_a_trigger_without_dead_letters_lists_none(kafka_bench: "KafkaBench", topic: str) -> None:
    await kafka_bench.add_trigger("hello", topic)
    assert await listed(kafka_bench) == []
    assert topic not in (await kafka_bench.ok("topic", "list")).out
    unknown = await kafka_bench.run("deadletter", "list", "other")
    assert "Unable to find Kafka trigger other in namespace team" in unknown.err


async def test_one_letter_is_shown_whole(kafka_bench: "KafkaBench", topic: str) -> None:
    await bury(kafka_bench, topic, Buried(), Buried(value=b"\x00\xff"), Buried(value=None))
    shown = (await kafka_bench.ok("deadletter", "show", "hello", "0/0")).out
    assert '{\n  "amount": 1\n}\n' in shown
    assert "Header trace:" in shown
    assert "00 ff" in (await kafka_bench.ok("deadletter", "show", "hello", "0/1")).out
    assert (await kafka_bench.ok("deadletter", "show", "hello", "0/1", "--raw")).raw == b"\x00\xff"
    assert "(null)" in (await kafka_bench.ok("deadletter", "show", "hello", "0/2")).out
    missing = await kafka_bench.run("deadletter", "show", "hello", "0/9")
    assert (missing.code, "has no dead letter 0/9" in missing.err) == (1, True)


async def test_a_redriven_letter_reaches_its_function_as_the_event_it_was(
    kafka_bench: "KafkaBench", topic: str
) -> None:
    await bury(kafka_bench, topic, Buried(), Buried(function="pay"))
    ran = await kafka_bench.ok("deadletter", "redrive", "hello", "0/0")
    assert "1 of 1 dead letters delivered" in ran.err
    ((function, event),) = kafka_bench.functions.events
    assert (function, event.id, event.topic) == ("bill", f"{topic}/0/0", topic)
    assert (event.data, event.key, event.headers) == (b'{"amount": 1}', b"k", (("trace", b"abc"),))
    assert event.attributes["kafkaoffset"] == "0"
    assert await listed(kafka_bench) == ["0/1"]
    again = await kafka_bench.ok("deadletter", "redrive", "hello", "0/0")
    assert "0 of 1 dead letters delivered, 1 were done before" in again.err
    assert len(kafka_bench.functions.events) == 1


async def test_all_letters_are_redriven_in_order(kafka_bench: "KafkaBench", topic: str) -> None:
    count = 1100  # more than one page of a list
    await bury(kafka_bench, topic, *(Buried(value=b"%d" % number) for number in range(count)))
    ran = await kafka_bench.ok("deadletter", "redrive", "--all")
    assert f"{count} of {count} dead letters delivered" in ran.err
    assert [event.data for _, event in kafka_bench.functions.events] == [b"%d" % number for number in range(count)]
    assert await listed(kafka_bench) == []


async def test_what_fails_again_stays_a_dead_letter_and_makes_no_second_one(
    kafka_bench: "KafkaBench", topic: str
) -> None:
    letters = await bury(kafka_bench, topic, Buried(), Buried(function="pay"), Buried(function="lost"))
    kafka_bench.functions.status["bill"] = 500
    kafka_bench.functions.gone.add("lost")
    ran = await kafka_bench.run("deadletter", "redrive", "hello", "--all")
    assert ran.code == 1
    assert "hello 0/0: failed: answered 500" in ran.err
    assert "hello 0/2: failed: function lost in namespace team is gone" in ran.err
    assert "1 of 3 dead letters delivered; 2 failed again and stay" in ran.err
    assert [function for function, _ in kafka_bench.functions.events].count("bill") == 2  # the trigger's maxAttempts
    assert await listed(kafka_bench) == ["0/0", "0/2"]
    assert len(await kafka_bench.records(letters)) == 4  # the three, and one note
    kafka_bench.functions.status.clear()
    await kafka_bench.ok("deadletter", "redrive", "hello", "0/0")
    assert await listed(kafka_bench) == ["0/2"]


async def test_twins_do_not_pass_for_each_other(kafka_bench: "KafkaBench", topic: str) -> None:
    """One event that failed for two functions, and one that became a letter twice, as a crash may have it."""
    await bury(kafka_bench, topic, Buried(key=None))
    await kafka_bench.bury("hello", topic, Buried(key=None))
    await kafka_bench.bury("hello", topic, Buried(key=None, function="pay"))
    kafka_bench.functions.status["bill"] = 400
    ran = await kafka_bench.run("deadletter", "redrive", "hello", "--all")
    assert "1 of 3 dead letters delivered; 2 failed again and stay" in ran.err
    assert await listed(kafka_bench) == ["0/0", "0/1"]


async def test_purging_deletes_for_ever(kafka_bench: "KafkaBench", topic: str) -> None:
    letters = await bury(kafka_bench, topic, *([Buried()] * 4))
    asked = await kafka_bench.run("deadletter", "purge", "hello")
    assert (asked.code, await listed(kafka_bench)) == (130, ["0/0", "0/1", "0/2", "0/3"])
    part = await kafka_bench.ok("deadletter", "purge", "hello", "--up-to", "0/1", "--yes")
    assert "2 dead letters purged" in part.err
    assert [each.offset for each in await kafka_bench.records(letters)] == [2, 3]
    rest = await kafka_bench.ok("deadletter", "purge", "--yes")
    assert "2 dead letters purged" in rest.err
    assert await kafka_bench.records(letters) == []
    assert "No dead letters to purge" in (await kafka_bench.ok("deadletter", "purge", "--yes")).err


async def test_purging_one_trigger_spares_the_others_of_a_shared_topic(kafka_bench: "KafkaBench", topic: str) -> None:
    shared = f"{topic}-letters"
    await kafka_bench.ok("topic", "create", shared)
    for name in ("one", "two"):
        await kafka_bench.add_trigger(name, topic, deadLetter={"topic": shared})
    await kafka_bench.bury("one", topic, Buried(), to=shared)
    await kafka_bench.bury("two", topic, Buried(), to=shared)
    await kafka_bench.bury("one", topic, Buried(), to=shared)
    await kafka_bench.ok("deadletter", "purge", "one", "--yes")
    assert (await listed(kafka_bench, "one"), await listed(kafka_bench, "two")) == ([], ["0/1"])
    assert await listed(kafka_bench, "--topic", shared) == ["0/1"]


async def test_letters_of_a_trigger_that_is_gone_are_found_by_topic(kafka_bench: "KafkaBench", topic: str) -> None:
    await kafka_bench.ok("topic", "create", f"{topic}.team.gone.dlq")
    letters = await kafka_bench.bury("gone", topic, Buried())
    await kafka_bench.ok("deadletter", "redrive", "--all", "--topic", letters)
    assert [function for function, _ in kafka_bench.functions.events] == ["bill"]


async def test_a_letter_of_a_foreign_namespace_is_not_delivered(kafka_bench: "KafkaBench", topic: str) -> None:
    """Whoever may write to the topic could otherwise call any function."""
    letters = await bury(kafka_bench, topic)
    headers = [("kubeless-trigger", b"KafkaTrigger/team/hello"), ("kubeless-function", b"bank/pay")]
    async with kafka_bench.connection.producer() as producer:
        await producer.send_and_wait(letters, b"x", headers=[*headers, ("kubeless-event-id", b"t/0/0")])
    ran = await kafka_bench.run("deadletter", "redrive", "hello", "0/0")
    assert (ran.code, "does not say which function it failed for" in ran.err) == (1, True)
    assert kafka_bench.functions.events == []


async def test_nonsense_is_refused(kafka_bench: "KafkaBench", topic: str) -> None:
    await bury(kafka_bench, topic, Buried())
    wrong = await kafka_bench.run("deadletter", "show", "hello", "../0")
    assert (wrong.code, "is not <partition>/<offset>" in wrong.err) == (1, True)
    neither = await kafka_bench.run("deadletter", "redrive", "hello")
    assert (neither.code, "or --all" in neither.err) == (1, True)
    url = f"http://127.0.0.1:{kafka_bench.admin_port}/deadletters/{topic}.team.hello.dlq"
    bodies = (
        b"[]",
        b"{",
        b"{}",
        b'{"letters": []}',
        b'{"letters": ["x"]}',
        b'{"upTo": {"0": -1}}',
        b'{"upTo": {"a": 1}}',
    )
    async with aiohttp.ClientSession() as session:
        for body in bodies:
            for operation in ("purge", "redrive"):
                async with session.post(f"{url}/{operation}", data=body) as response:
                    assert response.status == 400
        async with session.get(f"{url}?limit=0") as response:
            assert response.status == 400
