"""What the admin operations make of requests, errors and dead letters."""

import json
from typing import Any

import pytest
from aiokafka import errors as kafka

from kubeless.core.errors import InvalidField, InvalidInput
from kubeless.delivery.admin.answers import whole_number
from kubeless.delivery.admin.errors import AdminError
from kubeless.delivery.admin.jsonlines import MAX_RECORDS, InvalidRecord
from kubeless.delivery.admin.letters import Choice, addressee, summary
from kubeless.kafka_consumer.admin_errors import explain, for_code
from kubeless.kafka_consumer.admin_letters import DONE, Letter, note, original_event
from kubeless.kafka_consumer.admin_records import Record, parse_records
from kubeless.kafka_consumer.admin_redrive import read_ids
from kubeless.kafka_consumer.admin_topics import read_topic
from kubeless.manage.kafkanames import LetterId, check_topic

FACTS = {
    "kubeless-event-id": "a/b.c/3/14",
    "kubeless-trigger": "KafkaTrigger/n/t",
    "kubeless-function": "n/f",
    "kubeless-attempts": "5",
}


def make_letter(*, value: bytes | None = b"x", facts: dict[str, str] | None = None) -> Letter:
    headers = [("own", b"1"), *((name, text.encode()) for name, text in (FACTS | (facts or {})).items())]
    return Letter(LetterId(0, 7), 1.5, b"k", value, tuple(headers))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "é", "x" * 250, "a\n"])
def test_names_that_kafka_refuses_are_refused(name: str) -> None:
    with pytest.raises(InvalidField, match="is not a name of a Kafka topic"):
        check_topic(name)
    assert check_topic("a.B_-9" + "x" * 243)


@pytest.mark.parametrize("text", ["", "1", "1/", "-1/2", "1/2/3", "٣/1", "1/" + "9" * 19, " 1/2"])
def test_only_ids_of_letters_are_ids_of_letters(text: str) -> None:
    with pytest.raises(InvalidField, match="is not <partition>/<offset>"):
        LetterId.parse(text)


def test_records_are_read_from_json_lines() -> None:
    lines = b'{"value": "a", "headers": [["h", "1"], ["h", "2"]], "partition": 2}\n\n{"key": "k", "value": null}\n'
    expected = [Record(b"a", headers=(("h", b"1"), ("h", b"2")), partition=2), Record(None, b"k")]
    assert parse_records(lines) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"value": null}',
        b'{"value": {"a": 1}}',
        b'{"value": "a", "valueBase64": "YQ=="}',
        b'{"valueBase64": "?"}',
        b'{"value": "a", "headers": [["h"]]}',
        b'{"value": "a", "headers": {"h": 1}}',
        b'{"value": "a", "partition": -1}',
        b'{"value": "a", "partition": true}',
        b'{"value": "a", "offset": 1}',
        b"\xff",
    ],
)
def test_a_line_that_is_no_record_is_named(line: bytes) -> None:
    with pytest.raises(InvalidRecord, match=r"^line 2: "):
        parse_records(b'{"value": "fine"}\n' + line)


def test_requests_of_records_are_bounded() -> None:
    with pytest.raises(InvalidRecord, match=r"^the body holds no records"):
        parse_records(b" \n\n")
    with pytest.raises(InvalidRecord, match=f"send at most {MAX_RECORDS}"):
        parse_records(b'{"value":""}\n' * (MAX_RECORDS + 1))


@pytest.mark.parametrize(
    "body",
    [{"name": 1}, {}, {"name": "a", "partitions": 0}, {"name": "a", "replicas": 1}, {"name": "a", "partitions": True}],
)
def test_a_topic_that_makes_no_sense_is_not_asked_for(body: dict[str, Any]) -> None:
    with pytest.raises((AdminError, InvalidInput)):
        read_topic(body)


