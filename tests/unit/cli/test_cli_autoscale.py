"""The autoscaling rules that the commands write and list."""

import pytest

from kubeless.api.function import parse_function
from kubeless.cli.autoscale.rule import Rule, has_rule, new_autoscaler, row
from kubeless.cli.failure import Fatal
from kubeless.controller.desired.autoscaler import desired_autoscaler
from kubeless.core.jsontypes import JsonObject

FUNCTION: JsonObject = {
    "apiVersion": "kubeless.io/v1beta1",
    "kind": "Function",
    "metadata": {"name": "bill", "namespace": "team", "uid": "1", "labels": {"created-by": "kubeless", "a": "b"}},
    "spec": {},
}


def autoscaler(metric: str, value: str) -> JsonObject:
    return new_autoscaler(FUNCTION, Rule(min=2, max=5, metric=metric, value=value))


@pytest.mark.parametrize(
    ("metric", "value", "shown"),
    [
        ("cpu", "70", ("bill", "team", "bill", "2", "5", "cpu", "70")),
        ("qps", "10", ("bill", "team", "bill", "2", "5", "function_calls", "10")),
        ("qps", "500m", ("bill", "team", "bill", "2", "5", "function_calls", "500m")),
    ],
)
def test_a_rule_is_listed_as_it_was_asked_for(metric: str, value: str, shown: tuple[str, ...]) -> None:
    assert row(autoscaler(metric, value)) == shown


@pytest.mark.parametrize(("metric", "value"), [("cpu", "70"), ("qps", "10")])
def test_the_controller_takes_a_rule_as_it_is(metric: str, value: str) -> None:
    written = autoscaler(metric, value)
    function = parse_function(FUNCTION | {"spec": {"horizontalPodAutoscaler": written}})
    wanted = desired_autoscaler(function)
    assert wanted is not None
    assert wanted["spec"] == written["spec"]


def test_the_labels_are_those_of_the_function() -> None:
    assert autoscaler("cpu", "70")["metadata"]["labels"] == {"created-by": "kubeless", "a": "b"}


@pytest.mark.parametrize(
    ("least", "most", "metric", "value", "complaint"),
    [
        (0, 1, "cpu", "70", "min can't be negative or zero"),
        (-1, 1, "cpu", "70", "min can't be negative or zero"),
        (3, 2, "cpu", "70", "max must be greater than or equal to min"),
        (1, 1, "memory", "70", "only supported metrics: cpu, qps"),
        (1, 1, "cpu", "70%", "--value"),
        (1, 1, "cpu", "0", "--value"),
        (1, 1, "qps", "fast", "--value"),
        (1, 1, "qps", "0", "--value"),
    ],
)
def test_senseless_rules_are_refused(least: int, most: int, metric: str, value: str, complaint: str) -> None:
    with pytest.raises(Fatal, match=complaint):
        Rule(min=least, max=most, metric=metric, value=value).check()


@pytest.mark.parametrize("spec", [{}, {"horizontalPodAutoscaler": None}, {"horizontalPodAutoscaler": {"metadata": {}}}])
def test_empty_values_of_go_are_no_rule(spec: JsonObject) -> None:
    assert not has_rule({"metadata": {"name": "bill"}, "spec": spec})


def test_a_bare_autoscaler_of_others_is_listed_with_gaps() -> None:
    assert row({"metadata": {"name": "a"}}) == ("a", "", "", "", "", "", "")
