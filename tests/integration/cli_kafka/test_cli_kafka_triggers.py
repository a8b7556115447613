"""`kubeless trigger kafka`: objects only, so no broker is needed."""

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import NotFound

if TYPE_CHECKING:
    from integration.cli.conftest import Bench

CREATE = ("trigger", "kafka", "create", "hello", "--trigger-topic", "hello-topic")
SELECTOR = ("--function-selector", "created-by=kubeless,function=hello-kafka")


async def spec_of(bench: "Bench") -> JsonObject:
    spec: JsonObject = (await bench.client.get(KAFKA_TRIGGERS, "hello", namespace="team"))["spec"]
    return spec


async def test_the_life_of_a_kafka_trigger(bench: "Bench") -> None:
    created = await bench.run(*CREATE, *SELECTOR)
    assert 'msg="Kafka trigger hello created in namespace team successfully!"' in created.err
    labels = {"created-by": "kubeless", "function": "hello-kafka"}
    assert (await spec_of(bench))["functionSelector"] == {"matchLabels": labels}

    listed = await bench.run("trigger", "kafka", "ls")
    assert [[cell.strip() for cell in line.split("\t")] for line in listed.out.splitlines()] == [
        ["NAME", "NAMESPACE", "TOPIC", "FUNCTION SELECTOR"],
        ["hello", "team", "hello-topic", "created-by=kubeless,function=hello-kafka"],
    ]

    updated = await bench.run("trigger", "kafka", "update", "hello", "--function-selector", "app=x,tier in (a,b)")
    assert 'msg="Kafka trigger hello updated in namespace team successfully!"' in updated.err
    spec = await spec_of(bench)
    tier = {"key": "tier", "operator": "In", "values": ["a", "b"]}
    assert spec["functionSelector"] == {"matchLabels": {"app": "x"}, "matchExpressions": [tier]}
    assert spec["topic"] == "hello-topic"

    deleted = await bench.run("trigger", "kafka", "delete", "hello")
    assert 'msg="Kafka trigger hello deleted from namespace team successfully!"' in deleted.err
    with pytest.raises(NotFound):
        await spec_of(bench)


async def test_a_trigger_is_suspended_and_resumed(bench: "Bench") -> None:
    await bench.run(*CREATE, *SELECTOR)
    suspended = await bench.run("trigger", "kafka", "suspend", "hello")
    assert 'msg="Kafka trigger hello suspended in namespace team successfully!"' in suspended.err
    assert (await spec_of(bench))["suspend"] is True
    resumed = await bench.run("trigger", "kafka", "resume", "hello")
    assert 'msg="Kafka trigger hello resumed in namespace team successfully!"' in resumed.err
    assert (await spec_of(bench))["suspend"] is False


async def test_the_status_is_that_of_the_service(bench: "Bench") -> None:
    await bench.run(*CREATE, *SELECTOR)
    fresh = await bench.run("trigger", "kafka", "status", "hello")
    assert (fresh.code, "No status yet" in fresh.err) == (0, True)
    condition = {
        "type": "Ready",
        "status": "False",
        "reason": "TopicNotFound",
        "message": "topic hello-topic does not exist; create it",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    status = {"observedGeneration": 1, "conditions": [condition], "functions": ["a", "b"], "lag": 7}
    await bench.client.patch(KAFKA_TRIGGERS, "hello", {"status": status}, namespace="team", subresource="status")
    shown = await bench.run("trigger", "kafka", "status", "hello")
    assert (shown.code, shown.err) == (0, "")
    rows = dict([cell.strip() for cell in line.split("\t")] for line in shown.out.splitlines())
    assert rows["Functions:"] == "a, b"
    assert rows["Lag:"] == "7"
    assert rows["Ready:"] == "False TopicNotFound topic hello-topic does not exist; create it"
    found = json.loads((await bench.run("trigger", "kafka", "status", "hello", "-o", "json")).out)
    assert (found["lag"], found["conditions"][0]["reason"], found["observed"]) == (7, "TopicNotFound", True)
    wide = await bench.run("trigger", "kafka", "list", "-o", "wide")
    assert "False (TopicNotFound)" in wide.out


async def test_a_dry_run_prints_the_object(bench: "Bench") -> None:
    ran = await bench.run(*CREATE, *SELECTOR, "--dryrun")
    assert yaml.safe_load(ran.out)["spec"]["topic"] == "hello-topic"
    assert json.loads((await bench.run(*CREATE, *SELECTOR, "--dryrun", "-o", "json")).out)["kind"] == "KafkaTrigger"
    wrong = await bench.run(*CREATE, *SELECTOR, "--dryrun", "-o", "toml")
    assert (wrong.code, "Output format needs to be yaml or json" in wrong.err) == (1, True)
    with pytest.raises(NotFound):
        await spec_of(bench)


async def test_mistakes_are_told_in_the_words_of_old(bench: "Bench") -> None:
    selector = await bench.run(*CREATE, "--function-selector", "a==b==c")
    assert (selector.code, "Invalid lable selector specified a==b==c" in selector.err) == (1, True)
    missing = await bench.run("trigger", "kafka", "create", "hello")
    assert 'required flag(s) "trigger-topic", "function-selector" not set' in missing.err
    none = await bench.run("trigger", "kafka", "create", "--trigger-topic", "x", *SELECTOR)
    assert "Need exactly one argument - kafka trigger name" in none.err
    assert "Need exactly one argument - Kafka trigger name" in (await bench.run("trigger", "kafka", "delete")).err
    for verb in ("update", "suspend", "status"):
        gone = await bench.run("trigger", "kafka", verb, "hello")
        assert "Unable to find Kafka trigger hello in namespace team. Error " in gone.err
    deleted = await bench.run("trigger", "kafka", "delete", "hello")
    assert "Failed to delete Kafka trigger object hello in namespace team. Error: " in deleted.err
    await bench.run(*CREATE, *SELECTOR)
    twice = await bench.run(*CREATE, *SELECTOR)
    assert "Failed to create Kafka trigger object hello in namespace team. Error: " in twice.err