def test_numbers_come_from_queries_and_bodies() -> None:
    assert whole_number("12", "limit", low=1, high=20) == 12
    for value in ("x", "\u0661", 1.0, True, 0, 21, "9" * 30, [1]):
        with pytest.raises(AdminError, match=r"^limit: is no number from 1 to 20"):
            whole_number(value, "limit", low=1, high=20)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (for_code(36, "exists"), 409, "TopicExists"),
        (for_code(3, None), 404, "TopicNotFound"),
        (for_code(10, None), 413, "TooLarge"),
        (for_code(29, None), 403, "Forbidden"),
        (for_code(87, "odd"), 502, "KafkaError"),
        (kafka.KafkaConnectionError("down"), 503, "BrokerUnreachable"),
        (TimeoutError(), 503, "BrokerUnreachable"),
        (InvalidInput("no"), 400, "Invalid"),
    ],
)
def test_errors_of_kafka_become_answers(error: Exception, status: int, reason: str) -> None:
    answer = explain(error, "topic 'x'")
    assert (answer.status, answer.reason) == (status, reason)


def test_a_defect_is_not_explained_away() -> None:
    with pytest.raises(KeyError):
        explain(KeyError("x"), "topic")


def test_a_letter_becomes_the_event_it_was() -> None:
    event = original_event(make_letter(value=None))
    assert (event.id, event.topic, event.partition) == ("a/b.c/3/14", "a/b.c", 3)
    assert (event.data, event.attributes["kafkatombstone"], event.key) == (b"", "true", b"k")
    assert event.headers == (("own", b"1"),)


def test_the_event_of_a_letter_has_the_time_it_had_and_not_the_letters() -> None:
    letter = make_letter(facts={"kubeless-event-time": "2026-01-02T03:04:05.678Z"})
    assert original_event(letter).attributes["kafkatimestamp"] == "1767323045678"
    assert original_event(make_letter(facts={"kubeless-event-time": "soon"})).time == letter.time


def test_a_letter_without_a_place_is_refused() -> None:
    for event_id in ("", "x", "a/b/c", "/1/2"):
        with pytest.raises(InvalidField, match="purge this dead letter"):
            original_event(make_letter(facts={"kubeless-event-id": event_id}))


def test_a_note_is_no_letter() -> None:
    noted = Letter(LetterId(0, 9), 0.0, None, b"", tuple(note(7, "redriven")))
    assert (noted.done, Choice().holds(noted)) == (7, False)
    assert make_letter().done is None
    assert make_letter(facts={DONE: "-1"}).done is None


def test_letters_are_chosen_by_trigger_and_function() -> None:
    letter = make_letter()
    assert all(each.holds(letter) for each in (Choice(), Choice("KafkaTrigger/n/t"), Choice(function="n/f")))
    assert not Choice("KafkaTrigger/n/other").holds(letter)
    assert not Choice(function="n/g").holds(letter)
    assert not Choice().holds(Letter(LetterId(0, 1), 0.0, None, b"what others wrote", ()))


def test_nonsense_in_headers_does_not_break_a_list() -> None:
    found = summary(make_letter(facts={"kubeless-attempts": "many", "kubeless-status": "9" * 5000}))
    assert (found["attempts"], found["status"], found["eventId"]) == (None, None, "a/b.c/3/14")
    json.dumps(found)


@pytest.mark.parametrize(
    "facts", [{"kubeless-function": "f"}, {"kubeless-function": "m/f"}, {"kubeless-trigger": "a/b"}]
)
def test_a_letter_for_nobody_is_not_delivered(facts: dict[str, str]) -> None:
    with pytest.raises(AdminError, match="does not say which function"):
        addressee(make_letter(facts=facts))


def test_each_letter_is_redriven_once_per_request() -> None:
    assert read_ids({"letters": ["0/1", "0/1", "1/1"]}) == [LetterId(0, 1), LetterId(1, 1)]
    for value in (None, [], "0/1", ["0/1"] * 2000):
        with pytest.raises(InvalidInput):
            read_ids({"letters": value})
