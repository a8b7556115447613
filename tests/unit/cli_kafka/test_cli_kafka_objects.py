"""What the Kafka commands decide without a cluster."""

import json

import pytest

from kubeless.cli.deadletter.body import body_text
from kubeless.cli.deadletter.purge import chosen
from kubeless.cli.deadletter.redrive import next_size
from kubeless.cli.failure import Fatal
from kubeless.cli.mergepatch import merge_patch
from kubeless.cli.progressbar import bar
from kubeless.cli.topic.messagefile import BATCH_BYTES, batches
from kubeless.cli.trigger.conditions import hint
from kubeless.cli.trigger.creation import new_trigger
from kubeless.cli.trigger.kafka.build import KafkaWanted, read_wanted
from kubeless.cli.trigger.kind import KAFKA as KAFKA_TRIGGER
from kubeless.cli.trigger.selector import read_selector, selector_text
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.letterbox import Place, place_of
from kubeless.manage.letterkind import KINDS


def test_a_new_trigger_is_the_object_that_kubeless_always_wrote() -> None:
    wanted = read_wanted({"topic": "hello-topic", "selector": "created-by=kubeless,function=hello-kafka"})
    assert new_trigger(KAFKA_TRIGGER, "hello", "prod", wanted.new_spec("")) == {
        "apiVersion": "kubeless.io/v1beta1",
        "kind": "KafkaTrigger",
        "metadata": {"name": "hello", "namespace": "prod", "labels": {"created-by": "kubeless"}},
        "spec": {
            "topic": "hello-topic",
            "functionSelector": {"matchLabels": {"created-by": "kubeless", "function": "hello-kafka"}},
        },
    }


def test_set_based_requirements_are_kept() -> None:
    """The Kubeless of old dropped them, so such a trigger called every function."""
    assert read_selector("a in (x,y),!b,c,d!=e") == {
        "matchExpressions": [
            {"key": "a", "operator": "In", "values": ["x", "y"]},
            {"key": "b", "operator": "DoesNotExist"},
            {"key": "c", "operator": "Exists"},
            {"key": "d", "operator": "NotIn", "values": ["e"]},
        ]
    }


@pytest.mark.parametrize("text", ["a=b=c", "a in x", "-a=b", "a=b c=d"])
def test_a_selector_that_cannot_be_read_is_refused_in_the_words_of_old(text: str) -> None:
    with pytest.raises(Fatal, match=r"^Invalid lable selector specified "):
        read_wanted({"topic": "x", "selector": text})


def test_a_new_selector_takes_the_place_of_the_old() -> None:
    current = KafkaWanted(topic="x", selector=read_selector("a=b,c=d")).new_spec("")
    patch = merge_patch(current, KafkaWanted(selector=read_selector("a=z")).changed_spec(current))
    assert patch == {"functionSelector": {"matchLabels": {"a": "z", "c": None}}}


def test_selectors_of_any_object_can_be_shown() -> None:
    assert selector_text({}) == "<none>"
    assert selector_text({"functionSelector": {"matchLabels": {"b": "2", "a": "1"}}}) == "a=1,b=2"
    assert selector_text({"functionSelector": {"matchLabels": "x"}}) == "<invalid>"


def test_a_status_that_is_older_than_the_last_change_is_told() -> None:
    def trigger(observed: int) -> JsonObject:
        status = {"observedGeneration": observed, "conditions": [{"type": "Ready"}]}
        return {"metadata": {"generation": 2}, "status": status}

    assert "older than the last change" in hint(trigger(1), title="Kafka")
    assert hint(trigger(2), title="Kafka") == ""


def test_lines_become_messages_whatever_ends_them() -> None:
    (batch,) = batches([b"a\r\n", b"\n", b"\xff\n", b"last"], {"key": "k"}, json_lines=False)
    found = [json.loads(line) for line in batch.body.splitlines()]
    assert found == [{"key": "k", "value": "a"}, {"key": "k", "valueBase64": "/w=="}, {"key": "k", "value": "last"}]
    assert (batch.messages, batch.read) == (3, 10)


def test_batches_are_bounded_in_bytes_and_messages() -> None:
    found = list(batches([b"x" * (BATCH_BYTES // 2) + b"\n"] * 5, {}, json_lines=False))
    assert [batch.messages for batch in found] == [1] * 5
    assert [batch.messages for batch in batches([b"x\n"] * 2001, {}, json_lines=False)] == [1000, 1000, 1]


@pytest.mark.parametrize("line", [b"[]", b"{", b"1", b"[" * 100_000])
def test_a_line_that_is_no_message_is_named(line: bytes) -> None:
    with pytest.raises(Fatal, match=r"^line 2: "):
        list(batches([b'{"value": "x"}\n', line], {}, json_lines=True))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "(null)\n"),
        (b"", "(empty)\n"),
        (b"[1]", "[\n  1\n]\n"),
        (b"hi \x1b[2J", "hi \ufffd[2J\n"),
        (b"\x00a", f"00000000  {'00 61':<48} |.a|\n"),
    ],
)
def test_a_body_is_shown_as_what_it_is(value: bytes | None, text: str) -> None:
    assert body_text(value) == text


def test_where_the_dead_letters_of_a_trigger_are() -> None:
    kafka = KINDS["kafka"]

    def trigger(**letter: object) -> Place | None:
        spec = {"topic": "bills", "delivery": {"deadLetter": letter}}
        return place_of(kafka, {"metadata": {"name": "t"}, "spec": spec}, "n")

    assert trigger() == Place(kafka, "bills.n.t.dlq", "KafkaTrigger/n/t")
    assert trigger(topic="own") == Place(kafka, "own", "KafkaTrigger/n/t")
    assert trigger(disabled=True) is None


def test_only_what_was_listed_is_purged() -> None:
    letters = [{"id": each} for each in ("0/1", "0/10", "1/2")]
    place = Place(KINDS["kafka"], "t")
    assert place.kind.up_to(chosen(place, letters, None)) == {"0": 10, "1": 2}
    assert chosen(place, letters, "0/9") == ["0/1"]


def test_batches_grow_while_they_are_quick() -> None:
    assert (next_size(8, seconds=0.1), next_size(512, seconds=0.1)) == (16, 512)
    assert (next_size(8, seconds=9.0), next_size(1, seconds=9.0)) == (4, 1)


def test_a_bar_shows_share_count_and_rate() -> None:
    assert bar(0.5, 1200, "messages", seconds=3.0) == f"{'━' * 15}{'─' * 15}  50% 1,200 messages, 400/s"
    assert bar(7.0, 1, "messages", seconds=0.0).startswith("━" * 30 + " 100%")
