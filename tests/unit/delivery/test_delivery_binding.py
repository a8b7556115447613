"""An event as headers: those of Kubeless, of CloudEvents, and of its trace."""

from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeless.core.event import FORM, JSON, Event, event_type
from kubeless.delivery.binding import encoded, event_headers
from kubeless.delivery.transport.request import Request, encode_head

EVENT = Event(
    id="orders/0/42",
    type=JSON,
    time=1_526_622_042.881,
    source="kafkatriggers.kubeless.io",
    topic="orders",
    data=b"{}",
    attributes={"kafkapartition": "0"},
)
PARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


def headers(event: Event) -> dict[str, str]:
    listed = event_headers(event, b"kubeless-test/1")
    named = {name.decode(): value.decode("latin-1") for name, value in listed}
    assert len(named) == len(listed), "no header is sent twice"
    return named


def test_functions_of_kubeless_find_what_they_know() -> None:
    sent = headers(EVENT)
    assert sent["User-Agent"] == "kubeless-test/1"
    assert sent["event-id"] == "orders/0/42"
    assert sent["event-type"] == sent["Content-Type"] == JSON
    assert sent["event-time"] == "2018-05-18 05:40:42.881000 +0000 UTC"
    assert sent["event-namespace"] == "kafkatriggers.kubeless.io"
    assert sent["event-topic"] == "orders"


def test_functions_that_know_cloudevents_find_one() -> None:
    sent = headers(EVENT)
    assert {name: value for name, value in sent.items() if name.startswith("ce-")} == {
        "ce-specversion": "1.0",
        "ce-id": "orders/0/42",
        "ce-source": "kafkatriggers.kubeless.io",
        "ce-type": "io.kubeless.kafkatriggers",
        "ce-subject": "orders",
        "ce-time": "2018-05-18T05:40:42.881000Z",
        "ce-kafkapartition": "0",
    }


def test_a_source_without_topics_sends_none() -> None:
    sent = headers(replace(EVENT, topic=""))
    assert not {"event-topic", "ce-subject"} & set(sent)


def test_a_cloudevent_of_the_source_keeps_its_own_attributes() -> None:
    own = {"id": "a-1", "source": "/shop", "type": "order.placed", "time": "2020-01-01T00:00:00Z", "specversion": "9"}
    sent = headers(replace(EVENT, attributes=own))
    assert (sent["ce-id"], sent["ce-source"], sent["ce-type"]) == ("a-1", "/shop", "order.placed")
    assert sent["ce-time"] == "2020-01-01T00:00:00Z"
    assert sent["ce-specversion"] == "1.0"
    assert "ce-subject" not in sent
    assert sent["event-id"] == "orders/0/42"


def test_attribute_values_are_percent_encoded_as_the_http_binding_says() -> None:
    assert encoded('Euro € 😀 "50%"') == b"Euro%20%E2%82%AC%20%F0%9F%98%80%20%2250%25%22"
    assert encoded("a/b:c~!") == b"a/b:c~!"


def test_names_that_cloudevents_does_not_allow_are_not_sent() -> None:
    sent = headers(replace(EVENT, attributes={"Bad": "1", "a-b": "2", "": "3", "x\r\ny": "4", "good": "5"}))
    assert sent["ce-good"] == "5"
    assert not {"ce-Bad", "ce-a-b", "ce-"} & set(sent)


@given(
    text=st.text(max_size=40),
    time=st.floats(min_value=-1e18, max_value=1e18),
    values=st.lists(st.binary(max_size=60), max_size=3),
)
def test_whatever_an_event_holds_the_request_is_one_valid_request(text: str, time: float, values: list[bytes]) -> None:
    event = Event(
        id=text,
        type=text,
        time=time,
        source=text,
        topic=text,
        data=b"",
        attributes={"one": text, "id": text, text: text},
        headers=(
            ("traceparent", PARENT),
            *zip(("tracestate", "baggage", "traceparent"), values, strict=False),
            (text, b"x"),
        ),
    )
    head = encode_head(Request("POST", b"/", event_headers(event, b"t/1")), b"host")
    assert head.count(b"\r\n\r\n") == 1
    assert unquote(dict(event_headers(event, b"t"))[b"ce-one"].decode()) == text.encode(errors="replace").decode()


def test_the_trace_of_the_source_is_passed_on_untouched() -> None:
    theirs = (("Traceparent", PARENT), ("tracestate", b"a=1"), ("baggage", b"user=7"))
    sent = headers(replace(EVENT, headers=theirs))
    assert (sent["traceparent"], sent["tracestate"], sent["baggage"]) == (PARENT.decode(), "a=1", "user=7")


@pytest.mark.parametrize(
    "parent",
    [b"", b"nonsense", PARENT + b"-more", b"ff" + PARENT[2:], b"00-" + b"0" * 32 + PARENT[35:], PARENT.upper()],
)
def test_a_trace_that_is_none_is_replaced_and_its_state_forgotten(parent: bytes) -> None:
    sent = headers(replace(EVENT, headers=(("traceparent", parent), ("tracestate", b"a=1"))))
    assert sent["traceparent"] == headers(EVENT)["traceparent"]
    assert "tracestate" not in sent


def test_a_later_version_of_trace_context_is_passed_on() -> None:
    later = b"01" + PARENT[2:] + b"-extra"
    assert headers(replace(EVENT, headers=(("traceparent", later),)))["traceparent"] == later.decode()


def test_all_attempts_of_an_event_are_one_trace_and_other_events_are_others() -> None:
    assert headers(EVENT)["traceparent"] == headers(replace(EVENT, attributes={}))["traceparent"]
    assert headers(EVENT)["traceparent"] != headers(replace(EVENT, id="orders/0/43"))["traceparent"]


@pytest.mark.parametrize("data", [b"{}", b' \n{"a": [1]}\t', b"null", b" null "])
def test_json_objects_and_null_are_json(data: bytes) -> None:
    assert event_type(data) == JSON


@pytest.mark.parametrize(
    "data", [b"", b" ", b"[1]", b"1", b'"text"', b"true", b"{", b"{} {}", b"nul", b"hello", b'{"a": "\xff"}', b"\x00"]
)
def test_everything_else_is_a_form(data: bytes) -> None:
    assert event_type(data) == FORM
