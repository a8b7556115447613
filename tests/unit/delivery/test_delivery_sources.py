"""What the services with a broker have in common, decided without I/O."""

from dataclasses import replace
from typing import Any

import pytest

from kubeless.api.kafkatrigger import KafkaTriggerSpec, parse_kafka_trigger
from kubeless.delivery.sources.conditions import dead_letter_writable, suspended
from kubeless.delivery.sources.record import TriggerRecord, reader
from kubeless.delivery.sources.subscriptions import spec_for
from kubeless.kube.cache import ObjectKey
from kubeless.routing.functions import FunctionRecord

read = reader(parse_kafka_trigger)


def trigger(**spec: Any) -> TriggerRecord[KafkaTriggerSpec]:
    metadata = {"name": "orders", "namespace": "shop", "creationTimestamp": "2026-01-01T00:00:10Z"}
    return read(
        {"metadata": metadata, "spec": {"topic": "t", "functionSelector": {"matchLabels": {"app": "x"}}} | spec}
    )


def function(**labels: str) -> FunctionRecord:
    return FunctionRecord("shop", "greet", labels, timeout=5.0, port=8080, generation=1, created=99.0)


def test_a_function_gets_events_of_a_trigger_that_selects_it() -> None:
    record = trigger()
    assert spec_for(record, function(app="x", more="y")) is record.spec
    assert (record.key, record.created) == (ObjectKey("shop", "orders"), 1767225610.0)


@pytest.mark.parametrize(
    ("record", "target"),
    [
        (trigger(suspend=True), function(app="x")),
        (trigger(topic=""), function(app="x")),
        (trigger(), function(app="y")),
        (replace(trigger(), metadata=replace(trigger().metadata, deleting=True)), function(app="x")),
    ],
)
def test_a_function_gets_no_events(record: TriggerRecord[KafkaTriggerSpec], target: FunctionRecord) -> None:
    assert spec_for(record, target) is None


@pytest.mark.parametrize(
    "obj", [{}, {"metadata": None}, {"spec": 5}, {"metadata": {"name": "a"}, "spec": {"topic": 1}}]
)
def test_a_trigger_that_makes_no_sense_is_kept_with_its_problem(obj: dict[str, Any]) -> None:
    record = read(obj)
    assert record.spec is None
    assert record.problem


def test_the_condition_of_dead_letters_names_the_first_function_that_waits() -> None:
    condition = dead_letter_writable(False, {"b": "full", "c": "full", "a": ""}, 1)
    assert (condition.status, condition.reason) == (False, "WriteFailed")
    assert "for b " in condition.message
    assert dead_letter_writable(True, {"b": "full"}, 1).status is True
    assert dead_letter_writable(False, {"a": ""}, 1).status is True


def test_a_suspended_trigger_says_how_to_go_on() -> None:
    assert "spec.suspend" in suspended(True, 1).message
    assert suspended(False, 1).status is False
