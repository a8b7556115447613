"""Messages as events, responses as replies, failures as dead letters, settings as credentials."""

from pathlib import Path

import pytest

from kubeless.core.event import FORM, JSON
from kubeless.core.settings import SettingError, load
from kubeless.delivery.deadletter import DeadLetter
from kubeless.delivery.outcome import Answer, Delivered, Exhausted, Refused
from kubeless.delivery.sources.security import InsufficientSecret
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey
from kubeless.nats_subscriber import replies
from kubeless.nats_subscriber.deadletters import letter_headers
from kubeless.nats_subscriber.records import Position, core_event, position, stream_event
from kubeless.nats_subscriber.security import check, read
from kubeless.nats_subscriber.settings import Settings

AT = Position("ORDERS", 1, 7, 1_700_000_000_000_000_000, 0)


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("$JS.ACK.ORDERS.c.2.7.3.1700000000000000000.5", Position("ORDERS", 2, 7, 1_700_000_000_000_000_000, 5)),
        ("$JS.ACK._.hash.ORDERS.c.1.7.3.1700000000000000000.5.x", AT._replace(pending=5)),
        ("", None),
        ("_INBOX.a.b", None),
        ("$JS.ACK.ORDERS.c.x.7.3.1.5", None),
    ],
)
def test_the_position_is_read_in_both_forms(reply: str, found: Position | None) -> None:
    assert position(reply) == found


def test_a_stream_message_carries_its_place() -> None:
    event = stream_event("orders.new", b'{"a": 1}', None, AT)
    assert (event.id, event.topic, event.partition, event.type) == ("ORDERS/7", "orders.new", "orders.new", JSON)
    assert event.attributes == {"natsstream": "ORDERS", "natssequence": "7"}
    assert event.time == 1_700_000_000.0


def test_order_by_key_is_the_header_or_the_whole_subject() -> None:
    with_key = stream_event("orders", b"", {"Kubeless-Key": "k"}, AT)
    without = stream_event("orders", b"", None, AT)
    assert (with_key.key, without.key) == (b"k", b"")


def test_order_by_a_token_spans_subjects() -> None:
    placed, paid, short = (
        stream_event(each, b"", {"Kubeless-Key": "k"}, AT, token=2) for each in ("o.7.a", "o.7.b", "o")
    )
    assert (placed.key, placed.partition) == (paid.key, paid.partition) == (b"7", short.partition)
    assert short.key == b""


def test_a_cloud_event_keeps_its_attributes_but_cannot_forge_ours() -> None:
    headers = {"ce-specversion": "1.0", "ce-id": "x%20y", "ce-natssequence": "99", "Content-Type": "text/plain"}
    event = stream_event("orders", b"x", headers, AT)
    assert event.attributes["id"] == "x y"
    assert event.attributes["natssequence"] == "7"
    assert event.type == "text/plain"


def test_headers_alone_make_no_cloud_event() -> None:
    event = core_event("orders", b"x", {"ce-id": "x"}, identity="i", reply="", now=1.0)
    assert not event.attributes
    assert event.type == FORM


def test_a_reply_carries_status_and_headers_but_none_of_the_connection() -> None:
    answer = Answer(200, headers=((b"X-A", b"1"), (b"Connection", b"close"), (b"kubeless-status", b"9")), body=b"hi")
    note = replies.reply("inbox", Delivered(answer, 1, 0.1), limit=10)
    assert note == ("inbox", b"hi", {"kubeless-status": "200", "kubeless-x-a": "1"})


def test_a_reply_says_why_there_is_none() -> None:
    silent = replies.reply("inbox", Exhausted(Answer(None, "timed\r\nout"), 3, 1.0), limit=10)
    assert silent.headers is not None
    assert silent.headers["kubeless-status"] == "503"
    assert silent.headers["kubeless-error"] == "timed  out"
    large = replies.reply("inbox", Delivered(Answer(200, body=b"x" * 11), 1, 0.1), limit=10)
    assert large.headers is not None
    assert large.headers["kubeless-status"] == "502"


def test_a_dead_letter_is_known_again_and_means_nothing_else_to_the_server() -> None:
    event = stream_event("orders", b"x", {"Nats-Msg-Id": "theirs", "Shop": "y"}, AT)
    refused = Refused(Answer(404, "no"), 1, 0.1)
    letter = DeadLetter(event, TriggerRef("NATSTrigger", "ns", "t"), ObjectKey("ns", "f"), refused, 1.0, 2.0)
    headers = letter_headers(letter)
    assert headers["Shop"] == "y"
    assert headers["kubeless-original-Nats-Msg-Id"] == "theirs"
    assert headers["Nats-Msg-Id"].startswith("ORDERS/7/")
    assert headers["Nats-Msg-Id"] == letter_headers(letter)["Nats-Msg-Id"]
    assert headers["kubeless-subject"] == "orders"


@pytest.mark.parametrize(
    ("environment", "field"),
    [
        ({"NATS_URL": "http://x:1"}, "NATS_URL"),
        ({"NATS_URL": "nats://:4222"}, "NATS_URL"),
        ({"NATS_USER": "a"}, "NATS_PASSWORD"),
        ({"NATS_CERT": "a"}, "NATS_KEY"),
        ({"NATS_TOKEN": "a", "NATS_CREDS": "b"}, "NATS_CREDS"),
    ],
)
def test_settings_that_cannot_work_are_refused(environment: dict[str, str], field: str) -> None:
    with pytest.raises(SettingError, match=field):
        check(load(Settings, environment), secret=False)


def test_a_password_in_the_address_is_not_repeated() -> None:
    with pytest.raises(SettingError) as caught:
        check(load(Settings, {"NATS_URL": "http://shop:secret@host"}), secret=False)
    assert "secret" not in str(caught.value)


def test_the_secret_goes_before_the_settings() -> None:
    settings = load(Settings, {"NATS_TOKEN": "old"})
    security = read(settings, {"username": b"a\n", "password": b"b"}, read_file=Path.read_bytes)
    assert (security.user, security.password, security.token) == ("a", "b", "")


@pytest.mark.parametrize(
    "secret",
    [
        {"username": b"a"},
        {"username": b"a", "password": b"b", "token": b"c"},
        {"nkey": b"nonsense"},
        {"creds": b"nonsense"},
        {"tls.crt": b"x"},
    ],
)
def test_a_secret_that_cannot_work_is_refused(secret: dict[str, bytes]) -> None:
    with pytest.raises(InsufficientSecret):
        read(load(Settings, {}), secret, read_file=Path.read_bytes)
