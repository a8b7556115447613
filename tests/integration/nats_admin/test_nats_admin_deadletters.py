"""Dead letters in a stream: nothing is forgotten before it was delivered, and nothing else is touched."""

import base64
from typing import TYPE_CHECKING

from integration.nats_admin.conftest import Buried

if TYPE_CHECKING:
    from integration.nats_admin.conftest import World


async def ids(world: "World", subject: str, **query: str) -> list[str]:
    answer = await world.call("GET", "deadletters", query={"subject": subject} | query)
    assert answer.status == 200
    return [str(line["id"]) for line in answer.lines]


async def test_letters_are_listed_with_what_happened(world: "World") -> None:
    subject = await world.bury("hello", Buried(), Buried(function="pay"))
    await world.bury("other", Buried())
    answer = await world.call("GET", "deadletters", query={"subject": subject})
    first = answer.first
    assert (first["id"], first["trigger"], first["function"]) == ("1", "NATSTrigger/team/hello", "team/bill")
    assert (first["eventId"], first["status"], first["attempts"]) == ("ORDERS/1", 500, 5)
    assert await ids(world, subject) == ["1", "2"]
    assert await ids(world, subject, function="team/pay") == ["2"]
    assert await ids(world, subject, after="1") == ["2"]
    assert await ids(world, subject, limit="1") == ["1"]


async def test_a_place_without_letters_is_told_apart(world: "World") -> None:
    answer = await world.call("GET", "deadletters", query={"subject": "kubeless.dlq.team.hello"})
    assert (answer.status, answer.first["reason"]) == (404, "StreamNotFound")
    await world.bury("hello", Buried())
    assert await ids(world, "kubeless.dlq.team.other") == []


async def test_a_letter_is_shown_byte_for_byte(world: "World") -> None:
    text = "größer als 1 ✓"
    subject = await world.bury("hello", Buried(data=b"\x00\xff", error=text, headers=(("X", "ü"),)))
    found = (await world.call("GET", "deadletters/1", query={"subject": subject})).first
    assert base64.b64decode(found["valueBase64"]) == b"\x00\xff"
    assert found["error"] == text
    assert ["X", base64.b64encode("ü".encode()).decode()] in found["headers"]
    for sequence, other in (("2", subject), ("1", "kubeless.dlq.team.other")):
        missing = await world.call("GET", f"deadletters/{sequence}", query={"subject": other})
        assert (missing.status, missing.first["reason"]) == (404, "NoSuchLetter")


async def test_a_redriven_letter_is_the_event_it_was_and_then_gone(world: "World") -> None:
    headers = (("trace", "abc"), ("Nats-Msg-Id", "m-1"), ("Content-Type", "text/plain"))
    subject = await world.bury("hello", Buried(headers=headers), Buried(function="pay"))
    answer = await world.call("POST", "deadletters/redrive", query={"subject": subject}, body={"letters": ["1"]})
    assert answer.lines == [{"id": "1", "result": "delivered"}]
    ((function, event),) = world.functions.events
    assert (function, event.id, event.topic, event.time) == ("bill", "ORDERS/1", "bills.new", 1e9)
    assert (event.data, event.type) == (b'{"amount": 1}', "text/plain")
    assert dict(event.headers) == {name: value.encode() for name, value in headers}
    assert await ids(world, subject) == ["2"]
    again = await world.call("POST", "deadletters/redrive", query={"subject": subject}, body={"letters": ["1", "9"]})
    assert [(line["id"], line["result"]) for line in again.lines] == [("1", "done"), ("9", "failed")]
    assert len(world.functions.events) == 1


async def test_nothing_is_redriven_before_the_functions_are_known(world: "World") -> None:
    """They would all seem to be gone."""
    subject = await world.bury("hello", Buried())
    world.functions.known = False
    answer = await world.call("POST", "deadletters/redrive", query={"subject": subject}, body={"letters": ["1"]})
    assert (answer.status, answer.first["reason"]) == (503, "NotReady")
    assert await ids(world, subject) == ["1"]


