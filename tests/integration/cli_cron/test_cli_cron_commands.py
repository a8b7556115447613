"""`kubeless trigger cronjob`, from the flags to the object, and `function deploy --schedule`."""

import json

import pytest
from aiohttp import web

from integration.cli.conftest import NAMESPACE, Bench
from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import NotFound
from kubeless.kube.resources import ENDPOINT_SLICES, SERVICES
from kubeless.manage.cronnames import PORT, SERVICE

CREATE = ("trigger", "cronjob", "create", "nightly", "--function", "bill", "--schedule", "*/10 * * * *")


async def add_function(bench: Bench) -> None:
    metadata = {"name": "bill", "namespace": NAMESPACE}
    spec = {"runtime": "python3.11", "handler": "app.run", "function": "x"}
    body = {"apiVersion": FUNCTIONS.api_version, "kind": "Function", "metadata": metadata, "spec": spec}
    await bench.client.create(FUNCTIONS, body)


async def spec_of(bench: Bench) -> JsonObject:
    spec: JsonObject = (await bench.client.get(CRONJOB_TRIGGERS, "nightly"))["spec"]
    return spec


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("\t")] for line in text.splitlines()]


async def test_the_life_of_a_cronjob_trigger(bench: Bench) -> None:
    await add_function(bench)
    created = await bench.run(*CREATE, "--payload", '{"a": 1}', "--time-zone", "Europe/Berlin")
    assert 'msg="Cronjob trigger nightly created in namespace team successfully!"' in created.err
    spec = await spec_of(bench)
    assert (spec["schedule"], spec["payload"], spec["timeZone"]) == ("*/10 * * * *", {"a": 1}, "Europe/Berlin")

    listed = cells((await bench.run("trigger", "cronjob", "ls")).out)
    assert listed[0][:4] == ["NAME", "NAMESPACE", "SCHEDULE", "FUNCTION NAME"]
    assert listed[1][:4] == ["nightly", "team", "*/10 * * * *", "bill"]
    assert listed[1][4].endswith("0:00Z")

    (bench.folder / "p.yaml").write_text("b: [2]\n")
    updated = await bench.run("trigger", "cronjob", "update", "nightly", "--payload-from-file", "p.yaml")
    assert 'msg="Cronjob trigger nightly updated in namespace team successfully!"' in updated.err
    assert await spec_of(bench) == spec | {"payload": {"b": [2]}}
    await bench.run("trigger", "cronjob", "update", "nightly", "--payload", "null")
    assert (await spec_of(bench)).get("payload") is None

    suspended = await bench.run("trigger", "cronjob", "suspend", "nightly")
    assert 'msg="Cronjob trigger nightly suspended in namespace team successfully!"' in suspended.err
    assert cells((await bench.run("trigger", "cronjob", "ls")).out)[1][4] == "suspended"
    await bench.run("trigger", "cronjob", "resume", "nightly")
    assert (await spec_of(bench))["suspend"] is False

    told = json.loads((await bench.run("trigger", "cronjob", "status", "nightly", "-o", "json")).out)
    assert len(told["nextTimes"]) == 3
    deleted = await bench.run("trigger", "cronjob", "delete", "nightly")
    assert 'msg="Cronjob trigger nightly deleted from namespace team successfully!"' in deleted.err
    with pytest.raises(NotFound):
        await bench.client.get(CRONJOB_TRIGGERS, "nightly")


async def test_what_cannot_be_made_is_told(bench: Bench) -> None:
    assert "Unable to find Function bill in namespace team. Error " in (await bench.run(*CREATE)).err
    wrong = await bench.run("trigger", "cronjob", "create", "n", "--function", "bill", "--schedule", "0 0 30 2 *")
    assert (wrong.code, "Feb has no day 30" in wrong.err) == (1, True)
    both = await bench.run(*CREATE, "-p", "{}", "-f", "x.json")
    assert "You can't provide both raw payload and a payload file" in both.err
    missing = await bench.run("trigger", "cronjob", "update", "nightly", "--schedule", "@daily")
    assert "Unable to find cronjob trigger nightly in namespace team. Error " in missing.err
    gone = await bench.run("trigger", "cronjob", "delete", "nightly")
    assert "Failed to delete cronjob trigger object nightly in namespace team. Error: " in gone.err
    none = await bench.run("trigger", "cronjob", "create", "--function", "bill", "--schedule", "@daily")
    assert "Need exactly one argument - cronjob trigger name" in none.err


async def test_a_second_trigger_of_the_name_is_refused(bench: Bench) -> None:
    await add_function(bench)
    await bench.run(*CREATE)
    ran = await bench.run(*CREATE)
    assert (ran.code, "Failed to create cronjob trigger object nightly in namespace team. Error: " in ran.err) == (
        1,
        True,
    )


async def test_a_call_on_demand_goes_through_the_api_server(bench: Bench) -> None:
    asked: list[str] = []
    answer = {"function": "bill", "outcome": "delivered", "status": 200, "attempts": 1, "seconds": 0.1, "error": ""}

    async def handle(request: web.Request) -> web.Response:
        asked.append(f"{request.method} {request.path}")
        return web.json_response({"calls": [answer]})

    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        await add_service(bench, runner.addresses[0][1])
        ran = await bench.run("trigger", "cronjob", "fire", "nightly")
        assert "Function bill delivered: status 200, 1 attempts" in ran.err
        answer |= {"outcome": "exhausted", "status": 500, "error": "no such table"}
        failed = await bench.run("trigger", "cronjob", "fire", "nightly")
        assert (failed.code, "no such table" in failed.err) == (1, True)
    finally:
        await runner.cleanup()
    assert asked[0] == "POST /triggers/team/nightly/fire"


async def add_service(bench: Bench, port: int) -> None:
    namespace = "kubeless"
    metadata = {"name": SERVICE, "namespace": namespace}
    ports = [{"name": PORT, "port": port, "protocol": "TCP"}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports}}
    await bench.client.create(SERVICES, service)
    slices = {
        "apiVersion": ENDPOINT_SLICES.api_version,
        "kind": ENDPOINT_SLICES.kind,
        "metadata": {**metadata, "labels": {"kubernetes.io/service-name": SERVICE}},
        "addressType": "IPv4",
        "ports": ports,
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
    }
    await bench.client.create(ENDPOINT_SLICES, slices)


async def test_a_function_is_deployed_with_a_schedule(bench: Bench) -> None:
    source = bench.write_source()
    deploy = ("function", "deploy", "nightly", "--runtime-image", "x", "--handler", "app.run", "-f", source)
    wrong = await bench.run(*deploy, "--schedule", "61 * * * *")
    assert (wrong.code, "Invalid value for --schedule. schedule, minute: is out of range" in wrong.err) == (1, True)
    ran = await bench.run(*deploy, "--schedule", "@every 1h30m")
    assert ran.code == 0, ran.err
    trigger = await bench.client.get(CRONJOB_TRIGGERS, "nightly")
    assert trigger["metadata"]["labels"] == {"created-by": "kubeless", "function": "nightly"}
    assert (trigger["spec"]["function-name"], trigger["spec"]["schedule"]) == ("nightly", "@every 1h30m")
    assert trigger["spec"].get("payload") is None
