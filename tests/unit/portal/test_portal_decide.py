"""What the portal decides, without a browser and without a cluster."""

import math
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from kubeless.core.errors import InvalidField
from kubeless.portal.decide.answers import MAX_SHOWN, show_body
from kubeless.portal.decide.difference import conflicts_of, merged
from kubeless.portal.decide.errorlines import error_line
from kubeless.portal.decide.flows import Reading, flows_between, read_counts
from kubeless.portal.decide.form import apply_fields, fields_of, problem_of
from kubeless.portal.decide.headers import read_headers
from kubeless.portal.decide.logbuffer import LogBuffer
from kubeless.portal.decide.picture import arrows_of, attention
from kubeless.portal.decide.rows import age_text, function_row, page_of
from kubeless.portal.decide.samples import Sample, quantile, rates_between, read_sample
from kubeless.portal.decide.triggers import field_problem, next_times, route_conflict, spec_of, trigger_row

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def a_function(name: str = "hello", **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "default", "generation": 1, "labels": {"function": name}},
        "spec": {"runtime": "python3.11", "handler": "hello.run", "function": "code\n", **spec},
        "status": {
            "observedGeneration": 1,
            "conditions": [{"type": "Ready", "status": "True", "reason": "Ready", "observedGeneration": 1}],
        },
    }


def a_trigger(kind: str, name: str = "t", **spec: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name, "namespace": "default"}, "spec": spec}


@pytest.mark.parametrize(
    ("text", "suffix", "line"),
    [
        ('File "/kubeless/hello.py", line 3\nFile "/usr/lib/json.py", line 90', ".py", 3),
        ("/kubeless/hello.js:4\n  at Module._compile (node:internal/loader:1:2)", ".js", 4),
        ("./hello.go:5:2: undefined: x", ".go", 5),
        ("[ERROR] /src/hello.java:[2,9] ';' expected", ".java", 2),
        ("PHP Parse error: syntax error in /kubeless/hello.php on line 6", ".php", 6),
        ('File "/kubeless/hello.py", line 999', ".py", None),
        ("nothing of the kind", ".py", None),
    ],
)
def test_the_line_of_an_error_is_that_of_the_functions_own_file(text: str, suffix: str, line: int | None) -> None:
    assert error_line(text, handler="hello.run", suffix=suffix, lines=10) == line


def test_an_unchanged_form_asks_for_the_same_object() -> None:
    function = a_function(deployment={"spec": {"replicas": 2}}, deps="x\n")
    assert apply_fields(function, fields_of(function))["spec"] == function["spec"]


def test_a_form_changes_what_was_typed_and_keeps_what_it_does_not_know() -> None:
    secret = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    pod = {"containers": [{"name": "", "env": [{"name": "A", "value": "1"}, secret], "image": "own"}]}
    function = a_function(deployment={"spec": {"template": {"spec": pod}}})
    changed = apply_fields(function, fields_of(function) | {"env": "A=2\nB=3=4\n", "replicas": "2", "memory": "64Mi"})
    container = changed["spec"]["deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert container["env"] == [{"name": "A", "value": "2"}, {"name": "B", "value": "3=4"}, secret]
    assert (container["image"], container["resources"]["limits"]["memory"]) == ("own", "64Mi")
    assert changed["spec"]["replicas"] == 2
    assert function["spec"]["deployment"]["spec"]["template"]["spec"] == pod


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("handler", "nodots"),
        ("timeout", "-1"),
        ("port", "70000"),
        ("memory", "lots"),
        ("env", "NO EQUALS"),
        ("labels", "a=<script>"),
        ("code", "x" * (1 << 20) + "y"),
    ],
)
def test_a_field_that_cannot_be_used_is_told_and_not_sent(field: str, value: str) -> None:
    assert problem_of(field, value)
    with pytest.raises(InvalidField):
        apply_fields(a_function(), fields_of(a_function()) | {field: value})


def test_two_changes_conflict_only_where_they_touch() -> None:
    before = {"code": "a", "timeout": "1"}
    mine, theirs = {"code": "b", "timeout": "1"}, {"code": "a", "timeout": "2"}
    assert conflicts_of(before, mine, theirs) == []
    assert merged(before, mine, theirs) == {"code": "b", "timeout": "2"}
    (conflict,) = conflicts_of(before, mine, {"code": "c", "timeout": "1"})
    assert (conflict.what, conflict.lines[-2:]) == ("code", ("-c", "+b"))


def test_a_page_of_many_functions_is_sorted_filtered_and_cut() -> None:
    rows = [function_row(a_function(f"f{number:03}")) for number in range(100)]
    found, count = page_of(rows, text="f0", sort="name", descending=True, page=2, size=30)
    assert (count, found[0].name, len(found)) == (100, "f069", 30)
    assert page_of(rows, text="function=f007", sort="age", descending=False, page=9, size=25)[1] == 1


def test_a_status_of_an_older_generation_is_not_believed() -> None:
    function = a_function()
    function["metadata"]["generation"] = 2
    assert function_row(function).state == "waiting"


@pytest.mark.parametrize(
    ("created", "text"),
    [("2026-11-24T11:59:30Z", "30s"), ("2026-11-24T09:00:00Z", "3h"), ("2026-11-01T00:00:00Z", "23d"), ("junk", "")],
)
def test_ages_are_short(created: str, text: str) -> None:
    assert age_text(created, now=NOW) == text


