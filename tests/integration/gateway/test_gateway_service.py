"""The whole service: from objects in the Kubernetes API to answers, start to stop."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kubeless.api.resource import FUNCTIONS, HTTP_TRIGGERS
from kubeless.core.settings import SettingError
from kubeless.kube.resources import ENDPOINT_SLICES
from support.gatewayworld import NAMESPACE, World, until, world


@pytest.fixture
async def cluster() -> AsyncIterator[World]:
    async with world() as made:
        yield made


async def test_triggers_functions_and_endpoints_make_a_route(cluster: World) -> None:
    await cluster.function("echo", "hi")
    await cluster.trigger("web", path="a")
    await cluster.start()
    answer = await cluster.get("/a")
    assert (answer.status, answer.body) == (200, "hi")
    text = await cluster.metrics()
    wanted = 'code="200",function="default/echo",method="GET",outcome="answered",route="default/web"} 1.0'
    assert f"kubeless_gateway_requests_total{{{wanted}" in text
    assert "kubeless_transport_requests_total 1.0" in text
    async with cluster.session.get(f"http://127.0.0.1:{cluster.gateway.admin_port}/readyz") as response:
        assert response.status == 200


async def test_a_change_of_a_trigger_takes_effect_within_100_milliseconds(cluster: World) -> None:
    await cluster.trigger("web", path="a")
    await cluster.start()
    assert (await cluster.get("/a")).status == 503
    loop = asyncio.get_running_loop()
    await cluster.client.patch(HTTP_TRIGGERS, "web", {"spec": {"path": "b"}}, namespace=NAMESPACE)
    begun = loop.time()
    await cluster.wait_status("/b", 503)
    assert loop.time() - begun < 0.1
    assert (await cluster.get("/a")).status == 404


async def test_what_was_counted_for_a_trigger_goes_with_it(cluster: World) -> None:
    await cluster.trigger("web", path="a")
    await cluster.start()
    assert (await cluster.get("/a")).status == 503
    assert "default/web" in await cluster.metrics()
    await cluster.client.delete(HTTP_TRIGGERS, "web", namespace=NAMESPACE)
    await cluster.wait_status("/a", 404)
    assert "default/web" not in await cluster.metrics()


@pytest.mark.parametrize(("name", "value"), [("ROUTING_MODE", "magic"), ("GATEWAY_TLS_DEFAULT_SECRET", "no-namespace")])
async def test_a_setting_that_cannot_work_is_refused_at_start(cluster: World, name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name):
        await cluster.start(**{name: value})


async def test_a_weight_decides_the_share_of_a_function(cluster: World) -> None:
    labels = {"app": "shop"}
    await cluster.function("none", labels=labels, annotations={"kubeless.io/weight": "0"})
    await cluster.function("all", labels={**labels, "kubeless.io/weight": "5"})
    await cluster.trigger("web", path="a", functionSelector={"matchLabels": labels})
    await cluster.start()
    assert {(await cluster.get("/a")).body for _ in range(20)} == {"all"}


async def test_the_condition_says_whether_requests_reach_a_function(cluster: World) -> None:
    await cluster.trigger("web", path="a")
    await cluster.start()
    missing = await cluster.wait_condition("web", "Ready", "False", "NoFunction")
    assert "default/echo" in missing["message"]
    await cluster.function("echo")
    await cluster.wait_condition("web", "Ready", "True", "Serving")
    await cluster.client.delete(ENDPOINT_SLICES, "echo-1", namespace=NAMESPACE)
    await cluster.wait_condition("web", "Ready", "False", "NoEndpoints")
    await cluster.client.patch(HTTP_TRIGGERS, "web", {"spec": {"suspend": True}}, namespace=NAMESPACE)
    await cluster.wait_condition("web", "Suspended", "True", "Suspended")
    await cluster.client.delete(FUNCTIONS, "echo", namespace=NAMESPACE)


async def test_the_younger_of_two_rivals_is_told_who_won_until_the_winner_goes(cluster: World) -> None:
    await cluster.function("echo")
    await cluster.trigger("a-first", path="x", host_name="shop.example.com")
    # Times of the API have whole seconds; of the same second the name decides.
    await cluster.trigger("b-second", path="/x/", host_name="SHOP.example.com")
    await cluster.start()
    lost = await cluster.wait_condition("b-second", "RouteConflict", "True", "OlderTrigger")
    assert "default/a-first" in lost["message"]
    assert (await cluster.condition("b-second", "Ready"))["reason"] == "RouteConflict"
    await cluster.wait_condition("a-first", "RouteConflict", "False", "NoConflict")
    await cluster.client.delete(HTTP_TRIGGERS, "a-first", namespace=NAMESPACE)
    await cluster.wait_condition("b-second", "Ready", "True", "Serving")


async def test_a_status_that_says_all_already_is_not_written_again(cluster: World) -> None:
    await cluster.function("echo")
    await cluster.trigger("web", path="a")
    await cluster.start(GATEWAY_STATUS_INTERVAL="0.05")
    await cluster.wait_condition("web", "Ready", "True", "Serving")
    version = (await cluster.client.get(HTTP_TRIGGERS, "web", namespace=NAMESPACE))["metadata"]["resourceVersion"]
    await cluster.trigger("other", path="b")  # written later than "web" would be, were it written again
    await cluster.wait_condition("other", "Ready", "True", "Serving")
    now = (await cluster.client.get(HTTP_TRIGGERS, "web", namespace=NAMESPACE))["metadata"]["resourceVersion"]
    assert now == version


async def test_a_trigger_that_cannot_be_served_says_why(cluster: World) -> None:
    await cluster.trigger("web", path="a/../b")
    await cluster.start()
    invalid = await cluster.wait_condition("web", "Ready", "False", "InvalidSpec")
    assert "spec.path" in invalid["message"]


async def test_the_limit_of_a_route_holds_and_says_when_to_come_back(cluster: World) -> None:
    async def stuck(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.release()
        await release.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    arrived, release = asyncio.Semaphore(0), asyncio.Event()
    await cluster.function("echo")
    server = await asyncio.start_server(stuck, "127.0.0.1", 0)
    async with server:
        ports = [{"name": "http-function-port", "port": server.sockets[0].getsockname()[1], "protocol": "TCP"}]
        await cluster.client.patch(ENDPOINT_SLICES, "echo-1", {"ports": ports}, namespace=NAMESPACE)
        await cluster.trigger("web", path="a")
        limits = {"MAX_IN_FLIGHT_PER_ROUTE": "1", "MAX_QUEUED_PER_ROUTE": "1", "QUEUE_TIMEOUT": "30"}
        await cluster.start(**{f"GATEWAY_{name}": value for name, value in limits.items()})
        async with asyncio.TaskGroup() as group:
            served = [group.create_task(cluster.get("/a")), group.create_task(cluster.get("/a"))]
            await arrived.acquire()

            async def queued() -> bool:
                return "kubeless_gateway_requests_queued 1.0" in await cluster.metrics()

            await until(queued)
            refused = await cluster.get("/a")
            release.set()
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        assert [task.result().status for task in served] == [200, 200]
