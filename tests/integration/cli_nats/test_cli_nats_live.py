"""`kubeless trigger nats` against a service that works: what is typed is what happens to messages."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kubeless.api.resource import FUNCTIONS
from kubeless.core.settings import load
from kubeless.kube.resources import ENDPOINT_SLICES
from kubeless.nats_subscriber.service import serve
from kubeless.nats_subscriber.settings import Settings
from support.kafkaworld import Ledger, endpoint_slice, until
from support.natsworld import QUICK, connected, make_stream
from support.realnats import RealNats, has_nats

if TYPE_CHECKING:
    from integration.cli.conftest import Bench

pytestmark = pytest.mark.skipif(not has_nats(), reason="there is no nats-server")


async def add_function(bench: "Bench", port: int) -> None:
    metadata = {"name": "bill", "namespace": "team", "labels": {"function": "bill"}}
    spec = {"handler": "a.b", "runtime": "python3.11", "function": "x", "timeout": "5"}
    body = {"apiVersion": FUNCTIONS.api_version, "kind": "Function", "metadata": metadata, "spec": spec}
    await bench.client.create(FUNCTIONS, body)
    slice_ = endpoint_slice("bill", port)
    await bench.client.create(ENDPOINT_SLICES, slice_ | {"metadata": slice_["metadata"] | {"namespace": "team"}})


async def status(bench: "Bench") -> dict[str, str]:
    """The rows of `status`."""
    ran = await bench.run("trigger", "nats", "status", "orders")
    rows = [[cell.strip() for cell in line.split("\t")] for line in ran.out.splitlines()]
    return {row[0]: row[1] for row in rows if len(row) == 2}


async def until_ready_says(bench: "Bench", start: str) -> dict[str, str]:
    found: dict[str, str] = {}

    async def says() -> bool:
        found.update(await status(bench))
        return found.get("Ready:", "").startswith(start)

    await until(says)
    return found


async def test_a_trigger_is_made_suspended_looked_at_and_resumed(bench: "Bench", tmp_path: Path) -> None:
    settings = QUICK | {"KUBELESS_NAMESPACE": "team"}
    with RealNats(tmp_path / "nats") as server:
        async with (
            Ledger().serving() as ledger,
            connected(server.url) as client,
            serve(load(Settings, settings | {"NATS_URL": server.url}), bench.client),
        ):
            await make_stream(client, "ORDERS", "orders.>")
            await add_function(bench, ledger.port)
            create = ("trigger", "nats", "create", "orders", "--trigger-topic", "orders.*", "--stream", "ORDERS")
            rules = ("--function-selector", "function=bill", "--order", "key", "--key-token", "2")
            assert (await bench.run(*create, *rules)).code == 0
            rows = await until_ready_says(bench, "True")
            assert rows["Functions:"] == "bill"
            await client.publish("orders.a", b"first")
            await ledger.until_done(1)

            assert (await bench.run("trigger", "nats", "suspend", "orders")).code == 0
            await until_ready_says(bench, "False Suspended")
            await client.publish("orders.b", b"second")
            await client.flush()
            assert ledger.bodies == [b"first"]

            assert (await bench.run("trigger", "nats", "resume", "orders")).code == 0
            await ledger.until_done(2)
            await until_ready_says(bench, "True")
            assert (await bench.run("trigger", "nats", "delete", "orders")).code == 0
    assert ledger.bodies == [b"first", b"second"]
