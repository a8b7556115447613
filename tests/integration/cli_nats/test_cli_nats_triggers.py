"""`kubeless trigger nats`: objects only, so no server is needed."""

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from kubeless.api.resource import NATS_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import NotFound

if TYPE_CHECKING:
    from integration.cli.conftest import Bench

CREATE = ("trigger", "nats", "create", "hello", "--trigger-topic", "hello-nats")
SELECTOR = ("--function-selector", "created-by=kubeless,function=pubsub")


async def spec_of(bench: "Bench") -> JsonObject:
    spec: JsonObject = (await bench.client.get(NATS_TRIGGERS, "hello", namespace="team"))["spec"]
    return spec


async def test_the_life_of_a_nats_trigger(bench: "Bench") -> None:
    created = await bench.run(*CREATE, *SELECTOR)
    assert 'msg="NATS trigger hello created in namespace team successfully!"' in created.err
    labels = {"created-by": "kubeless", "function": "pubsub"}
    assert await spec_of(bench) == {"topic": "hello-nats", "functionSelector": {"matchLabels": labels}}

    listed = await bench.run("trigger", "nats", "ls")
    assert [[cell.strip() for cell in line.split("\t")] for line in listed.out.splitlines()] == [
        ["NAME", "NAMESPACE", "TOPIC", "FUNCTION SELECTOR"],
        ["hello", "team", "hello-nats", "created-by=kubeless,function=pubsub"],
    ]
    assert (await bench.run("trigger", "nats", "list", "-o", "name")).out.strip().endswith("/hello")

    updated = await bench.run("trigger", "nats", "update", "hello", "--trigger-topic", "orders.*")
    assert 'msg="NATS trigger hello updated in namespace team successfully!"' in updated.err
    spec = await spec_of(bench)
    assert (spec["topic"], spec["functionSelector"]) == ("orders.*", {"matchLabels": labels})

    deleted = await bench.run("trigger", "nats", "delete", "hello")
    assert 'msg="NATS trigger hello deleted from namespace team successfully!"' in deleted.err
    with pytest.raises(NotFound):
        await spec_of(bench)


async def test_a_stream_and_the_rules_of_delivery_are_flags(bench: "Bench") -> None:
    stream = ("--stream", "ORDERS", "--durable", "bill", "--order", "key", "--concurrency", "8")
    rules = ("--timeout", "2.5", "--max-attempts", "3", "--dead-letter-subject", "letters.bill")
    ran = await bench.run(*CREATE, *SELECTOR, *stream, *rules)
    assert ran.code == 0, ran.err
    spec = await spec_of(bench)
    assert (spec["stream"], spec["durable"]) == ("ORDERS", "bill")
    delivery = {"timeout": 2.5, "order": "key", "concurrency": 8, "retry": {"maxAttempts": 3}}
    assert spec["delivery"] == delivery | {"deadLetter": {"subject": "letters.bill"}}
    keyed = await bench.run("trigger", "nats", "update", "hello", "--key-token", "1")
    assert keyed.code == 0, keyed.err
    delivery["keyToken"] = 1
    changed = await bench.run("trigger", "nats", "update", "hello", "--no-dead-letters", "--concurrency", "9")
    assert changed.code == 0, changed.err
    expected = delivery | {"concurrency": 9, "deadLetter": {"disabled": True}}
    assert (await spec_of(bench))["delivery"] == expected
    await bench.run("trigger", "nats", "update", "hello", "--dead-letters")
    assert (await spec_of(bench))["delivery"]["deadLetter"] == {}


async def test_a_trigger_is_suspended_and_resumed(bench: "Bench") -> None:
    await bench.run(*CREATE, *SELECTOR)
    suspended = await bench.run("trigger", "nats", "suspend", "hello")
    assert 'msg="NATS trigger hello suspended in namespace team successfully!"' in suspended.err
    assert (await spec_of(bench))["suspend"] is True
    resumed = await bench.run("trigger", "nats", "resume", "hello")
    assert 'msg="NATS trigger hello resumed in namespace team successfully!"' in resumed.err
    assert (await spec_of(bench))["suspend"] is False


