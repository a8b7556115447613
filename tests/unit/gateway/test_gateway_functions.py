"""Which function gets a request."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from kubeless.api.selector import LabelSelector, parse_selector_string
from kubeless.gateway.functions import destination, direct_route
from kubeless.gateway.refusal import Refusal
from kubeless.gateway.route import Route
from kubeless.gateway.target import parse_target
from kubeless.routing.endpoints import Endpoint
from kubeless.routing.functions import FunctionRecord, record_function


class Table:
    """Functions `default/<name>` labelled `app=shop`, each with the endpoints given."""

    version = 0

    def __init__(self, weights: Mapping[str, int] = MappingProxyType({}), **ports: tuple[int, ...]) -> None:
        self._weights = weights
        self._ports = ports

    def function(self, namespace: str, name: str) -> FunctionRecord | None:
        if namespace != "default" or name not in self._ports:
            return None
        return FunctionRecord(
            "default", name, {"app": "shop"}, timeout=180, port=8080, generation=1, weight=self._weights.get(name, 1)
        )

    def select(self, namespace: str, selector: LabelSelector) -> list[FunctionRecord]:
        records = [self.function(namespace, name) for name in self._ports]
        return [record for record in records if record is not None and selector.matches(record.labels)]

    def endpoints(self, namespace: str, name: str) -> tuple[Endpoint, ...]:
        return tuple(Endpoint("10.0.0.1", port) for port in self._ports[name])


def named(function: str) -> Route:
    return Route(key=("default", "t"), host="", prefix="", namespace="default", function=function)


def selected(selector: str) -> Route:
    return Route(
        key=("default", "t"),
        host="",
        prefix="",
        namespace="default",
        function="",
        selector=parse_selector_string(selector),
    )


def test_a_named_function_is_called_at_its_endpoints() -> None:
    chosen = destination(Table(a=(1, 2)), named("a"))
    assert (chosen.function.name, chosen.endpoints) == ("a", (Endpoint("10.0.0.1", 1), Endpoint("10.0.0.1", 2)))


def test_a_selector_spreads_over_its_functions() -> None:
    table = Table(a=(1,), b=(2,), c=(3,))
    draws = iter((0.0, 0.4, 0.99))
    chosen = [destination(table, selected("app=shop"), lambda: next(draws)).function.name for _ in range(3)]
    assert chosen == ["a", "b", "c"]


def test_a_selected_function_that_is_not_ready_is_passed_over() -> None:
    assert destination(Table(a=(), b=(2,)), selected("app=shop"), lambda: 0.0).function.name == "b"


def test_requests_are_spread_in_proportion_to_the_weights() -> None:
    table = Table({"a": 1, "b": 0, "c": 3}, a=(1,), b=(2,), c=(3,))
    chosen = [destination(table, selected("app=shop"), lambda: step / 100).function.name for step in range(100)]  # noqa: B023
    assert (chosen.count("a"), chosen.count("b"), chosen.count("c")) == (25, 0, 75)


def test_a_weight_does_not_keep_a_trigger_from_the_function_it_names() -> None:
    assert destination(Table({"a": 0}, a=(1,)), named("a")).function.name == "a"


def test_functions_without_weight_are_no_place_to_go() -> None:
    with pytest.raises(Refusal, match="weight above 0"):
        destination(Table({"a": 0}, a=(1,)), selected("app=shop"))


@pytest.mark.parametrize(
    ("metadata", "weight"),
    [
        ({}, 1),
        ({"annotations": {"kubeless.io/weight": "3"}, "labels": {"kubeless.io/weight": "4"}}, 3),
        ({"labels": {"kubeless.io/weight": "4"}}, 4),
        ({"labels": {"kubeless.io/weight": "0"}}, 0),
        ({"annotations": {"kubeless.io/weight": "-1"}, "labels": {"kubeless.io/weight": "2"}}, 2),
        ({"annotations": {"kubeless.io/weight": "9" * 5000}}, 1),
        ({"annotations": {"kubeless.io/weight": 7}}, 1),
        ({"annotations": "nonsense"}, 1),
    ],
)
def test_the_weight_is_an_annotation_or_a_label(metadata: dict[str, object], weight: int) -> None:
    assert record_function({"metadata": {"name": "a", "namespace": "default", **metadata}}).weight == weight


@pytest.mark.parametrize(
    ("route", "outcome", "words"),
    [
        (named("x"), "no_function", "default/x does not exist"),
        (named("a"), "no_endpoints", "default/a"),
        (selected("app=none"), "no_function", "app=none"),
        (selected("app=shop"), "no_endpoints", "default/a, default/b"),
    ],
)
def test_without_a_place_to_go_the_refusal_says_which_function_is_missing(
    route: Route, outcome: str, words: str
) -> None:
    with pytest.raises(Refusal, match=words) as caught:
        destination(Table(a=(), b=()), route)
    assert (caught.value.status, caught.value.outcome) == (503, outcome)


@pytest.mark.parametrize("path", [b"/default", b"/default/", b"/default/x", b"/other/a", b"//a", b"/"])
def test_only_existing_functions_have_a_direct_route(path: bytes) -> None:
    assert direct_route(Table(a=(1,)), parse_target(path)) is None


def test_a_direct_route_has_two_segments() -> None:
    target = parse_target(b"/default/a/rest?x")
    route = direct_route(Table(a=(1,)), target)
    assert route is not None
    assert target.rest(route.depth) == b"/rest?x"