def test_rates_come_from_two_samples_and_survive_a_restart() -> None:
    before = Sample(0.0, calls=10, failures=1, seconds=1.0, buckets=Counter({0.1: 10, math.inf: 10}))
    after = Sample(10.0, calls=30, failures=6, seconds=6.0, buckets=Counter({0.1: 20, math.inf: 30}))
    rates = rates_between(before, after)
    assert (rates.calls, rates.failures, rates.in_flight) == (2.0, 0.5, 0.5)
    assert rates_between(after, Sample(20.0, calls=5)).calls == 0.5


def test_a_quantile_is_read_inside_its_bucket() -> None:
    assert quantile(0.5, {0.1: 0.0, 0.2: 10.0, math.inf: 10.0}) == pytest.approx(0.15)
    assert quantile(0.95, {0.1: 1.0, math.inf: 10.0}) == 0.1
    assert quantile(0.95, {}) is None


def test_metrics_that_are_none_count_nothing() -> None:
    assert read_sample(b"<html>\nfunction_calls_total{} NaN\nfunction_calls_total x", time=1.0).calls == 0
    text = b'function_calls_total{method="GET"} 3\nfunction_calls_total{method="POST"} 4.0\n'
    assert read_sample(text, time=1.0).calls == 7


def test_flows_are_per_trigger_and_function() -> None:
    text = (
        'kubeless_events_delivered_total{function="default/f",kind="KafkaTrigger",namespace="default",trigger="t"} %d\n'
        'kubeless_events_dead_lettered_total{function="default/f",namespace="default",trigger="t"} 1\n'
        'kubeless_trigger_lag{function="default/f",namespace="default",trigger="t"} 7\n'
    )
    before = Reading(0.0, read_counts((text % 0).encode(), kind="Kafka"))
    after = Reading(2.0, read_counts((text % 4).encode(), kind="Kafka"))
    ((edge, flow),) = flows_between(before, after).items()
    assert edge == ("Kafka", "default", "t", "f")
    assert (flow.good, flow.bad, flow.lag) == (2.0, 0.0, 7.0)


def test_what_fails_comes_first() -> None:
    row = trigger_row(a_trigger("KafkaTrigger", topic="orders", functionSelector={"matchLabels": {"a": "b"}}))
    broken = function_row(a_function())
    arrows = arrows_of([row], {})
    assert (arrows[0].source, arrows[0].function) == ("orders", "a=b")
    assert attention([broken], [], arrows) == []


def test_a_flood_of_lines_is_counted_and_cut() -> None:
    buffer = LogBuffer(limit=10)
    buffer.feed("pod", b"\n".join(b"%d" % number for number in range(1000)))
    buffer.feed("pod", b"\n" + b"z" * 100_000)
    lines, skipped = buffer.after(0, limit=5)
    assert (buffer.count, len(lines), skipped) == (1001, 5, 996)
    assert len(lines[-1].text) < 2100


def test_lines_of_two_pods_are_not_mixed_and_lose_what_controls_terminals() -> None:
    buffer = LogBuffer()
    buffer.feed("a", b"one ")
    buffer.feed("b", b"\x1b[31mred\x07\n")
    buffer.feed("a", b"line\n")
    assert [(line.pod, line.text) for line in buffer.after(0, limit=9)[0]] == [("b", "red"), ("a", "one line")]


@pytest.mark.parametrize(
    ("body", "kind"), [(b'{"a":1}', "JSON"), (b"hi", "text"), (b"\xff\x00", "hex"), (b"a\x00b", "hex"), (b"", "empty")]
)
def test_a_body_is_shown_as_what_it_is(body: bytes, kind: str) -> None:
    assert show_body(body).kind == kind


def test_a_long_body_is_cut() -> None:
    shown = show_body(b"y" * 1_000_000)
    assert (shown.cut, len(shown.text), shown.size) == (True, MAX_SHOWN, 1_000_000)


@pytest.mark.parametrize("text", ["no colon", "a b: c", "Host: x", "Authorization: Bearer x", "x: \x00", "x: ü"])
def test_a_header_that_could_harm_is_refused(text: str) -> None:
    with pytest.raises(InvalidField):
        read_headers(text)


def test_a_schedule_tells_its_next_times_in_its_zone() -> None:
    times = next_times({"schedule": "30 2 * * *", "timeZone": "Europe/Berlin"}, 2, now=NOW.timestamp())
    assert times == ["2026-11-25 02:30:00 CET", "2026-11-26 02:30:00 CET"]
    assert next_times({"schedule": "nonsense"}, 5) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("topic", "a b"), ("subject", "a..b"), ("schedule", "* *"), ("zone", "Mars/Base"), ("selector", "a in ("),
     ("host", "bad host"), ("path", "/<x>"), ("function", "")],
)  # fmt: skip
def test_a_form_of_a_trigger_tells_what_is_wrong(field: str, value: str) -> None:
    assert field_problem(field, value, {})


def test_a_form_of_a_trigger_keeps_what_it_does_not_know() -> None:
    before = {"topic": "a", "delivery": {"order": "key"}, "suspend": True}
    spec = spec_of("Kafka", {"topic": "b", "selector": "function=f"}, before=before)
    assert spec == before | {"topic": "b", "functionSelector": {"matchLabels": {"function": "f"}}}


def test_a_route_that_is_taken_is_told() -> None:
    taken = trigger_row(a_trigger("HTTPTrigger", "door", path="/in", **{"host-name": "A.example"}))
    assert "default/door" in route_conflict({"host": "a.example", "path": "in"}, [taken], own="")
    assert route_conflict({"host": "a.example", "path": "in"}, [taken], own=taken.id) == ""