async def test_what_fails_again_stays_and_makes_no_second_letter(world: "World") -> None:
    subject = await world.bury("hello", Buried(), Buried(function="lost"), Buried(function="pay"))
    world.functions.status["bill"] = 500
    world.functions.gone.add("lost")
    body = {"letters": ["1", "2", "3"]}
    answer = await world.call("POST", "deadletters/redrive", query={"subject": subject}, body=body)
    results = {line["id"]: line for line in answer.lines}
    assert (results["1"]["result"], results["1"]["status"], results["1"]["attempts"]) == ("failed", 500, 2)
    assert "function lost in namespace team is gone" in results["2"]["error"]
    assert results["3"]["result"] == "delivered"
    assert await ids(world, subject) == ["1", "2"]
    assert await world.stored() == 2


async def test_letters_of_one_subject_are_redriven_in_order(world: "World") -> None:
    subject = await world.bury("hello", *(Buried(data=b"%d" % number) for number in range(300)))
    body = {"letters": await ids(world, subject)}
    await world.call("POST", "deadletters/redrive", query={"subject": subject}, body=body)
    assert [event.data for _, event in world.functions.events] == [b"%d" % number for number in range(300)]
    assert await world.stored() == 0


async def test_a_letter_that_cannot_be_deleted_says_that_it_will_come_again(world: "World") -> None:
    await world.make_stream("OWN", "own.letters", deny_delete=True)
    subject = await world.bury("hello", Buried(), to="own.letters")
    answer = await world.call("POST", "deadletters/redrive", query={"subject": subject}, body={"letters": ["1"]})
    assert answer.first["result"] == "delivered"
    assert "the next redrive delivers it again" in answer.first["error"]
    assert await ids(world, subject) == ["1"]


async def test_a_letter_of_a_foreign_namespace_is_not_delivered(world: "World") -> None:
    """Whoever may publish on the subject could otherwise call any function."""
    subject = await world.bury("hello", Buried(namespace="bank"))
    answer = await world.call("POST", "deadletters/redrive", query={"subject": subject}, body={"letters": ["1"]})
    assert answer.first["result"] == "failed"
    assert world.functions.events == []


async def test_purging_means_what_was_seen_of_the_trigger(world: "World") -> None:
    await world.make_stream("OWN", "own.letters")
    await world.bury("one", *([Buried()] * 2), Buried(id="x"), to="own.letters")
    await world.bury("two", Buried(id="y"), to="own.letters")
    await world.bury("one", Buried(id="z"), to="own.letters")
    await world.clients.jetstream().publish("own.letters", b"what others wrote", {})
    query = {"subject": "own.letters"}
    before = await ids(world, "own.letters", trigger="NATSTrigger/team/one")
    body = {"upTo": int(before[-2]), "trigger": "NATSTrigger/team/one"}
    answer = await world.call("POST", "deadletters/purge", query=query, body=body)
    assert answer.first == {"purged": len(before) - 1}
    assert await ids(world, "own.letters", trigger="NATSTrigger/team/one") == before[-1:]
    assert len(await ids(world, "own.letters", trigger="NATSTrigger/team/two")) == 1
    await world.call("POST", "deadletters/purge", query=query, body={"upTo": 99})
    assert await world.stored("OWN") == 1  # what is no letter is not ours to delete


async def test_a_subject_of_letters_alone_is_purged_at_once(world: "World") -> None:
    subject = await world.bury("hello", *(Buried(id=str(number)) for number in range(5)))
    await world.bury("other", Buried())
    answer = await world.call("POST", "deadletters/purge", query={"subject": subject}, body={"upTo": 3})
    assert (answer.first, await ids(world, subject)) == ({"purged": 3}, ["4", "5"])
    assert await world.stored() == 3


async def test_nonsense_is_refused(world: "World") -> None:
    subject = await world.bury("hello", Buried())
    for body in (b"[]", b"{", b"{}", b'{"letters": ["0"]}', b'{"letters": ["x"]}', b'{"upTo": 0}', b'{"upTo": "a"}'):
        for operation in ("purge", "redrive"):
            answer = await world.call("POST", f"deadletters/{operation}", query={"subject": subject}, body=body)
            assert (answer.status, answer.first["reason"]) == (400, "Invalid")
    for query in ({"subject": "a.>"}, {"subject": subject, "limit": "0"}, {"subject": subject, "after": "x"}):
        answer = await world.call("GET", "deadletters", query=query)
        assert (answer.status, answer.first["reason"]) == (400, "Invalid")
    assert await world.stored() == 1
