"""The function commands against a real API, with the test in the place of the controller."""

import asyncio
import hashlib
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import yaml
from aiohttp import web

from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import NotFound
from kubeless.kube.resources import CONFIG_MAPS, DEPLOYMENTS, ENDPOINT_SLICES, ENDPOINTS, NAMESPACES, PODS, SERVICES

if TYPE_CHECKING:
    from integration.cli.conftest import Bench

NAMESPACE = "team"

DEPLOY = ("function", "deploy", "bill", "--runtime", "python3.11", "--handler", "app.run", "--from-file", "app.py")


def pod(name: str, *, ready: bool, terminated: JsonObject | None = None) -> JsonObject:
    """A pod of the function `bill` and its status."""
    state = {"terminated": terminated} if terminated else {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    container = {"name": "bill", "ready": ready, "restartCount": 0, "image": "i", "imageID": "i", "state": state}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"function": "bill"}},
        "spec": {"containers": [{"name": "bill", "image": "i"}]},
        "status": {"phase": "Running", "containerStatuses": [container]},
    }


async def add_pod(bench: "Bench", body: JsonObject) -> None:
    await bench.client.create(PODS, body)
    status = {"status": body["status"]}
    await bench.client.patch(PODS, body["metadata"]["name"], status, subresource="status")


