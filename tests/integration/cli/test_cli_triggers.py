"""The trigger commands, and how a cluster is chosen."""

import os
from typing import TYPE_CHECKING

import pytest
import yaml

from kubeless.api.resource import FUNCTIONS, HTTP_TRIGGERS
from kubeless.kube.errors import NotFound

if TYPE_CHECKING:
    from integration.cli.conftest import Bench

CREATE = ("trigger", "http", "create", "web", "--function-name", "bill")


async def add_function(bench: "Bench") -> None:
    metadata = {"name": "bill", "namespace": "team"}
    spec = {"runtime": "python3.11", "handler": "app.run", "function": "x"}
    body = {"apiVersion": FUNCTIONS.api_version, "kind": "Function", "metadata": metadata, "spec": spec}
    await bench.client.create(FUNCTIONS, body)


async def test_the_life_of_an_http_trigger(bench: "Bench") -> None:
    await add_function(bench)
    created = await bench.run(*CREATE, "--path", "/v1", "--enableTLSAcme")
    assert created.code == 0
    assert 'msg="HTTP trigger web created in namespace team successfully!"' in created.err
    spec = (await bench.client.get(HTTP_TRIGGERS, "web"))["spec"]
    assert (spec["path"], spec["gateway"], spec["host-name"]) == ("v1", "nginx", "bill.127.0.0.1.nip.io")

    updated = await bench.run("trigger", "http", "update", "web", "--hostname", "bill.example.com")
    assert 'msg="HTTP trigger web updated in namespace team successfully!"' in updated.err
    changed = (await bench.client.get(HTTP_TRIGGERS, "web"))["spec"]
    assert changed == spec | {"host-name": "bill.example.com"}

    listed = await bench.run("trigger", "http", "ls")
    assert [[cell.strip() for cell in line.split("\t")] for line in listed.out.splitlines()] == [
        ["NAME", "NAMESPACE", "FUNCTION NAME"],
        ["web", "team", "bill"],
    ]

    shown = await bench.run("trigger", "http", "status", "web")
    assert (shown.code, "bill.example.com" in shown.out, "No status yet" in shown.err) == (0, True, True)

    deleted = await bench.run("trigger", "http", "delete", "web")
    assert 'msg="HTTP trigger web deleted from namespace team successfully!"' in deleted.err
    with pytest.raises(NotFound):
        await bench.client.get(HTTP_TRIGGERS, "web")


async def test_a_trigger_needs_its_function(bench: "Bench") -> None:
    ran = await bench.run(*CREATE)
    assert ran.code == 1
    assert "Unable to find Function bill in namespace team. Error " in ran.err


async def test_a_second_trigger_of_the_name_is_refused(bench: "Bench") -> None:
    await add_function(bench)
    await bench.run(*CREATE)
    ran = await bench.run(*CREATE)
    assert ran.code == 1
    assert "Failed to deploy HTTP trigger web in namespace team. Error: " in ran.err


async def test_a_dry_run_of_a_trigger_prints_it(bench: "Bench") -> None:
    await add_function(bench)
    ran = await bench.run(*CREATE, "--dryrun")
    assert yaml.safe_load(ran.out)["spec"]["function-name"] == "bill"
    wrong = await bench.run(*CREATE, "--dryrun", "-o", "toml")
    assert (wrong.code, "Output format needs to be yaml or json" in wrong.err) == (1, True)


async def test_what_does_not_exist_cannot_be_changed(bench: "Bench") -> None:
    updated = await bench.run("trigger", "http", "update", "web", "--path", "x")
    assert "Unable to find HTTP trigger web in namespace team. Error " in updated.err
    deleted = await bench.run("trigger", "http", "delete", "web")
    assert "Failed to delete HTTP trigger object web in namespace team. Error: " in deleted.err


async def test_the_cluster_may_be_named_before_and_after_the_command(bench: "Bench") -> None:
    await add_function(bench)
    config = str(bench.kubeconfig)
    before = await bench.run("--kubeconfig", config, "function", "ls", "-o", "name", KUBECONFIG="/no/such")
    after = await bench.run("function", "ls", "-o", "name", "--kubeconfig", config, KUBECONFIG="/no/such")
    assert before.out == after.out == "functions.kubeless.io/bill\n"
    other = await bench.run("--context", "team", "function", "ls", "-o", "name", "--context", "other")
    assert (other.code, other.out) == (0, "")


async def test_a_cluster_that_does_not_answer_is_one_line(bench: "Bench") -> None:
    config = yaml.safe_load(bench.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "http://127.0.0.1:1"
    (bench.folder / "dead.yaml").write_text(yaml.safe_dump(config))
    ran = await bench.run("function", "ls", KUBECONFIG=str(bench.folder / "dead.yaml"))
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "127.0.0.1:1" in ran.err


async def test_a_reader_that_has_left_is_no_error_to_talk_about(bench: "Bench") -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = await bench.start("crds", stdout=writing)
    os.close(writing)
    ran = await bench.finish(process)
    assert (ran.code, ran.err) == (141, "")
