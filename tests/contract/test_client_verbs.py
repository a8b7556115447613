"""The client's verbs mean on every API server what they promise."""

from contextlib import aclosing

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import AlreadyExists, Conflict, Invalid, NotFound
from kubeless.kube.request import PatchType
from kubeless.kube.resources import CONFIG_MAPS, NAMESPACES


def make_map(name: str, **data: str) -> JsonObject:
    return {"metadata": {"name": name, "labels": {"suite": "client"}}, "data": data}


async def test_what_was_created_can_be_read_and_lists_give_whole_objects(client: KubeClient) -> None:
    created = await client.create(CONFIG_MAPS, make_map("a", x="1"))
    assert await client.get(CONFIG_MAPS, "a") == created
    listed = await client.list(CONFIG_MAPS, namespace=client.namespace, label_selector="suite=client")
    assert listed.items == [created]
    assert (await client.list(CONFIG_MAPS, label_selector="suite in (nothing)")).items == []


async def test_a_list_longer_than_a_page_is_complete(client: KubeClient) -> None:
    names = [f"map-{number}" for number in range(7)]
    for name in names:
        await client.create(CONFIG_MAPS, make_map(name))
    page = await client.list_page(CONFIG_MAPS, namespace=client.namespace, label_selector="suite=client", limit=3)
    found = [item["metadata"]["name"] for item in page.items]
    while page.next:
        page = await client.list_page(
            CONFIG_MAPS, namespace=client.namespace, label_selector="suite=client", limit=3, token=page.next
        )
        assert len(page.items) <= 3
        found += [item["metadata"]["name"] for item in page.items]
    assert found == names


async def test_errors_are_told_apart(client: KubeClient) -> None:
    created = await client.create(CONFIG_MAPS, make_map("a"))
    with pytest.raises(AlreadyExists, match=r'configmaps "a" already exists'):
        await client.create(CONFIG_MAPS, make_map("a"))
    with pytest.raises(NotFound, match=r'configmaps "b" not found'):
        await client.get(CONFIG_MAPS, "b")
    with pytest.raises(Invalid):
        await client.create(CONFIG_MAPS, make_map("Not A Name"))
    await client.replace(CONFIG_MAPS, {**created, "data": {"x": "2"}})
    with pytest.raises(Conflict):
        await client.replace(CONFIG_MAPS, {**created, "data": {"x": "3"}})
    with pytest.raises(Conflict):
        await client.delete(CONFIG_MAPS, "a", uid="00000000-0000-0000-0000-000000000000")
    await client.delete(CONFIG_MAPS, "a", uid=created["metadata"]["uid"])
    with pytest.raises(NotFound):
        await client.get(CONFIG_MAPS, "a")


async def test_the_kinds_of_patches_do_what_they_are_called(client: KubeClient) -> None:
    await client.create(CONFIG_MAPS, make_map("a", x="1", y="2"))
    merged = await client.patch(CONFIG_MAPS, "a", {"data": {"x": None, "z": "3"}})
    assert merged["data"] == {"y": "2", "z": "3"}
    patched = await client.patch(
        CONFIG_MAPS, "a", [{"op": "replace", "path": "/data/y", "value": "4"}], patch_type=PatchType.JSON
    )
    assert patched["data"] == {"y": "4", "z": "3"}
    strategic = await client.patch(CONFIG_MAPS, "a", {"data": {"y": None}}, patch_type=PatchType.STRATEGIC)
    assert strategic["data"] == {"z": "3"}


async def test_apply_creates_and_respects_other_owners(client: KubeClient) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": "1"}}
    assert (await client.apply(CONFIG_MAPS, body, field_manager="one"))["data"] == {"x": "1"}
    theirs = {**body, "data": {"x": "2"}}
    with pytest.raises(Conflict):
        await client.apply(CONFIG_MAPS, theirs, field_manager="two")
    assert (await client.apply(CONFIG_MAPS, theirs, field_manager="two", force=True))["data"] == {"x": "2"}


async def test_a_dry_run_stores_nothing(client: KubeClient) -> None:
    assert (await client.create(CONFIG_MAPS, make_map("a"), dry_run=True))["metadata"]["name"] == "a"
    with pytest.raises(NotFound):
        await client.get(CONFIG_MAPS, "a")


async def test_strict_validation_names_the_unknown_field(client: KubeClient) -> None:
    with pytest.raises(Invalid, match="dataa"):
        await client.create(CONFIG_MAPS, {**make_map("a"), "dataa": {}}, field_validation="Strict")


async def test_a_kind_without_namespaces_ignores_the_one_of_the_context(client: KubeClient) -> None:
    assert (await client.get(NAMESPACES, client.namespace))["metadata"]["name"] == client.namespace


async def test_a_watch_goes_on_where_a_list_ended_and_says_goodbye(client: KubeClient) -> None:
    await client.create(CONFIG_MAPS, make_map("a"))
    listed = await client.list(CONFIG_MAPS, namespace=client.namespace)
    await client.create(CONFIG_MAPS, make_map("b"))
    await client.delete(CONFIG_MAPS, "a")
    events = client.watch(
        CONFIG_MAPS,
        namespace=client.namespace,
        label_selector="suite=client",
        resource_version=listed.resource_version,
        timeout=1,
    )
    async with aclosing(events):
        seen = [(event.type, event.object["metadata"].get("name")) async for event in events]
    assert [event for event in seen if event[0] != "BOOKMARK"] == [("ADDED", "b"), ("DELETED", "a")]
