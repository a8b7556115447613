"""What the admin operations of NATS make of requests, errors and dead letters."""

import nats.errors
import pytest

from kubeless.core.errors import InvalidField, InvalidInput
from kubeless.core.event import Event
from kubeless.delivery.admin.errors import AdminError
from kubeless.delivery.admin.jsonlines import InvalidRecord
from kubeless.delivery.deadletter import DeadLetter
from kubeless.delivery.outcome import Answer, Exhausted
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey
from kubeless.manage.natsnames import check_subject, parse_sequence
from kubeless.nats_subscriber.admin_deadletters import read_ids
from kubeless.nats_subscriber.admin_direct import full_url
from kubeless.nats_subscriber.admin_errors import explain
from kubeless.nats_subscriber.admin_letters import Letter, original_event, read_headers, read_letter
from kubeless.nats_subscriber.admin_messages import Message, parse_messages
from kubeless.nats_subscriber.deadletters import letter_headers
from kubeless.nats_subscriber.foreign import BrokerUnavailable
from kubeless.nats_subscriber.jetstream import JetStreamRefused, JetStreamUnavailable
from kubeless.nats_subscriber.records import Position, core_event, stream_event


def stored(headers: dict[str, str], data: bytes = b"x") -> Letter:
    pairs = tuple((name, value.encode()) for name, value in headers.items())
    return Letter(7, 5.0, None, data, pairs)


def test_messages_are_read_from_json_lines() -> None:
    lines = b'{"value": "a", "headers": [["h", "1"], ["h", "2"]]}\n\n{"valueBase64": "AP8="}\n{"value": ""}'
    assert parse_messages(lines) == [Message(b"a", {"h": "2"}), Message(b"\x00\xff"), Message(b"")]


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b"{}",
        b'{"value": {"a": 1}}',
        b'{"value": "a", "key": "k"}',
        b'{"value": "a", "headers": [["a b", "c"]]}',
        b'{"value": "a", "headers": [["a:", "c"]]}',
        b'{"value": "a", "headers": [["a", "c\\r\\nd: e"]]}',
        b'{"value": "a", "headers": [["a", " c"]]}',
    ],
)
def test_a_line_that_is_no_message_is_named(line: bytes) -> None:
    with pytest.raises(InvalidRecord, match=r"^line 2: "):
        parse_messages(b'{"value": "fine"}\n' + line)


@pytest.mark.parametrize("text", ["", "0", "-1", "01", "1/2", "٣", "9" * 19])
def test_only_sequences_are_ids_of_letters(text: str) -> None:
    with pytest.raises(InvalidField, match="is no sequence number"):
        parse_sequence(text)


def test_each_letter_is_redriven_once_per_request() -> None:
    assert read_ids({"letters": ["1", 1, "2"]}) == [1, 2]
    for value in (None, [], "1", ["1"] * 2000):
        with pytest.raises(InvalidInput):
            read_ids({"letters": value})


def test_a_subject_that_cannot_be_is_refused_with_its_field() -> None:
    with pytest.raises(InvalidField, match=r"^--x: has a wildcard, got 'a\.\*'; name one subject"):
        check_subject("a.*", field="--x")
    assert check_subject("a.*.>", wildcards=True) == "a.*.>"


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (nats.errors.NoRespondersError(), 404, "NoResponders"),
        (nats.errors.TimeoutError(), 504, "NoReply"),
        (nats.errors.MaxPayloadError(), 413, "TooLarge"),
        (nats.errors.ConnectionClosedError(), 502, "NatsError"),
        (JetStreamUnavailable(), 503, "NoJetStream"),
        (BrokerUnavailable("down"), 503, "BrokerUnavailable"),
        (JetStreamRefused({"err_code": 1, "description": "no"}), 502, "JetStreamError"),
        (InvalidInput("no"), 400, "Invalid"),
        (OSError("no"), 503, "BrokerUnavailable"),
    ],
)
def test_errors_of_nats_become_answers(error: Exception, status: int, reason: str) -> None:
    answer = explain(error, "subject 'x'")
    assert (answer.status, answer.reason) == (status, reason)


def test_a_defect_is_not_explained_away() -> None:
    with pytest.raises(KeyError):
        explain(KeyError("x"), "subject")
    assert explain(AdminError(418, "Tea", "x"), "subject").status == 418


def test_headers_are_read_as_the_server_keeps_them() -> None:
    block = b"NATS/1.0\r\nA: b\r\nA:c\r\nEmpty:\r\nUrl: http://x:1\r\nbroken\r\n\r\n"
    assert read_headers(block) == (("A", b"b"), ("A", b"c"), ("Empty", b""), ("Url", b"http://x:1"))
    assert read_headers(b"") == ()


def test_a_letter_is_read_whatever_the_server_leaves_out() -> None:
    letter = read_letter({"seq": 3, "subject": "s", "time": "2026-01-01T00:00:00.123456789Z"})
    assert (letter.id, letter.value, letter.headers) == (3, b"", ())
    assert letter.time == pytest.approx(1_767_225_600.123456)
    assert read_letter({"seq": 3, "time": "nonsense"}).time == 0.0


@pytest.mark.parametrize("durable", [True, False])
def test_a_letter_becomes_the_event_it_was(durable: bool) -> None:
    headers = {"own": "1", "Nats-Msg-Id": "m", "ce-specversion": "1.0", "ce-subject": "s", "Content-Type": "a/b"}
    headers["Kubeless-Key"] = "k"
    event: Event
    if durable:
        event = stream_event("bills.new", b"x", headers, Position("BILLS", 2, 14, 1_500_000_000_000_000_000, 0))
    else:
        event = core_event("bills.new", b"x", headers, identity="bills.new/0af3/14", reply="inbox", now=1.5e9)
    outcome = Exhausted(Answer(500), 5, 1.0)
    trigger, function = TriggerRef("NATSTrigger", "n", "t"), ObjectKey("n", "f")
    buried = stored(letter_headers(DeadLetter(event, trigger, function, outcome, first_time=1.0, last_time=2.0)))
    again = original_event(buried)
    for name in ("id", "type", "time", "source", "topic", "data", "key", "partition"):
        assert getattr(again, name) == getattr(event, name), name
    assert dict(again.headers) == dict(event.headers)
    assert again.key == b"k"
    assert again.attributes["subject"] == "s"
    assert again.attributes.get("natsstream") == ("BILLS" if durable else None)


def test_a_letter_that_does_not_say_what_it_was_is_refused() -> None:
    with pytest.raises(InvalidField, match="purge this dead letter"):
        original_event(stored({"kubeless-event-id": "a/1"}))
    with pytest.raises(InvalidField, match="purge this dead letter"):
        original_event(stored({"kubeless-subject": "a"}))


def test_scheme_and_port_may_be_missing() -> None:
    assert full_url("nats-server-ip") == "nats://nats-server-ip:4222"
    assert full_url("tls://me:pw@host:1/") == "tls://me:pw@host:1"
    assert full_url("[::1]") == "nats://[::1]:4222"
    for wrong in ("", "http://x", "a b", "nats://", "x:0", "x:99999", "x/y", "me:pw@"):
        with pytest.raises(InvalidField, match="is no address of NATS"):
            full_url(wrong)
