"""`kubeless deadletter` for NATS triggers, through the API server."""

import json
from typing import TYPE_CHECKING

from integration.nats_admin.conftest import Buried
from kubeless.api.resource import KAFKA_TRIGGERS

if TYPE_CHECKING:
    from integration.cli_nats.conftest import NatsBench


async def listed(nats_bench: "NatsBench", *args: str) -> list[str]:
    found = json.loads((await nats_bench.ok("deadletter", "list", *args, "-o", "json")).out)
    return [letter["id"] for letter in found]


async def test_what_failed_is_listed_shown_and_delivered_again(nats_bench: "NatsBench") -> None:
    await nats_bench.add_trigger("hello")
    assert await listed(nats_bench) == []  # no letter was ever written
    subject = await nats_bench.world.bury("hello", Buried(), Buried(function="pay"))
    shown = await nats_bench.ok("deadletter", "list", "-o", "wide")
    rows = [[cell.strip() for cell in line.split("\t")] for line in shown.out.splitlines()]
    assert rows[1][:5] == ["nats/hello", "1", "bill", "ORDERS/1", "answered 500"]
    assert rows[1][-1] == subject
    assert '{\n  "amount": 1\n}\n' in (await nats_bench.ok("deadletter", "show", "hello", "1")).out
    ran = await nats_bench.ok("deadletter", "redrive", "hello", "1")
    assert "1 of 1 dead letters delivered" in ran.err
    assert [function for function, _ in nats_bench.world.functions.events] == ["bill"]
    assert await listed(nats_bench, "hello") == ["2"]
    again = await nats_bench.ok("deadletter", "redrive", "hello", "1")
    assert "0 of 1 dead letters delivered, 1 were done before" in again.err


async def test_many_letters_are_redriven_and_those_that_fail_stay(nats_bench: "NatsBench") -> None:
    await nats_bench.add_trigger("hello")
    await nats_bench.world.bury("hello", *[Buried(id=f"O/{number}") for number in range(1, 30)], Buried(function="pay"))
    nats_bench.world.functions.status["pay"] = 400
    ran = await nats_bench.run("deadletter", "redrive", "--all", "--kind", "nats")
    assert (ran.code, "29 of 30 dead letters delivered; 1 failed again and stay" in ran.err) == (1, True)
    assert "hello 30: failed: answered 400" in ran.err
    assert await listed(nats_bench) == ["30"]


async def test_purging_deletes_what_was_named(nats_bench: "NatsBench") -> None:
    await nats_bench.add_trigger("hello")
    await nats_bench.world.bury("hello", *(Buried(id=f"O/{number}") for number in range(1, 5)))
    assert (await nats_bench.run("deadletter", "purge", "hello")).code == 130
    part = await nats_bench.ok("deadletter", "purge", "hello", "--up-to", "2", "--yes")
    assert ("2 dead letters purged" in part.err, await listed(nats_bench)) == (True, ["3", "4"])
    assert "2 dead letters purged" in (await nats_bench.ok("deadletter", "purge", "--yes")).err
    assert "No dead letters to purge" in (await nats_bench.ok("deadletter", "purge", "--yes")).err


async def test_a_name_that_two_kinds_have_asks_for_the_kind(nats_bench: "NatsBench") -> None:
    await nats_bench.add_trigger("hello")
    metadata = {"name": "hello", "namespace": "team"}
    kafka = {"apiVersion": KAFKA_TRIGGERS.api_version, "kind": "KafkaTrigger", "metadata": metadata}
    await nats_bench.bench.client.create(KAFKA_TRIGGERS, kafka | {"spec": {"topic": "t", "functionSelector": {}}})
    both = await nats_bench.run("deadletter", "list", "hello")
    assert (both.code, "choose with --kind kafka or --kind nats" in both.err) == (1, True)
    assert await listed(nats_bench, "hello", "--kind", "nats") == []
    unknown = await nats_bench.run("deadletter", "list", "other", "--kind", "nats")
    assert "Unable to find NATS trigger other in namespace team." in unknown.err


async def test_letters_on_a_subject_of_their_own_are_found(nats_bench: "NatsBench") -> None:
    await nats_bench.world.make_stream("OWN", "own.letters/x")
    await nats_bench.add_trigger("hello", deadLetter={"subject": "own.letters/x"})
    await nats_bench.add_trigger("none", deadLetter={"disabled": True})
    await nats_bench.world.bury("hello", Buried(), to="own.letters/x")
    assert await listed(nats_bench, "hello") == ["1"]
    disabled = await nats_bench.run("deadletter", "show", "none", "1")
    assert (disabled.code, "keeps no dead letters" in disabled.err) == (1, True)
    await nats_bench.world.bury("gone", Buried())
    await nats_bench.ok("deadletter", "redrive", "--all", "--subject", "kubeless.dlq.team.gone")
    assert [function for function, _ in nats_bench.world.functions.events] == ["bill"]


async def test_nonsense_is_refused(nats_bench: "NatsBench") -> None:
    await nats_bench.add_trigger("hello")
    for args, text in (
        (("show", "hello", "0/1"), "is no sequence number"),
        (("list", "--topic", "a", "--subject", "b"), "give one of them"),
        (("list", "--subject", "b", "--kind", "kafka"), "is not of --kind kafka"),
        (("list", "--subject", "a.>"), "has a wildcard"),
    ):
        ran = await nats_bench.run("deadletter", *args)
        assert (ran.code, ran.err.count("\n"), text in ran.err) == (1, 1, True)