async def test_the_status_is_that_of_the_service_and_says_what_is_promised(bench: "Bench") -> None:
    await bench.run(*CREATE, *SELECTOR)
    fresh = await bench.run("trigger", "nats", "status", "hello")
    assert (fresh.code, "is the NATS trigger controller running?" in fresh.err) == (0, True)
    assert "core NATS (at most once)" in fresh.out
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "AtMostOnce",
        "message": "core NATS does not store messages",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    status = {"observedGeneration": 1, "conditions": [condition], "functions": ["a", "b"]}
    await bench.client.patch(NATS_TRIGGERS, "hello", {"status": status}, namespace="team", subresource="status")
    shown = await bench.run("trigger", "nats", "status", "hello")
    assert (shown.code, shown.err) == (0, "")
    rows = dict([cell.strip() for cell in line.split("\t")] for line in shown.out.splitlines())
    assert (rows["Functions:"], rows["Ready:"]) == ("a, b", "True AtMostOnce core NATS does not store messages")
    found = json.loads((await bench.run("trigger", "nats", "status", "hello", "-o", "json")).out)
    assert (found["observed"], found["conditions"][0]["reason"]) == (True, "AtMostOnce")


async def test_a_dry_run_prints_the_object(bench: "Bench") -> None:
    ran = await bench.run(*CREATE, *SELECTOR, "--dryrun")
    assert yaml.safe_load(ran.out)["spec"]["topic"] == "hello-nats"
    assert json.loads((await bench.run(*CREATE, *SELECTOR, "--dryrun", "-o", "json")).out)["kind"] == "NATSTrigger"
    wrong = await bench.run(*CREATE, *SELECTOR, "--dryrun", "-o", "toml")
    assert (wrong.code, "Output format needs to be yaml or json" in wrong.err) == (1, True)
    with pytest.raises(NotFound):
        await spec_of(bench)


async def test_mistakes_are_told_in_the_words_of_old(bench: "Bench") -> None:
    selector = await bench.run(*CREATE, "--function-selector", "a==b==c")
    assert (selector.code, "Invalid label selector specified a==b==c" in selector.err) == (1, True)
    missing = await bench.run("trigger", "nats", "create", "hello")
    assert 'required flag(s) "trigger-topic", "function-selector" not set' in missing.err
    for verb in ("create", "delete"):
        none = await bench.run("trigger", "nats", verb, *((*CREATE[4:], *SELECTOR) if verb == "create" else ()))
        assert "Need exactly one argument - NATS trigger name" in none.err
    for verb in ("update", "suspend", "status"):
        gone = await bench.run("trigger", "nats", verb, "hello")
        assert "Unable to find NATS trigger hello in namespace team. Error " in gone.err
    deleted = await bench.run("trigger", "nats", "delete", "hello")
    assert "Failed to delete NATS trigger object hello in namespace team. Error: " in deleted.err
    await bench.run(*CREATE, *SELECTOR)
    twice = await bench.run(*CREATE, *SELECTOR)
    assert "Failed to create NATS trigger object hello in namespace team. Error: " in twice.err


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (("--trigger-topic", "a b"), "--trigger-topic: has white space"),
        (("--trigger-topic", "a..b"), "--trigger-topic: has an empty token"),
        (("--trigger-topic", "a.>.b"), "--trigger-topic: has > before its end"),
        (("--trigger-topic", "a.b*"), "--trigger-topic: has a wildcard within a token"),
        (("--stream", "a.b"), "--stream: is no name in JetStream"),
        (("--stream", "S", "--durable", "a b"), "--durable: is no name in JetStream"),
        (("--stream", "S", "--durable", "a.b"), "--durable: is no name in JetStream, got 'a.b'; use up to 255"),
        (("--durable", "d"), "give --stream with it"),
        (("--key-token", "1"), "--key-token: needs order by key; give --order key with it"),
        (
            ("--key-token", "1", "--order", "none"),
            "--key-token: means nothing with order none, got 1; give --order key",
        ),
        (("--key-token", "2", "--order", "key"), "--key-token: is beyond the tokens of hello-nats, got 2; use 1, or"),
        (("--dead-letter-subject", "a.>"), "--dead-letter-subject: has a wildcard"),
    ],
)
async def test_what_nats_does_not_take_is_refused_by_name(bench: "Bench", flags: tuple[str, ...], text: str) -> None:
    ran = await bench.run(*CREATE, *SELECTOR, *flags)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert text in ran.err
    with pytest.raises(NotFound):
        await spec_of(bench)
