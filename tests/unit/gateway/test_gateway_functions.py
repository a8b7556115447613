"""Which function gets a request."""

import pytest

from kubeless.api.selector import LabelSelector, parse_selector_string
from kubeless.gateway.functions import destination, direct_route
from kubeless.gateway.refusal import Refusal
from kubeless.gateway.route import Route
from kubeless.gateway.target import parse_target
from kubeless.routing.endpoints import Endpoint
from kubeless.routing.functions import FunctionRecord


class Table:
    """Functions `default/<name>` labelled `app=shop`, each with the endpoints given."""

    def __init__(self, **ports: tuple[int, ...]) -> None:
        self._ports = ports

    def function(self, namespace: str, name: str) -> FunctionRecord | None:
        if namespace != "default" or name not in self._ports:
            return None
        return FunctionRecord("default", name, {"app": "shop"}, timeout=180, port=8080, generation=1)

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
