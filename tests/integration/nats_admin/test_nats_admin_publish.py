"""Publishing through the admin port: what was promised has happened when the answer comes."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integration.nats_admin.conftest import nats_server, world_at

if TYPE_CHECKING:
    from nats.aio.msg import Msg

    from integration.nats_admin.conftest import World


async def test_messages_reach_subscribers_in_order_with_headers(world: "World") -> None:
    client = world.clients.client()
    subscription = await client.subscribe("bills.*")
    await client.flush()
    body = b'{"value": "a", "headers": [["K", "v"]]}\n{"valueBase64": "AP8="}\n'
    answer = await world.call("POST", "messages", query={"subject": "bills.new"}, body=body)
    assert (answer.status, answer.first) == (200, {"published": 2})
    first, second = [await subscription.next_msg(5) for _ in range(2)]
    assert (first.subject, first.data, first.headers) == ("bills.new", b"a", {"K": "v"})
    assert second.data == b"\x00\xff"


async def test_a_stream_has_what_it_acknowledged(world: "World") -> None:
    await world.make_stream("BILLS", "bills.>")
    body = b'{"value": "x"}\n' * 600  # more than go out at once
    query = {"subject": "bills.new", "mode": "jetstream"}
    answer = await world.call("POST", "messages", query=query, body=body)
    assert answer.first == {"published": 600, "stream": "BILLS", "first": 1, "last": 600, "duplicates": 0}
    assert await world.stored("BILLS") == 600


async def test_a_stream_keeps_the_order_of_a_request(world: "World") -> None:
    await world.make_stream("BILLS", "bills.>")
    body = b"".join(b'{"value": "%d"}\n' % number for number in range(300))
    await world.call("POST", "messages", query={"subject": "bills.new", "mode": "jetstream"}, body=body)
    jetstream = world.clients.jetstream()
    for sequence in (1, 150, 300):
        message = (await jetstream.request("STREAM.MSG.GET.BILLS", {"seq": sequence}))["message"]
        assert base64.b64decode(message["data"]) == str(sequence - 1).encode()


async def test_a_message_that_the_stream_has_is_told_as_duplicate(world: "World") -> None:
    await world.make_stream("BILLS", "bills.>")
    query = {"subject": "bills.new", "mode": "jetstream"}
    body = {"value": "x", "headers": [["Nats-Msg-Id", "1"]]}
    counts = [(await world.call("POST", "messages", query=query, body=body)).first["duplicates"] for _ in range(2)]
    assert counts == [0, 1]


async def test_a_subject_that_no_stream_takes_is_told(world: "World") -> None:
    query = {"subject": "bills.new", "mode": "jetstream"}
    answer = await world.call("POST", "messages", query=query, body={"value": "x"})
    assert (answer.status, answer.first["reason"]) == (404, "NoStream")
    assert "make a stream" in answer.first["message"]


async def test_a_server_without_jetstream_is_told(tmp_path: Path) -> None:
    with nats_server(tmp_path, jetstream=False) as url:
        async with world_at(url) as world:
            query = {"subject": "bills.new", "mode": "jetstream"}
            answer = await world.call("POST", "messages", query=query, body={"value": "x"})
            assert (answer.status, answer.first["reason"]) == (503, "NoJetStream")
            listed = await world.call("GET", "deadletters", query={"subject": "kubeless.dlq.team.hello"})
            assert (listed.status, listed.first["reason"]) == (503, "NoJetStream")


async def test_a_request_brings_the_reply(world: "World") -> None:
    client = world.clients.client()

    async def answer_back(message: "Msg") -> None:
        await client.publish(message.reply, message.data.upper(), headers={"kubeless-status": "200"})

    await client.subscribe("ask", cb=answer_back)
    await client.flush()
    answer = await world.call("POST", "messages", query={"subject": "ask", "mode": "request"}, body={"value": "hi"})
    assert answer.first == {"reply": {"value": "HI", "headers": [["kubeless-status", "200"]]}}


async def test_a_request_that_nobody_answers_is_told(world: "World") -> None:
    query = {"subject": "ask", "mode": "request", "timeout": "0.2"}
    nobody = await world.call("POST", "messages", query=query, body={"value": "hi"})
    assert (nobody.status, nobody.first["reason"]) == (404, "NoResponders")
    await world.clients.client().subscribe("ask")
    silent = await world.call("POST", "messages", query=query, body={"value": "hi"})
    assert (silent.status, silent.first["reason"]) == (504, "NoReply")
    two = await world.call("POST", "messages", query=query, body=b'{"value": "a"}\n{"value": "b"}')
    assert (two.status, two.first["reason"]) == (400, "Invalid")


async def test_what_is_too_large_is_refused_and_what_went_before_is_told(world: "World") -> None:
    large = b'{"value": "%s"}' % (b"x" * 70_000)
    answer = await world.call("POST", "messages", query={"subject": "s"}, body=b'{"value": "a"}\n' + large)
    assert (answer.status, answer.first["reason"]) == (413, "TooLarge")
    assert "1 of 2 messages were published" in answer.first["message"]


@pytest.mark.parametrize("mode", ["core", "jetstream", "request"])
async def test_a_missing_permission_is_told(world: "World", mode: str) -> None:
    """The server says so beside the publication, which by itself looks like a success."""
    async with world_at(world.url.replace("a:a@", "limited:a@")) as limited:
        query = {"mode": mode, "timeout": "0.3"}
        answer = await limited.call("POST", "messages", query=query | {"subject": "secret.x"}, body={"value": "a"})
        assert (answer.status, answer.first["reason"]) == (403, "Forbidden")
        other = await limited.call("POST", "messages", query={"subject": "open.x"}, body={"value": "a"})
        assert other.status == 200


async def test_nonsense_is_refused(world: "World") -> None:
    for subject in ("", "a b", "a..b", "a.*", ">", ".a", "x" * 600):
        answer = await world.call("POST", "messages", query={"subject": subject}, body={"value": "a"})
        assert (answer.status, answer.first["reason"]) == (400, "Invalid")
    for query in ({"mode": "odd"}, {"timeout": "nan"}, {"timeout": "0"}, {"timeout": "1e9"}):
        answer = await world.call("POST", "messages", query={"subject": "s"} | query, body={"value": "a"})
        assert (answer.status, answer.first["reason"]) == (400, "Invalid")
    for body in (b"", b"[]", b'{"value": 1}', b'{"value": "a", "headers": [["a:b", "c"]]}'):
        answer = await world.call("POST", "messages", query={"subject": "s"}, body=body)
        assert (answer.status, answer.first["reason"]) == (400, "Invalid")


async def test_requests_of_web_pages_are_refused(world: "World") -> None:
    async with world.http.post("/messages?subject=s", json={"value": "a"}, headers={"Origin": "http://x"}) as response:
        assert (response.status, (await response.json())["reason"]) == (403, "Browser")
