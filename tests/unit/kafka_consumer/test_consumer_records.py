"""What a record becomes, whatever a producer put into it."""

from typing import Any

from aiokafka import ConsumerRecord

from kubeless.core.event import Event
from kubeless.delivery.deadletter import DeadLetter
from kubeless.delivery.outcome import Answer, Refused
from kubeless.kafka_consumer.records import NULL_VALUE, TOMBSTONE, letter_record, letter_value, to_event
from support.deliveries import FUNCTION, TRIGGER


def kept(event: Event) -> tuple[bytes | None, list[tuple[str, bytes]]]:
    """Value and headers of the event's dead letter, without those that every letter has."""
    value, headers = letter_record(DeadLetter(event, TRIGGER, FUNCTION, Refused(Answer(404, ""), 1, 0.5), 1.5, 2.0))
    return value, [header for header in headers if not header[0].startswith("kubeless-") or header[0] == NULL_VALUE]


def record(value: bytes | None = b"x", key: bytes | None = None, **headers: bytes | None) -> Any:
    pairs = tuple((name.replace("__", "-"), data) for name, data in headers.items())
    return ConsumerRecord("t", 2, 7, 1500, 0, key, value, None, 0, 0, pairs)


def test_an_event_has_the_id_of_its_place() -> None:
    event = to_event(record())
    assert (event.id, event.time, event.partition, event.topic) == ("t/2/7", 1.5, 2, "t")
    assert event.source == "kafkatriggers.kubeless.io"


def test_a_tombstone_is_not_an_empty_value() -> None:
    tombstone, empty = to_event(record(None)), to_event(record(b""))
    assert tombstone.data == empty.data == b""
    assert (tombstone.attributes.get(TOMBSTONE), empty.attributes.get(TOMBSTONE)) == ("true", None)


def test_a_letter_of_a_tombstone_can_be_written_and_read_as_what_it_was() -> None:
    """Records with neither key nor value are read, but clients refuse to write them."""
    assert kept(to_event(record(None, b"k"))) == (None, [])
    value, headers = kept(to_event(record(None)))
    assert (value, headers) == (b"", [(NULL_VALUE, b"true")])
    assert letter_value(value, tuple(headers)) is None


def test_an_empty_value_stays_empty_whatever_its_producer_claims() -> None:
    value, headers = kept(to_event(record(b"", kubeless__null__value=b"true")))
    assert letter_value(value, tuple(headers)) == b""
    assert letter_value(b"x", ((NULL_VALUE, b"true"),)) == b"x"


def test_a_producer_cannot_pass_an_event_off_as_a_tombstone() -> None:
    claimed = to_event(record(b"x", ce_specversion=b"1.0", ce_kafkatombstone=b"true", ce_kafkaoffset=b"1"))
    assert claimed.attributes["kafkaoffset"] == "7"
    assert kept(claimed)[0] == b"x"


def test_a_key_that_is_no_text_is_told_in_base64_and_a_long_one_by_its_size() -> None:
    assert to_event(record(key=b"abc")).attributes["kafkakey"] == "abc"
    assert to_event(record(key=b"\xff")).attributes["kafkakeybase64"] == "/w=="
    assert to_event(record(key=b"a\r\nb: c")).attributes["kafkakeybase64"] == "YQ0KYjogYw=="
    assert to_event(record(key=b"k" * 5000)).attributes["kafkakeysize"] == "5000"


def test_a_cloudevent_keeps_its_attributes_and_others_have_none_made_up() -> None:
    own = to_event(record(ce_specversion=b"1.0", ce_id=b"42", ce_type=b"made", ce_bad=b"a\nb"))
    assert own.attributes["id"] == "42"
    assert "bad" not in own.attributes
    assert "id" not in to_event(record(ce_id=b"42")).attributes


def test_the_content_type_is_the_producers_if_it_can_stand_in_a_header() -> None:
    assert to_event(record(b"{}")).type == "application/json"
    assert to_event(record(content__type=b"text/plain")).type == "text/plain"
    assert to_event(record(content__type=b"text/plain\r\nx: y")).type == "application/x-www-form-urlencoded"
    assert to_event(record(content__type=None)).type == "application/x-www-form-urlencoded"
