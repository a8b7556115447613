"""What the NATS commands decide without a cluster."""

import pytest

from kubeless.cli.deadletter.places import Where
from kubeless.cli.deadletter.purge import chosen
from kubeless.cli.failure import Fatal
from kubeless.cli.mergepatch import merge_patch
from kubeless.cli.trigger.creation import new_trigger
from kubeless.cli.trigger.kind import NATS as NATS_TRIGGER
from kubeless.cli.trigger.nats.build import NatsWanted, read_wanted
from kubeless.cli.trigger.nats.report import status_rows
from kubeless.core.errors import InvalidField
from kubeless.manage.letterbox import Place, place_of
from kubeless.manage.letterkind import KINDS

NATS = KINDS["nats"]


def test_a_new_trigger_is_the_object_that_kubeless_always_wrote() -> None:
    wanted = NatsWanted(topic="hello-nats", selector="created-by=kubeless,function=pubsub")
    assert new_trigger(NATS_TRIGGER, "hello", "prod", wanted.new_spec("")) == {
        "apiVersion": "kubeless.io/v1beta1",
        "kind": "NATSTrigger",
        "metadata": {"name": "hello", "namespace": "prod", "labels": {"created-by": "kubeless"}},
        "spec": {
            "topic": "hello-nats",
            "functionSelector": {"matchLabels": {"created-by": "kubeless", "function": "pubsub"}},
        },
    }


def test_an_update_leaves_alone_what_it_does_not_name() -> None:
    spec = {"topic": "a", "delivery": {"timeout": 3, "retry": {"maxDelay": 9}, "deadLetter": {"subject": "s"}}}
    changed = NatsWanted(max_attempts=2, dead_letters=False).changed_spec(spec)
    retry, letters = {"maxAttempts": 2}, {"subject": None, "disabled": True}
    assert merge_patch(spec, changed) == {"delivery": {"retry": retry, "deadLetter": letters}}
    assert NatsWanted(topic="", selector="", stream="").changed_spec(spec) == spec


def test_another_order_takes_the_key_with_it() -> None:
    spec = {"topic": "a.*", "delivery": {"order": "key", "keyToken": 2, "timeout": 3}}
    assert NatsWanted(order="none").changed_spec(spec)["delivery"] == {"order": "none", "keyToken": 0, "timeout": 3}
    assert NatsWanted(order="key").changed_spec(spec) == spec


@pytest.mark.parametrize("name", ["a.b", "a b", "a*", "a>", "a/b", "a\\b", "a\x00", "x" * 256])
def test_names_that_jetstream_refuses_are_refused(name: str) -> None:
    with pytest.raises(InvalidField, match=r"^--stream: is no name in JetStream"):
        read_wanted({"stream": name})
    read_wanted({"stream": "ORDERS-1_ü", "durable": ""})


def test_a_report_says_what_is_promised() -> None:
    def source(**spec: str) -> str:
        trigger = {"metadata": {"name": "t", "namespace": "n"}, "spec": {"topic": "a"} | spec}
        return dict(status_rows(trigger))["Source:"]

    assert source() == "core NATS (at most once)"
    assert source(stream="S", durable="d") == "stream S, consumer d (at least once)"


def test_where_the_dead_letters_of_a_trigger_are() -> None:
    def place(**letter: object) -> Place | None:
        spec = {"topic": "bills.>", "delivery": {"deadLetter": letter}}
        return place_of(NATS, {"metadata": {"name": "t"}, "spec": spec}, "n")

    assert place() == Place(NATS, "kubeless.dlq.n.t", "NATSTrigger/n/t")
    assert place(subject="own") == Place(NATS, "own", "NATSTrigger/n/t")
    assert place(disabled=True) is None


def test_only_what_was_listed_is_purged() -> None:
    place, letters = Place(NATS, "s"), [{"id": each} for each in ("2", "9", "10")]
    assert NATS.up_to(chosen(place, letters, None)) == 10
    assert chosen(place, letters, "9") == ["2", "9"]


def test_a_subject_travels_whole() -> None:
    assert NATS.path("a/b?c&d.é", "", {"limit": "1"}) == "deadletters?subject=a%2Fb%3Fc%26d.%C3%A9&limit=1"
    assert NATS.path("s", "12", {}) == "deadletters/12?subject=s"


def test_the_kind_follows_from_the_place() -> None:
    def where(kind: str | None = None, topic: str | None = None, subject: str | None = None) -> Where:
        return Where(None, kind, topic, subject, None, "k", "n")

    assert [kind.name for kind in where().kinds] == ["kafka", "nats"]
    assert [kind.name for kind in where(subject="s").kinds] == ["nats"]
    assert where().service_namespace(NATS) == "n"
    for wrong in (where(topic="t", subject="s"), where("kafka", subject="s")):
        with pytest.raises(Fatal):
            wrong.check()
