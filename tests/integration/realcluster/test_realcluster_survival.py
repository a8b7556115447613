"""What runs goes on without the API server, and what was changed is heard of when it is back. Runs last."""

import asyncio

import pytest

from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS, HTTP_TRIGGERS
from support.clusterworld import World
from support.kafkaworld import until


@pytest.mark.parametrize("crash", [False, True], ids=["restart", "crash"])
async def test_the_platform_outlives_its_api_server(world: World, crash: bool) -> None:
    name = "crash" if crash else "restart"
    await world.function(name)
    await world.make(HTTP_TRIGGERS, name, {"function-name": name, "host-name": f"{name}.test"})
    await world.until_condition(HTTP_TRIGGERS, name, "Ready", "True")
    cluster = world.platform.cluster
    await asyncio.to_thread(cluster.kill_api_server if crash else cluster.stop_api_server)
    assert (await world.get(f"{name}.test"))[0] == 200
    await asyncio.to_thread(cluster.start_api_server)
    await world.function(f"{name}-later")
    await world.change(HTTP_TRIGGERS, name, {"spec": {"host-name": f"{name}-later.test"}})

    async def moved() -> bool:
        return (await world.get(f"{name}-later.test"))[0] == 200

    await until(moved)
    before = len(world.ledger.done)
    spec = {"schedule": "* * * * * *", "function-name": f"{name}-later"}
    await world.make(CRONJOB_TRIGGERS, name, spec)
    await world.ledger.until_done(before + 1, deadline=40)
    await world.delete(FUNCTIONS, name)
    await world.until_gone(HTTP_TRIGGERS, name)
    assert all(service.runs for service in world.platform.services.values())
