"""Lists and watches: selectors, pages, resuming, bookmarks."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from contract.conftest import Api
    from kubeless.core.jsontypes import JsonObject


def config_map(name: str, **labels: str) -> JsonObject:
    return {"metadata": {"name": name, "labels": {"suite": "lists", **labels}}}


async def make(api: Api, *names: str, **labels: str) -> None:
    for name in names:
        await api.made(api.core("configmaps"), config_map(name, **labels))


@pytest.fixture
async def path(api: Api) -> str:
    return api.core("configmaps")


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("tier=front", ["a", "b"]),
        ("tier!=front,suite=lists", ["c", "d"]),
        ("tier in (front,back),suite", ["a", "b", "c"]),
        ("tier notin (front),suite=lists", ["c", "d"]),
        ("!tier,suite=lists", ["d"]),
    ],
)
async def test_labels_select(api: Api, path: str, selector: str, names: list[str]) -> None:
    await make(api, "a", "b", tier="front")
    await make(api, "c", tier="back")
    await make(api, "d")
    assert (await api.get(path, labelSelector=selector)).names == names


async def test_fields_select(api: Api, path: str) -> None:
    await make(api, "a", "b")
    assert (await api.get(path, fieldSelector="metadata.name=b")).names == ["b"]
    both = await api.get("/api/v1/configmaps", fieldSelector=f"metadata.namespace={api.namespace},metadata.name!=a")
    assert "b" in both.names
    assert "a" not in both.names


@pytest.mark.parametrize("query", [{"fieldSelector": "spec.nothing=1"}, {"labelSelector": "a in b"}, {"limit": "x"}])
async def test_queries_that_make_no_sense_are_bad_requests(api: Api, path: str, query: dict[str, str]) -> None:
    assert (await api.get(path, **query)).status == 400


async def test_pages_show_the_list_as_it_was_at_the_first(api: Api, path: str) -> None:
    await make(api, "a", "b", "c", "d", "e")
    first = await api.get(path, limit=2, labelSelector="suite")
    assert first.names == ["a", "b"]
    await api.delete(f"{path}/c")
    await make(api, "dd")
    await api.merge(f"{path}/d", {"data": {"new": "1"}})
    second = await api.get(path, limit=2, labelSelector="suite", **{"continue": first.object["metadata"]["continue"]})
    assert second.names == ["c", "d"]
    assert "data" not in second.object["items"][1]
    assert second.version == first.version
    third = await api.get(path, limit=2, labelSelector="suite", **{"continue": second.object["metadata"]["continue"]})
    assert third.names == ["e"]
    assert not third.object["metadata"].get("continue")


async def test_a_page_tells_how_many_objects_remain(api: Api, path: str) -> None:
    await make(api, "a", "b", "c")
    page = await api.get(path, limit=1)
    total = len((await api.get(path)).names)
    assert page.object["metadata"]["remainingItemCount"] == total - 1


async def test_a_made_up_continue_token_is_refused(api: Api, path: str) -> None:
    assert (await api.get(path, **{"continue": "bm9uc2Vuc2U"})).status == 400


async def test_a_watch_goes_on_where_the_list_ended(api: Api, path: str) -> None:
    await make(api, "a")
    version = (await api.get(path)).version
    await api.merge(f"{path}/a", {"data": {"x": "1"}})
    await make(api, "b")
    await api.delete(f"{path}/a")
    events = [event async for event in api.watch(path, resourceVersion=version, timeoutSeconds=1)]
    assert [(event["type"], event["object"]["metadata"]["name"]) for event in events] == [
        ("MODIFIED", "a"),
        ("ADDED", "b"),
        ("DELETED", "a"),
    ]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions == sorted(set(versions))


async def test_a_watch_from_nowhere_begins_with_what_exists(api: Api, path: str) -> None:
    await make(api, "a", "b")
    events = [event async for event in api.watch(path, labelSelector="suite", timeoutSeconds=1)]
    assert [(event["type"], event["object"]["metadata"]["name"]) for event in events] == [
        ("ADDED", "a"),
        ("ADDED", "b"),
    ]


async def test_changes_arrive_while_the_watch_runs(api: Api, path: str) -> None:
    version = (await api.get(path)).version
    async with aclosing(api.watch(path, resourceVersion=version, labelSelector="suite")) as events:
        waiting = asyncio.ensure_future(anext(events))
        for name in ("first", "second"):
            await make(api, name)
            assert (await waiting)["object"]["metadata"]["name"] == name
            waiting = asyncio.ensure_future(anext(events))
        waiting.cancel()


async def test_an_object_that_no_longer_matches_is_deleted_for_the_watch(api: Api, path: str) -> None:
    await make(api, "a", tier="x")
    version = (await api.get(path)).version
    await api.merge(f"{path}/a", {"metadata": {"labels": {"tier": "y"}}})
    await api.merge(f"{path}/a", {"metadata": {"labels": {"tier": "x"}}})
    events = [
        event async for event in api.watch(path, resourceVersion=version, labelSelector="tier=x", timeoutSeconds=1)
    ]
    assert [event["type"] for event in events] == ["DELETED", "ADDED"]
    assert events[0]["object"]["metadata"]["labels"]["tier"] == "x"
    assert int(events[0]["object"]["metadata"]["resourceVersion"]) > int(version)


async def test_a_watch_of_one_object_sees_that_one(api: Api, path: str) -> None:
    version = (await api.get(path)).version
    await make(api, "a", "b")
    events = [
        event
        async for event in api.watch(path, resourceVersion=version, fieldSelector="metadata.name=b", timeoutSeconds=1)
    ]
    assert [event["object"]["metadata"]["name"] for event in events] == ["b"]


async def test_a_streamed_list_ends_with_a_bookmark(api: Api, path: str) -> None:
    await make(api, "a")
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    async with aclosing(api.watch(path, labelSelector="suite", **query)) as stream:
        assert (await anext(stream))["type"] == "ADDED"
        bookmark = await anext(stream)
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(bookmark["object"]["metadata"]["resourceVersion"]) > 0


async def test_tables_show_columns_and_metadata(api: Api, path: str) -> None:
    await make(api, "a")
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    answer = await api.call("GET", path, accept=accept, query={"labelSelector": "suite"})
    assert answer.object["kind"] == "Table"
    assert [column["name"] for column in answer.object["columnDefinitions"]] == ["Name", "Data", "Age"]
    row = answer.object["rows"][0]
    assert row["cells"][:2] == ["a", 0]
    assert row["object"]["kind"] == "PartialObjectMetadata"


async def test_metadata_alone_can_be_had(api: Api, path: str) -> None:
    await make(api, "a")
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    answer = await api.call("GET", path, accept=accept, query={"labelSelector": "suite"})
    assert answer.object["kind"] == "PartialObjectMetadataList"
    assert set(answer.object["items"][0]) <= {"kind", "apiVersion", "metadata"}
    one = await api.call("GET", f"{path}/a", accept="application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")
    assert one.object["kind"] == "PartialObjectMetadata"
