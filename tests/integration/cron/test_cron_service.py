"""The scheduler against an API server and a function's real endpoint, on the real clock."""

import asyncio
import json
import time
from datetime import datetime

import aiohttp
import pytest
from aiohttp import web

from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS
from kubeless.core.jsontypes import JsonObject
from kubeless.cron_scheduler.journal import NAME, read_page
from kubeless.kube.errors import NotFound
from kubeless.kube.resources import CONFIG_MAPS, CRON_JOBS, EVENTS
from support.cronworld import CronWorld, condition, seconds_of
from support.kafkaworld import NAMESPACE, Call, until


async def metrics(port: int) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/metrics") as response:
        return await response.text()


async def fire(port: int, name: str = "nightly", **headers: str) -> tuple[int, JsonObject]:
    url = f"http://127.0.0.1:{port}/triggers/{NAMESPACE}/{name}/fire"
    async with aiohttp.ClientSession() as http, http.post(url, headers=headers) as response:
        return response.status, await response.json()


async def test_a_function_is_called_each_second_once_and_on_time(world: CronWorld) -> None:
    ledger = await world.function()
    async with world.service() as running:
        await world.trigger()
        await ledger.until_done(3)
        text = await metrics(running.admin_port)
    times = seconds_of(ledger)
    assert times == list(range(times[0], times[0] + len(times)))
    call = ledger.done[0]
    assert (call.body, call.headers["event-namespace"]) == (b"", "cronjobtrigger.kubeless.io")
    assert call.headers["event-type"] == call.headers["content-type"] == "application/json"
    moment = datetime.fromtimestamp(times[0]).astimezone()
    assert datetime.fromisoformat(call.headers["event-time"]) == moment
    assert call.headers["event-id"].startswith("nightly/")
    assert call.headers["event-id"].endswith("Z")
    assert "kubeless_cron_fired_total 3.0" in text or "kubeless_cron_fired_total 4.0" in text


async def test_a_payload_is_posted(world: CronWorld) -> None:
    ledger = await world.function()
    async with world.service():
        await world.trigger(payload={"a": [1, None]})
        await ledger.until_done(1)
    assert json.loads(ledger.done[0].body) == {"a": [1, None]}


async def test_the_status_tells_times_and_conditions(world: CronWorld) -> None:
    ledger = await world.function()
    async with world.service():
        await world.trigger()
        await ledger.until_done(1)
        status = await world.until_status(lambda each: each.get("lastSuccessfulTime"))
        assert condition(status, "Ready")[:2] == ("True", "Scheduled")
        assert status["nextScheduleTime"] > status["lastScheduleTime"]
        await world.change(suspend=True)
        status = await world.until_condition("Ready", "False", "Suspended")
        count = len(ledger.calls)
        assert "nextScheduleTime" not in status
        await world.change(schedule="61 * * * *", suspend=False)
        status = await world.until_condition("Ready", "False", "InvalidSchedule")
        assert "minute: is out of range, got '61'; use 0-59" in condition(status, "Ready")[2]
        await world.change(schedule="* * * * *", timeZone="Europe/Berln")
        status = await world.until_status(lambda each: "did you mean Europe/Berlin" in condition(each, "Ready")[2])
        assert len(ledger.calls) == count


async def test_each_selected_function_is_called(world: CronWorld) -> None:
    one = await world.function("one", labels={"team": "a"})
    two = await world.function("two", labels={"team": "a"})
    other = await world.function("other", labels={"team": "b"})
    async with world.service():
        await world.trigger(functionSelector={"matchLabels": {"team": "a"}})
        await one.until_done(1)
        await two.until_done(1)
    assert not other.calls


async def test_a_failed_call_is_an_event_on_the_trigger(world: CronWorld) -> None:
    ledger = await world.function()

    async def fail(_: Call) -> web.StreamResponse:
        return web.Response(status=500, text="no such table")

    ledger.answer = fail
    async with world.service() as running:
        await world.trigger()
        await world.until_condition("Succeeding", "False", "CallFailed")

        async def told() -> bool:
            return bool((await world.client.list(EVENTS, namespace=NAMESPACE)).items)

        await until(told)
        text = await metrics(running.admin_port)
    event = (await world.client.list(EVENTS, namespace=NAMESPACE)).items[0]
    assert event["involvedObject"]["name"] == "nightly"
    assert "no such table" in event["message"]
    assert "after 2 attempts" in event["message"]
    assert 'kubeless_events_dead_lettered_total{function="greet",kind="CronJobTrigger"' in text


