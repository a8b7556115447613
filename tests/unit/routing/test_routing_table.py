import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from kubeless.api.resource import FUNCTIONS, Resource
from kubeless.api.selector import LabelSelector, parse_selector_string
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import Page
from kubeless.kube.resources import ENDPOINT_SLICES
from kubeless.kube.watch import WatchEvent
from kubeless.routing.endpoints import Endpoint
from kubeless.routing.table import RoutingMode, RoutingTable


@dataclass
class Cluster:
    """Collections in memory: what is in them at the start, and the events that are sent later."""

    objects: dict[Resource, list[JsonObject]] = field(default_factory=dict)
    events: dict[Resource, asyncio.Queue[WatchEvent]] = field(default_factory=lambda: defaultdict(asyncio.Queue))

    async def list_page(self, resource: Resource, **_options: Any) -> Page:
        return Page(self.objects.get(resource, []), "1", "", 1)

    async def watch(self, resource: Resource, **_options: Any) -> AsyncGenerator[WatchEvent, None]:
        while True:
            yield await self.events[resource].get()
            self.events[resource].task_done()

    async def send(self, resource: Resource, event_type: str, obj: JsonObject) -> None:
        """Returns once the event has been taken in."""
        self.events[resource].put_nowait(WatchEvent(event_type, obj))
        await self.events[resource].join()


def make_function(name: str, namespace: str = "default", **labels: str) -> JsonObject:
    return {"metadata": {"namespace": namespace, "name": name, "labels": labels, "resourceVersion": "2"}}


def make_slice(name: str, service: str, *addresses: str) -> JsonObject:
    return {
        "metadata": {
            "namespace": "default",
            "name": name,
            "labels": {"kubernetes.io/service-name": service},
            "resourceVersion": "2",
        },
        "addressType": "IPv4",
        "ports": [{"port": 8080}],
        "endpoints": [{"addresses": [address]} for address in addresses],
    }


@asynccontextmanager
async def run_table(cluster: Cluster, mode: RoutingMode = RoutingMode.ENDPOINTS) -> AsyncIterator[RoutingTable]:
    table = RoutingTable(cluster, mode=mode)
    async with asyncio.timeout(2), table.running():
        await table.wait_synced()
        yield table


SHOP = [
    make_function("bill", app="shop", tier="back", team="a"),
    make_function("cart", app="shop", tier="front"),
    make_function("mail", app="post", tier="back"),
    make_function("bill", "other", app="shop", tier="back"),
]


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("app=shop", ["bill", "cart"]),
        ("tier=back,app=shop", ["bill"]),
        ("app=nothing", []),
        ("app=shop,app=post", []),
        ("app in (shop, post)", ["bill", "cart", "mail"]),
        ("app in (shop, post),tier=front", ["cart"]),
        ("app=shop,tier!=front", ["bill"]),
        ("team", ["bill"]),
        ("!team", ["cart", "mail"]),
        ("", ["bill", "cart", "mail"]),
    ],
)
async def test_a_selector_selects_the_functions_of_its_namespace(selector: str, names: list[str]) -> None:
    async with run_table(Cluster({FUNCTIONS: SHOP})) as table:
        chosen = table.select("default", parse_selector_string(selector))
        assert [record.name for record in chosen] == names
        assert {record.namespace for record in chosen} <= {"default"}


async def test_a_value_named_twice_selects_a_function_once() -> None:
    selector = LabelSelector.parse({"matchExpressions": [{"key": "app", "operator": "In", "values": ["post", "post"]}]})
    async with run_table(Cluster({FUNCTIONS: SHOP})) as table:
        assert len(table.select("default", selector)) == 1


async def test_a_changed_label_changes_the_selection_at_once() -> None:
    cluster = Cluster({FUNCTIONS: SHOP})
    selector = parse_selector_string("app=shop")
    async with run_table(cluster) as table:
        await cluster.send(FUNCTIONS, "MODIFIED", make_function("cart", app="post"))
        assert [record.name for record in table.select("default", selector)] == ["bill"]
        await cluster.send(FUNCTIONS, "DELETED", make_function("bill"))
        assert table.select("default", selector) == []
        assert table.function("default", "bill") is None
        assert table.function("other", "bill") is not None


async def test_endpoints_of_all_slices_are_joined_and_follow_changes() -> None:
    slices = [make_slice("hello-1", "hello", "10.0.0.1"), make_slice("hello-2", "hello", "10.0.0.2")]
    cluster = Cluster({ENDPOINT_SLICES: slices})
    one, two = Endpoint("10.0.0.1", 8080), Endpoint("10.0.0.2", 8080)
    async with run_table(cluster) as table:
        assert table.endpoints("default", "hello") == (one, two)
        await cluster.send(ENDPOINT_SLICES, "MODIFIED", make_slice("hello-1", "hello"))
        assert table.endpoints("default", "hello") == (two,)
        await cluster.send(ENDPOINT_SLICES, "DELETED", slices[1])
        assert table.endpoints("default", "hello") == ()


async def test_a_slice_that_moves_to_another_service_leaves_the_first() -> None:
    cluster = Cluster({ENDPOINT_SLICES: [make_slice("x", "hello", "10.0.0.1")]})
    async with run_table(cluster) as table:
        await cluster.send(ENDPOINT_SLICES, "MODIFIED", make_slice("x", "bye", "10.0.0.1"))
        assert table.endpoints("default", "hello") == ()
        assert table.endpoints("default", "bye") == (Endpoint("10.0.0.1", 8080),)


async def test_listeners_hear_of_functions_and_of_real_changes_of_their_addresses() -> None:
    cluster = Cluster({FUNCTIONS: [make_function("hello")]})
    heard: list[ObjectKey] = []
    async with run_table(cluster) as table:
        table.subscribe(heard.append)
        assert heard == [ObjectKey("default", "hello")]
        await cluster.send(ENDPOINT_SLICES, "ADDED", make_slice("x", "hello", "10.0.0.1"))
        assert len(heard) == 2
        # Twice the same address: nobody needs to know.
        await cluster.send(ENDPOINT_SLICES, "ADDED", make_slice("y", "hello", "10.0.0.1"))
        assert len(heard) == 2


async def test_in_service_mode_a_known_function_is_addressed_by_name_and_slices_are_not_watched() -> None:
    cluster = Cluster({FUNCTIONS: [make_function("hello")]})
    async with run_table(cluster, RoutingMode.SERVICE) as table:
        assert table.endpoints("default", "hello") == (Endpoint("hello.default.svc.cluster.local", 8080),)
        assert table.endpoints("default", "nobody") == ()
        assert ENDPOINT_SLICES not in cluster.events
