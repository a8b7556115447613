"""The decisions of the autoscaler, in tables: what metrics ask for, and how fast it follows them."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.autoscaler.behavior import History, parse_behavior
from kubeless.local.node.autoscaler.calls import total_calls
from kubeless.local.node.autoscaler.decision import Decision, Reading, decide, parse_rule
from kubeless.local.node.autoscaler.metric import Metric, Target, parse_metric, quantity
from kubeless.local.node.autoscaler.proposal import NotMeasured, PodReading, Proposal, by_average, by_pods, by_value
from kubeless.local.node.autoscaler.readings import tells_of_load
from kubeless.local.node.usage import Usage

HALF = Target("Utilization", Fraction(50))
CPU: JsonObject = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
}
CALLS: JsonObject = {
    "type": "Object",
    "object": {
        "describedObject": {"apiVersion": "v1", "kind": "Service", "name": "hello"},
        "metric": {"name": "function_calls"},
        "target": {"type": "Value", "value": "10"},
    },
}


def pods(*millicores: int | None, starting: int = 0) -> list[PodReading]:
    """Ready pods that use so much (None: not measured) of 100m requested, and some that start up."""
    ready = [
        PodReading("p", True, None if used is None else Fraction(used, 1000), Fraction(100, 1000))
        for used in millicores
    ]
    return ready + [PodReading("s", False, Fraction(1), Fraction(100, 1000))] * starting


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        (pods(100), 2),
        (pods(400), 8),
        (pods(100, 100), 4),
        (pods(55, 55), 2),  # within the tolerance
        (pods(56, 56), 3),
        (pods(45, 45), 2),
        (pods(44, 44, 44, 44), 4),  # rounded up
        (pods(0, 0, 0, 0), 0),
        (pods(100, None), 2),  # who is not measured idles, when it would grow
        (pods(400, None), 8),
        (pods(10, 10, 10, None), 3),  # and is fully used, when it would shrink
        (pods(10, None), 2),
        (pods(100, starting=1), 2),  # pods that start up dampen growth
        (pods(400, starting=1), 8),
        (pods(60, starting=3), 4),
        (pods(10, 10, starting=1), 1),  # and do not matter otherwise
    ],
)
def test_pods_follow_the_ratio_of_use_to_target(readings: list[PodReading], expected: int) -> None:
    assert by_pods(len(readings), readings, HALF).replicas == expected


def test_a_utilization_is_told_in_percent_and_as_an_amount() -> None:
    assert by_pods(2, pods(30, 41), HALF).current == {"averageUtilization": 35, "averageValue": "36m"}


@pytest.mark.parametrize("readings", [[], pods(None), pods(starting=2)])
def test_without_a_measured_pod_nothing_is_proposed(readings: list[PodReading]) -> None:
    with pytest.raises(NotMeasured, match="did not receive metrics"):
        by_pods(1, readings, HALF)


def test_a_utilization_of_nothing_requested_names_the_pod_and_the_remedy() -> None:
    with pytest.raises(NotMeasured, match="missing request in Pod p; deploy the function with --cpu"):
        by_pods(1, [PodReading("p", True, Fraction(1))], HALF)


def test_an_average_needs_no_request() -> None:
    target = Target("AverageValue", Fraction(1, 10))
    assert by_pods(1, [PodReading("p", True, Fraction(3, 10))], target) == Proposal(3, {"averageValue": "300m"})


@pytest.mark.parametrize(("value", "current", "expected"), [(10, 1, 1), (11, 1, 1), (12, 1, 2), (40, 2, 8), (2, 4, 1)])
def test_one_value_for_all_scales_in_proportion(value: int, current: int, expected: int) -> None:
    target = Target("Value", Fraction(10))
    assert by_value(current, current, Fraction(value), target) == Proposal(expected, {"value": str(value)})


@pytest.mark.parametrize(("value", "current", "expected"), [(40, 1, 4), (40, 4, 4), (43, 4, 4), (45, 4, 5), (5, 4, 1)])
def test_a_value_that_pods_share_asks_for_as_many_as_it_takes(value: int, current: int, expected: int) -> None:
    assert by_average(current, Fraction(value), Target("AverageValue", Fraction(10))).replicas == expected


def spec(**more: Any) -> JsonObject:
    return {"minReplicas": 1, "maxReplicas": 20, **more}


def wants(replicas: int | None, metric: JsonObject = CPU) -> Reading:
    proposal = None if replicas is None else Proposal(replicas, {"averageUtilization": 1})
    return Reading(parse_metric(metric), proposal, "" if replicas is not None else "failed to get it: away")


def condition(decision: Decision, kind: str) -> tuple[bool, str]:
    return next((each.status, each.reason) for each in decision.conditions if each.type == kind)


@pytest.mark.parametrize(
    ("current", "wanted", "expected", "limited"),
    [
        (1, 1, 1, (False, "DesiredWithinRange")),
        (1, 3, 3, (False, "DesiredWithinRange")),
        (1, 9, 5, (True, "ScaleUpLimit")),  # four more
        (6, 20, 12, (True, "ScaleUpLimit")),  # or twice as many
        (15, 30, 20, (True, "TooManyReplicas")),
    ],
)
def test_growth_is_bounded(current: int, wanted: int, expected: int, limited: tuple[bool, str]) -> None:
    decision = decide(parse_rule(spec()), current, [wants(wanted)], History(), now=100.0)
    assert decision.replicas == expected
    assert condition(decision, "ScalingLimited") == limited
    assert condition(decision, "ScalingActive") == (True, "ValidMetricFound")


def test_growth_goes_on_after_fifteen_seconds_and_not_before() -> None:
    rule, history, replicas = parse_rule(spec()), History(), 1
    seen = []
    for moment in (0.0, 5.0, 10.0, 15.0, 20.0, 30.0):
        decision = decide(rule, replicas, [wants(50)], history, now=moment)
        replicas, history = decision.replicas, decision.history
        seen.append(replicas)
    assert seen == [5, 5, 5, 10, 10, 20]


def test_pods_go_only_after_five_minutes_of_wanting_fewer() -> None:
    rule, history, replicas = parse_rule(spec()), History(((0.0, 4),)), 4
    changed = []
    for moment in range(5, 320, 5):
        decision = decide(rule, replicas, [wants(1)], history, now=float(moment))
        if decision.replicas != replicas:
            changed.append((moment, decision.replicas, decision.reason))
        else:
            held = condition(decision, "AbleToScale")
            assert held == ((True, "ScaleDownStabilized") if replicas > 1 else (True, "ReadyForNewScale"))
        replicas, history = decision.replicas, decision.history
    assert changed == [(300, 1, "All metrics below target")]


@pytest.mark.parametrize(
    ("down", "expected", "reason"),
    [
        ({"stabilizationWindowSeconds": 0}, 1, "DesiredWithinRange"),
        ({"stabilizationWindowSeconds": 0, "policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]}, 8, "Down"),
        ({"stabilizationWindowSeconds": 0, "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}]}, 5, ""),
        (
            {
                "stabilizationWindowSeconds": 0,
                "selectPolicy": "Min",
                "policies": [
                    {"type": "Pods", "value": 1, "periodSeconds": 60},
                    {"type": "Percent", "value": 50, "periodSeconds": 60},
                ],
            },
            9,
            "",
        ),
        ({"stabilizationWindowSeconds": 0, "selectPolicy": "Disabled"}, 10, "Down"),
    ],
)
def test_the_behavior_given_is_honoured_when_shrinking(down: JsonObject, expected: int, reason: str) -> None:
    decision = decide(parse_rule(spec(behavior={"scaleDown": down})), 10, [wants(1)], History(), now=0.0)
    assert decision.replicas == expected
    assert reason in condition(decision, "ScalingLimited")[1]


def test_a_window_for_growth_takes_the_lowest_recommendation_in_it() -> None:
    rule = parse_rule(spec(behavior={"scaleUp": {"stabilizationWindowSeconds": 60}}))
    decision = decide(rule, 2, [wants(6)], History(((0.0, 3),)), now=30.0)
    assert decision.replicas == 3
    assert decide(rule, 2, [wants(6)], History(((0.0, 3),)), now=61.0).replicas == 6


def test_rules_not_given_have_the_defaults_of_kubernetes() -> None:
    assert (
        parse_behavior({"scaleDown": {"stabilizationWindowSeconds": 0}}).down.policies
        == parse_behavior({}).down.policies
    )
    assert parse_behavior(None).down.window == 300.0
    assert parse_behavior(None).up.window == 0.0


@pytest.mark.parametrize(
    ("current", "expected", "reason"),
    [
        (30, 20, "Current number of replicas above Spec.MaxReplicas"),
        (1, 2, "Current number of replicas below Spec.MinReplicas"),
    ],
)
def test_bounds_need_no_metric(current: int, expected: int, reason: str) -> None:
    decision = decide(parse_rule(spec(minReplicas=2)), current, [wants(None)], History(), now=0.0)
    assert (decision.replicas, decision.reason) == (expected, reason)


def test_a_target_without_pods_is_left_alone() -> None:
    decision = decide(parse_rule(spec()), 0, [], History(), now=0.0)
    assert decision.replicas == 0
    assert condition(decision, "ScalingActive") == (False, "ScalingDisabled")


@pytest.mark.parametrize(
    ("readings", "expected", "active"),
    [
        ([wants(3), wants(5, CALLS)], 5, (True, "ValidMetricFound")),
        ([wants(None), wants(5, CALLS)], 5, (True, "ValidMetricFound")),  # what is not known cannot want fewer
        ([wants(None), wants(1, CALLS)], 4, (False, "FailedGetResourceMetric")),  # but may want more
        ([wants(None, CALLS)], 4, (False, "FailedGetObjectMetric")),
    ],
)
def test_of_several_metrics_the_most_demanding_counts(
    readings: list[Reading], expected: int, active: tuple[bool, str]
) -> None:
    rule = parse_rule(spec(behavior={"scaleDown": {"stabilizationWindowSeconds": 0}}))
    decision = decide(rule, 4, readings, History(), now=0.0)
    assert decision.replicas == expected
    assert condition(decision, "ScalingActive") == active
    assert len(decision.metrics) == len(readings)


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        (CPU, "cpu resource utilization (percentage of request)"),
        (CALLS, "Service metric function_calls"),
        (
            {
                "type": "Pods",
                "pods": {"metric": {"name": "x"}, "target": {"type": "AverageValue", "averageValue": "1"}},
            },
            "pods metric x",
        ),
    ],
)
def test_metrics_have_the_names_of_kubernetes(metric: JsonObject, name: str) -> None:
    assert str(parse_metric(metric)) == name


def test_the_status_of_a_metric_repeats_what_it_is() -> None:
    found: Metric = parse_metric(CALLS)
    described = {key: CALLS["object"][key] for key in ("metric", "describedObject")}
    assert found.status({"value": "7"}) == {"type": "Object", "object": {**described, "current": {"value": "7"}}}


@pytest.mark.parametrize(
    "metric",
    [
        {"type": "Weather"},
        {"type": "Resource", "resource": {"name": "cpu"}},
        {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 0}}},
        {"type": "Object", "object": {"target": {"value": "much"}}},
    ],
)
def test_a_metric_without_a_usable_target_is_refused(metric: JsonObject) -> None:
    with pytest.raises(InvalidField):
        parse_metric(metric)


def test_amounts_are_told_to_thousandths_rounded_up() -> None:
    assert [quantity(Fraction(each)) for each in ("0", "3", "1/2", "1/3000")] == ["0", "3", "500m", "1m"]


NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def pod(*, started: float, ready: bool, changed: float, phase: str = "Running") -> JsonObject:
    """A pod that started, and whose readiness changed, so many seconds ago."""

    def ago(seconds: float) -> str:
        return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    return {
        "status": {
            "phase": phase,
            "startTime": ago(started),
            "conditions": [{"type": "Ready", "status": str(ready), "lastTransitionTime": ago(changed)}],
        }
    }


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        (pod(started=60, ready=True, changed=50), True),
        (pod(started=12, ready=True, changed=8), False),  # part of the window was the start
        (pod(started=60, ready=False, changed=50), False),
        (pod(started=900, ready=True, changed=5), True),
        (pod(started=900, ready=False, changed=100), True),  # it was ready once: its load counts
        (pod(started=900, ready=False, changed=890), False),  # it never was
        (pod(started=60, ready=True, changed=50, phase="Pending"), False),
    ],
)
def test_what_a_pod_uses_to_start_up_is_no_load(each: JsonObject, expected: bool) -> None:
    usage = Usage(cpu=1.0, memory=1, window=15.0, at=NOW)
    assert tells_of_load(each, [usage], now=NOW) is expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b'function_calls_total{method="GET"} 3\nfunction_calls_total{method="POST"} 4.0\nother_total 9\n', 7.0),
        (b"# TYPE function_calls_total counter\n", 0.0),
        (b"function_calls_total 5\n", 5.0),
        (b"function_calls_total 1.2.3\n", 0.0),
        (b"<html>hello</html>", None),
        (b"", None),
    ],
)
def test_calls_of_all_methods_are_summed(page: bytes, expected: float | None) -> None:
    assert total_calls(page) == expected