@asynccontextmanager
async def answering(bench: "Bench", handler: web.RequestHandler | object) -> AsyncIterator[None]:
    """A Service `bill` whose endpoint is `handler`."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)  # type: ignore[arg-type] # any coroutine function
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    ports = [{"name": "http-function-port", "port": port, "protocol": "TCP"}]
    labels = {"kubernetes.io/service-name": "bill"}
    await bench.client.create(
        SERVICES,
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "bill"},
            "spec": {"ports": [{**ports[0], "port": 8080, "targetPort": port}]},
        },
    )
    await bench.client.create(
        ENDPOINTS,
        {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": "bill"},
            "subsets": [{"addresses": [{"ip": "127.0.0.1"}], "ports": ports}],
        },
    )
    await bench.client.create(
        ENDPOINT_SLICES,
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "bill-1", "labels": labels},
            "addressType": "IPv4",
            "ports": ports,
            "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
        },
    )
    try:
        yield
    finally:
        await runner.cleanup()


async def test_a_deployed_function_is_in_the_namespace_of_the_context(bench: "Bench") -> None:
    bench.write_source()
    ran = await bench.run(*DEPLOY, "--env", "A=1,B=2", "--schedule", "@daily")
    assert (ran.code, ran.out) == (0, "")
    lines = ran.err.splitlines()
    assert [line.partition('msg="')[2].rstrip('"') for line in lines] == [
        "Deploying function...",
        "Function bill submitted for deployment",
        "Check the deployment status executing 'kubeless function ls bill'",
    ]
    function = await bench.function("bill")
    assert function["spec"]["function-content-type"] == "text"
    assert function["metadata"]["labels"] == {"created-by": "kubeless", "function": "bill"}
    trigger = await bench.client.get(CRONJOB_TRIGGERS, "bill")
    assert trigger["spec"]["schedule"] == "@daily"


async def test_the_namespace_flag_is_repeated_in_the_hint(bench: "Bench") -> None:
    bench.write_source()
    await bench.client.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prod"}})
    ran = await bench.run(*DEPLOY, "-n", "prod")
    assert "Check the deployment status executing 'kubeless function ls bill -n prod'" in ran.err
    assert await bench.client.get(FUNCTIONS, "bill", namespace="prod")


async def test_an_unknown_runtime_is_refused_before_anything_is_made(bench: "Bench") -> None:
    bench.write_source()
    ran = await bench.run(*DEPLOY, "--runtime", "cobol85")
    assert ran.code == 1
    assert "Invalid runtime: cobol85. Supported runtimes are: " in ran.err
    with pytest.raises(NotFound):
        await bench.function("bill")


async def test_the_configuration_of_the_server_adds_runtimes(bench: "Bench") -> None:
    images = [{"ID": "cobol", "versions": [{"version": "85", "images": [{"phase": "runtime", "image": "cobol:85"}]}]}]
    await bench.client.create(
        CONFIG_MAPS,
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "kubeless-config", "namespace": "kubeless"},
            "data": {"runtime-images": json.dumps(images)},
        },
    )
    ran = await bench.run("get-server-config")
    assert "Current Server Config:" in ran.err
    assert "cobol85" in ran.err


async def test_what_the_api_refuses_is_told_in_full(bench: "Bench") -> None:
    bench.write_source()
    ran = await bench.run("function", "deploy", "Not_A_Name", *DEPLOY[3:])
    assert ran.code == 1
    assert "Failed to deploy Not_A_Name. Received:" in ran.err
    assert "Traceback" not in ran.err


@asynccontextmanager
async def web_server(body: bytes, *, status: int = 200) -> AsyncIterator[str]:
    """The URL of a server that gives `body` for every path."""

    async def give(request: web.Request) -> web.Response:
        return web.Response(body=body, status=status)

    application = web.Application()
    application.router.add_get("/{path:.*}", give)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_of_a_url_the_address_is_stored_and_the_content_checked(bench: "Bench") -> None:
    async with web_server(b"PK") as url:
        ran = await bench.run(*DEPLOY[:-1], f"{url}/code.zip?raw=true")
    assert ran.code == 0
    spec = (await bench.function("bill"))["spec"]
    assert (spec["function"], spec["function-content-type"]) == (f"{url}/code.zip?raw=true", "url+zip")
    assert spec["checksum"] == f"sha256:{hashlib.sha256(b'PK').hexdigest()}"


async def test_an_error_page_is_no_source(bench: "Bench") -> None:
    async with web_server(b"not here", status=404) as url:
        ran = await bench.run(*DEPLOY[:-1], f"{url}/code.zip")
    assert (ran.code, "the server answered 404" in ran.err) == (1, True)


async def test_a_dry_run_changes_nothing(bench: "Bench") -> None:
    bench.write_source()
    ran = await bench.run(*DEPLOY, "--dryrun", "-o", "json")
    assert json.loads(ran.out)["metadata"]["namespace"] == NAMESPACE
    with pytest.raises(NotFound):
        await bench.function("bill")


async def test_waiting_ends_when_this_generation_is_ready(bench: "Bench") -> None:
    bench.write_source()
    process = await bench.start(*DEPLOY, "--wait")
    await bench.eventually(lambda: exists(bench))
    await bench.write_ready("bill", "False", "Progressing", "0 of 1 pods started")
    await asyncio.sleep(0)
    await bench.write_ready("bill", "True", "Ready")
    ran = await bench.finish(process)
    assert ran.code == 0
    assert "Function bill: ready" in ran.err


async def test_waiting_tells_the_steps_of_the_pods(bench: "Bench") -> None:
    bench.write_source()
    process = await bench.start(*DEPLOY, "--wait")
    await bench.eventually(lambda: exists(bench))
    await add_pod(bench, pod("bill-1", ready=False))
    assert process.stderr is not None
    while b"Function bill: starting" not in await process.stderr.readline():
        pass
    await bench.write_ready("bill", "True", "Ready")
    assert (await bench.finish(process)).code == 0


async def test_waiting_for_an_update_does_not_believe_the_generation_before(bench: "Bench") -> None:
    bench.write_source()
    await bench.run(*DEPLOY)
    await bench.write_ready("bill", "True", "Ready")
    process = await bench.start("function", "update", "bill", "--timeout", "5", "--wait")

    async def is_updated() -> bool:
        return bool((await bench.function("bill"))["metadata"]["generation"] == 2)

    await bench.eventually(is_updated)
    assert process.returncode is None
    await bench.write_ready("bill", "True", "Ready")
    assert (await bench.finish(process)).code == 0


async def test_waiting_ends_at_once_when_the_function_crashes(bench: "Bench") -> None:
    bench.write_source()
    await add_pod(bench, pod("bill-1", ready=False, terminated={"exitCode": 1, "reason": "Error"}))
    bench.logs.texts["bill-1", False] = b"Traceback\nModuleNotFoundError: No module named 'x'\n"
    process = await bench.start(*DEPLOY, "--wait")
    await bench.eventually(lambda: exists(bench))
    await bench.write_ready("bill", "False", "CrashLoopBackOff", "the function ended")
    ran = await bench.finish(process)
    assert ran.code == 1
    assert "Function bill is not ready: CrashLoopBackOff: the function ended" in ran.err
    assert "ModuleNotFoundError: No module named 'x'" in ran.err


async def test_waiting_in_vain_says_what_was_seen_last(bench: "Bench") -> None:
    bench.write_source()
    ran = await bench.run(*DEPLOY, "--wait", "--wait-timeout", "0.2")
    assert ran.code == 1
    assert "Function bill is not ready after 0.2 seconds; the controller has not looked at it" in ran.err


async def test_waiting_for_a_deleted_function_ends(bench: "Bench") -> None:
    bench.write_source()
    process = await bench.start(*DEPLOY, "--wait")
    await bench.eventually(lambda: exists(bench))
    await bench.client.delete(FUNCTIONS, "bill")
    ran = await bench.finish(process)
    assert ran.code == 1
    assert "Function bill was deleted before it was ready" in ran.err


async def test_ctrl_c_while_waiting_is_quiet(bench: "Bench") -> None:
    bench.write_source()
    process = await bench.start(*DEPLOY, "--wait")
    assert process.stderr is not None
    while b"Function bill: submitted" not in await process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    ran = await bench.finish(process)
    assert (ran.code, ran.err.strip()) == (130, "")


async def test_an_update_keeps_what_is_not_given(bench: "Bench") -> None:
    bench.write_source()
    await bench.run(*DEPLOY, "--timeout", "10", "--port", "8081", "--image-pull-policy", "Never", "--secrets", "s")
    before = await bench.function("bill")
    bench.write_source(text="def run(): return 2\n")
    ran = await bench.run("function", "update", "bill", "-f", "app.py", "--secrets", "s")
    assert ran.code == 0
    assert 'msg="Redeploying function..."' in ran.err
    after = await bench.function("bill")
    assert after["spec"].pop("function") == "def run(): return 2\n"
    assert after["spec"].pop("checksum") != before["spec"].pop("checksum")
    del before["spec"]["function"]
    assert after["spec"] == before["spec"]


async def test_what_does_not_exist_cannot_be_updated_or_listed(bench: "Bench") -> None:
    updated = await bench.run("function", "update", "get-python", "--timeout", "3")
    assert (updated.code, "Function get-python is not found" in updated.err) == (1, True)
    listed = await bench.run("function", "ls", "get-python")
    assert (listed.code, "Error listing function get-python: " in listed.err) == (1, True)
    deleted = await bench.run("function", "delete", "get-python")
    assert (deleted.code, "get-python" in deleted.err) == (1, True)


async def test_list_shows_the_replicas_of_the_deployment(bench: "Bench") -> None:
    bench.write_source()
    await bench.run(*DEPLOY)
    missing = await bench.run("function", "ls")
    assert missing.out.splitlines()[1].split("\t")[-1].rstrip() == "MISSING: Check controller logs"
    labels = {"created-by": "kubeless", "function": "bill"}
    await bench.client.create(
        DEPLOYMENTS,
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "bill", "labels": labels},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "bill", "image": "i"}]},
                },
            },
        },
    )
    status = {"status": {"replicas": 1, "readyReplicas": 1}}
    await bench.client.patch(DEPLOYMENTS, "bill", status, subresource="status")
    ran = await bench.run("function", "list", "bill")
    header, row = (line.split("\t") for line in ran.out.splitlines())
    assert [cell.strip() for cell in header] == ["NAME", "NAMESPACE", "HANDLER", "RUNTIME", "DEPENDENCIES", "STATUS"]
    assert [cell.strip() for cell in row] == ["bill", NAMESPACE, "app.run", "python3.11", "", "1/1 READY"]
    wide = (await bench.run("function", "list", "-o", "wide")).out.splitlines()
    assert len({line.count("\t") for line in wide}) == 1


async def test_lists_for_programs(bench: "Bench") -> None:
    bench.write_source()
    await bench.run(*DEPLOY)
    listed = yaml.safe_load((await bench.run("function", "ls", "-o", "yaml")).out)
    assert listed == json.loads((await bench.run("function", "ls", "--out", "json")).out)
    assert listed[0]["kind"] == "Function"
    assert (await bench.run("function", "ls", "-o", "name")).out == "functions.kubeless.io/bill\n"


async def test_a_description_ends_with_the_conditions(bench: "Bench") -> None:
    bench.write_source()
    await bench.run(*DEPLOY)
    await bench.write_ready("bill", "False", "UnknownRuntime", "choose another")
    rows = [line.split("\t") for line in (await bench.run("function", "describe", "bill")).out.splitlines()]
    assert [cell.strip() for cell in rows[0]] == ["Name:", "bill"]
    assert [cell.strip() for cell in rows[-1]] == ["Ready:", "False UnknownRuntime choose another"]
    assert json.loads((await bench.run("function", "describe", "bill", "-o", "json")).out)["kind"] == "Function"


async def test_deleting_prints_nothing(bench: "Bench") -> None:
    bench.write_source()
    await bench.run(*DEPLOY)
    ran = await bench.run("function", "delete", "bill")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert not await exists(bench)


async def test_a_call_is_an_event_and_its_answer_is_untouched(bench: "Bench") -> None:
    seen: list[tuple[str, dict[str, str], bytes]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.method, dict(request.headers), await request.read()))
        return web.Response(body=b"\xff\x00\r\n")

    async with answering(bench, answer):
        posted = await bench.run("function", "call", "bill", "--data", '{"a": 1}')
        got = await bench.run("function", "call", "bill")
    assert (posted.code, posted.raw, posted.err) == (0, b"\xff\x00\r\n\n", "")
    assert got.code == 0
    (method, headers, body), (second, others, _) = seen
    assert (method, second) == ("POST", "GET")
    assert body == b'{"a": 1}'
    lowered = {key.lower(): value for key, value in headers.items()}
    assert lowered["event-type"] == lowered["content-type"] == "application/json"
    assert lowered["event-namespace"] == "cli.kubeless.io"
    assert "event-type" not in {key.lower() for key in others}


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (408, "Request timeout exceeded"),
        (500, "has prevented the request from succeeding"),
    ],
)
async def test_a_failed_call_shows_the_answer_and_why(bench: "Bench", status: int, message: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, text="it is broken")

    async with answering(bench, answer):
        ran = await bench.run("function", "call", "bill")
    assert (ran.code, ran.out) == (1, "")
    first, last = ran.err.splitlines()
    assert 'level=error msg="it is broken"' in first
    assert "level=fatal" in last
    assert message in last


async def test_only_a_function_with_a_service_can_be_called(bench: "Bench") -> None:
    ran = await bench.run("function", "call", "bill")
    assert (ran.code, "Unable to find the service for bill" in ran.err) == (1, True)


async def test_the_log_of_the_only_pod_is_printed_as_it_is(bench: "Bench") -> None:
    await add_pod(bench, pod("bill-1", ready=True))
    await add_pod(bench, pod("bill-2", ready=False))
    bench.logs.texts["bill-1", False] = b"one\ntwo"
    ran = await bench.run("function", "logs", "bill")
    assert (ran.code, ran.out) == (0, "one\ntwo\n")


async def test_the_logs_of_several_pods_are_told_apart(bench: "Bench") -> None:
    for name in ("bill-1", "bill-2"):
        await add_pod(bench, pod(name, ready=True))
        bench.logs.texts[name, False] = b"one\n"
    process = await bench.start("function", "logs", "-f", "bill")
    assert process.stdout is not None
    first = {await process.stdout.readline(), await process.stdout.readline()}
    assert first == {b"[bill-1] one\n", b"[bill-2] one\n"}
    bench.logs.followed.set()
    ran = await bench.finish(process)
    assert (ran.code, set(ran.out.splitlines())) == (0, {"[bill-1] later", "[bill-2] later"})


async def test_without_a_ready_pod_there_is_no_log(bench: "Bench") -> None:
    await add_pod(bench, pod("bill-1", ready=False))
    ran = await bench.run("function", "logs", "bill")
    assert (ran.code, "No function pod is running: there is no pod ready" in ran.err) == (1, True)


async def test_names_are_completed_from_the_cluster(bench: "Bench") -> None:
    bench.write_source()
    await bench.run(*DEPLOY)
    words = {"COMP_WORDS": "kubeless function call bi", "COMP_CWORD": "3"}
    ran = await bench.run(_KUBELESS_COMPLETE="bash_complete", **words)
    assert (ran.out, ran.err) == ("plain,bill\n", "")


async def exists(bench: "Bench") -> bool:
    try:
        await bench.function("bill")
    except NotFound:
        return False
    return True