async def test_a_trigger_without_a_function_waits_for_it(world: CronWorld) -> None:
    async with world.service():
        await world.trigger()
        await world.until_condition("Ready", "False", "FunctionNotFound")
        ledger = await world.function()
        await world.until_condition("Ready", "True", "Scheduled")
        await ledger.until_done(1)


async def test_a_restart_neither_repeats_nor_misses(world: CronWorld) -> None:
    ledger = await world.function()
    await world.trigger()
    for _ in range(3):
        async with world.service():
            count = len(ledger.done)
            await ledger.until_done(count + 2)
    times = seconds_of(ledger)
    assert times == list(range(times[0], times[0] + len(times)))


async def test_a_stop_leaves_a_journal_without_a_holder(world: CronWorld) -> None:
    ledger = await world.function()
    await world.trigger()
    async with world.service():
        await ledger.until_done(1)
    page = read_page(await world.client.get(CONFIG_MAPS, NAME, namespace=NAMESPACE))
    assert (page.holder, page.open) == ("", ())
    assert page.done >= seconds_of(ledger)[-1]


async def test_a_call_that_does_not_end_is_repeated_by_the_next_scheduler_with_its_id(world: CronWorld) -> None:
    ledger = await world.function()
    stuck = asyncio.Event()

    async def hang(_: Call) -> web.StreamResponse:
        await stuck.wait()
        return web.Response()

    ledger.answer = hang
    await world.trigger(schedule="* * * * * *", concurrencyPolicy="Forbid")
    async with world.service(CRON_DRAIN_TIMEOUT="0.2"):
        await until(lambda: bool(ledger.calls))
    first = ledger.calls[0].headers["event-id"]
    stuck.set()
    async with world.service():
        await until(lambda: first in ledger.ids)
    assert ledger.ids[first] >= 1


async def test_a_call_on_demand_tells_the_outcome(world: CronWorld) -> None:
    ledger = await world.function()
    async with world.service() as running:
        await world.trigger(schedule="0 0 1 1 *", suspend=True, payload={"n": 1})
        await world.until_condition("Ready", "False", "Suspended")
        status, told = await fire(running.admin_port)
        assert status == 200
        assert (told["calls"][0]["outcome"], told["calls"][0]["status"]) == ("delivered", 200)
        assert ledger.done[0].headers["event-id"].endswith("/on-demand")
        assert (await fire(running.admin_port, "other"))[0] == 404
        assert (await fire(running.admin_port, Origin="http://evil"))[0] == 403
        await world.client.delete(FUNCTIONS, "greet", namespace=NAMESPACE)
        await world.until_status(lambda each: True)
        await until(lambda: _refused(running.admin_port))


async def _refused(port: int) -> bool:
    return (await fire(port))[0] == 409


async def test_an_old_finalizer_does_not_hold_a_trigger(world: CronWorld) -> None:
    await world.trigger(schedule="@daily")
    body = {"metadata": {"finalizers": ["kubeless.io/cronjobtrigger"]}}
    await world.client.patch(CRONJOB_TRIGGERS, "nightly", body, namespace=NAMESPACE)
    async with world.service():
        await world.client.delete(CRONJOB_TRIGGERS, "nightly", namespace=NAMESPACE)

        async def gone() -> bool:
            try:
                await world.client.get(CRONJOB_TRIGGERS, "nightly", namespace=NAMESPACE)
            except NotFound:
                return True
            return False

        await until(gone)


@pytest.mark.parametrize(
    ("name", "owner", "stays"),
    [
        ("trigger-greet", "kubeless.io/v1beta1", False),
        ("trigger-greet", "apps/v1", True),
        ("mine", "kubeless.io/v1beta1", True),
    ],
)
async def test_cron_jobs_of_the_go_controller_are_removed(world: CronWorld, name: str, owner: str, stays: bool) -> None:
    container = {"name": "trigger", "image": "unzip"}
    pod = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    owners = [{"apiVersion": owner, "kind": "Trigger", "name": "x", "uid": "u"}]
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {"created-by": "kubeless"}, "ownerReferences": owners}
    job = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": pod}}}
    await world.client.create(
        CRON_JOBS, {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": job}
    )
    async with world.service() as running:
        await until(lambda: running.scheduler.leading)
        left = {each["metadata"]["name"] for each in (await world.client.list(CRON_JOBS, namespace=NAMESPACE)).items}
    assert left == ({name} if stays else set())


async def test_lateness_is_small(world: CronWorld) -> None:
    ledger = await world.function()
    late: list[float] = []

    async def note(_: Call) -> web.StreamResponse:
        late.append(time.time() % 1)
        return web.Response()

    ledger.answer = note
    async with world.service():
        await world.trigger()
        await ledger.until_done(3)
    assert sorted(late)[1] < 0.3
