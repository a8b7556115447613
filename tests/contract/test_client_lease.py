"""Replicas that compete for a Lease of an API server."""

import asyncio
from contextlib import suppress

from kubeless.kube.client import KubeClient
from kubeless.kube.lease import Leadership
from kubeless.kube.resources import LEASES
from kubeless.local.apiserver.server import ApiServer

DEADLINE = 10.0
DURATION = 2.0


def compete(client: KubeClient, identity: str) -> Leadership:
    return Leadership(
        client,
        namespace=client.namespace,
        name="cron",
        identity=identity,
        duration=DURATION,
        renew_deadline=DURATION * 0.75,
        retry_period=0.1,
    )


async def holder(client: KubeClient) -> str:
    lease = await client.get(LEASES, "cron")
    return str(lease["spec"]["holderIdentity"])


async def test_only_one_leads_and_the_next_takes_over_at_once_when_it_leaves(client: KubeClient) -> None:
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(DEADLINE), compete(client, "first") as first:
        await first.acquired()
        async with compete(client, "second") as second:
            # Longer than a lease that nobody renews would last.
            with suppress(TimeoutError):
                async with asyncio.timeout(DURATION + 0.5):
                    await second.acquired()
            assert first.is_leader
            assert not second.is_leader
            await first.__aexit__(None, None, None)
            left = now()
            await second.acquired()
            assert now() - left < DURATION / 2
    assert await holder(client) == ""


async def test_a_leader_that_died_is_followed_once_its_lease_has_run_out(client: KubeClient) -> None:
    spec = {"holderIdentity": "dead", "leaseDurationSeconds": 1, "renewTime": "2030-01-01T00:00:00.000000Z"}
    await client.create(LEASES, {"metadata": {"name": "cron"}, "spec": spec})
    started = asyncio.get_running_loop().time()
    async with asyncio.timeout(DEADLINE), compete(client, "me") as me:
        await me.acquired()
        assert asyncio.get_running_loop().time() - started >= 1.0
        assert await holder(client) == "me"


async def test_the_work_of_a_leader_ends_when_the_lease_is_taken_away(client: KubeClient) -> None:
    log: list[str] = []
    working = asyncio.Event()

    async def work() -> None:
        working.set()
        try:
            await asyncio.Event().wait()
        finally:
            log.append("ended")

    async with asyncio.timeout(DEADLINE), compete(client, "me") as me, asyncio.TaskGroup() as group:
        task = group.create_task(me.lead(work))
        await working.wait()
        await client.patch(LEASES, "cron", {"spec": {"holderIdentity": "other", "leaseDurationSeconds": 60}})
        await me.lost()
        while not log:  # noqa: ASYNC110 # the end of a cancelled task has no event of its own
            await asyncio.sleep(0.01)
        task.cancel()
    assert await holder(client) == "other"


async def test_a_leader_cut_off_from_the_server_steps_down_before_anybody_may_follow() -> None:
    async with asyncio.timeout(DEADLINE):
        async with ApiServer() as server, await KubeClient.anonymous(server.url) as client:
            leadership = compete(client, "me")
            async with leadership:
                await leadership.acquired()
                await server.__aexit__(None, None, None)
                started = asyncio.get_running_loop().time()
                await leadership.lost()
                assert asyncio.get_running_loop().time() - started < DURATION
