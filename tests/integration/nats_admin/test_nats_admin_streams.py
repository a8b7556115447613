"""Streams through the admin port."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from integration.nats_admin.conftest import World


async def test_a_stream_is_made_listed_filled_and_deleted(world: "World") -> None:
    answer = await world.call("POST", "streams", body={"name": "BILLS", "subjects": ["bills.>", "refunds.*"]})
    assert (answer.status, answer.first["name"]) == (201, "BILLS")
    query = {"subject": "bills.new", "mode": "jetstream"}
    await world.call("POST", "messages", query=query, body=b'{"value": "x"}\n')
    listed = await world.call("GET", "streams")
    (stream,) = listed.lines
    assert stream.pop("bytes") > 0
    assert stream == {"name": "BILLS", "subjects": ["bills.>", "refunds.*"], "messages": 1, "replicas": 1}
    assert (await world.call("DELETE", "streams/BILLS")).status == 200
    assert (await world.call("GET", "streams")).lines == []


async def test_more_streams_than_a_page_are_all_listed(world: "World") -> None:
    names = [f"S{number:03}" for number in range(300)]  # the server's page holds 256
    for name in names:
        await world.make_stream(name, f"{name}.>")
    assert sorted(line["name"] for line in (await world.call("GET", "streams")).lines) == names


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"name": "a.b", "subjects": ["x"]}, 400, "stream"),
        ({"name": "", "subjects": ["x"]}, 400, "stream"),
        ({"name": "A", "subjects": []}, 400, "subjects"),
        ({"name": "A", "subjects": "x"}, 400, "subjects"),
        ({"name": "A", "subjects": ["a b"]}, 400, "subjects"),
        ({"name": "A", "subjects": ["x"], "replicas": 0}, 400, "replicas"),
        ({"name": "A", "subjects": ["x"], "retention": "workqueue"}, 400, "retention"),
        ({"name": "BILLS", "subjects": ["other"]}, 409, "BILLS"),
        ({"name": "OTHER", "subjects": ["bills.new"]}, 409, "subjects"),
    ],
)
async def test_a_stream_that_cannot_be_is_refused_with_the_field(
    world: "World", body: dict[str, Any], status: int, word: str
) -> None:
    await world.make_stream("BILLS", "bills.>")
    answer = await world.call("POST", "streams", body=body)
    assert answer.status == status
    assert word in answer.first["message"]
    assert [line["name"] for line in (await world.call("GET", "streams")).lines] == ["BILLS"]


async def test_a_stream_that_is_not_there_cannot_be_deleted(world: "World") -> None:
    answer = await world.call("DELETE", "streams/NONE")
    assert (answer.status, answer.first["reason"]) == (404, "NoStream")
