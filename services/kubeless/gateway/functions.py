"""
Which function answers a request on a route, and where it lives.

A selector spreads requests over the selected functions that have somewhere to go, each in proportion to its weight; a
function without a ready endpoint does not take its share down with it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kubeless.api.selector import LabelSelector
from kubeless.gateway.refusal import RETRY_SOON, Refusal
from kubeless.gateway.route import Route
from kubeless.gateway.target import Target
from kubeless.routing.endpoints import Endpoint
from kubeless.routing.functions import FunctionRecord


class Functions(Protocol):
    """What the gateway asks of `kubeless.routing.table.RoutingTable`."""

    @property
    def version(self) -> int:
        """Changes with every change: what was looked up at the same version still holds."""

    def function(self, namespace: str, name: str) -> FunctionRecord | None:
        """The function, if it exists."""

    def select(self, namespace: str, selector: LabelSelector) -> list[FunctionRecord]:
        """The functions a selector means."""

    def endpoints(self, namespace: str, name: str) -> tuple[Endpoint, ...]:
        """Where the function can be called now."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A function and the endpoints it can be called at; there is at least one."""

    function: FunctionRecord
    endpoints: tuple[Endpoint, ...]

    @property
    def name(self) -> str:
        """Of the function: `namespace/name`."""
        return f"{self.function.namespace}/{self.function.name}"


def direct_route(functions: Functions, target: Target) -> Route | None:
    """The route to a function whose namespace and name begin the path, if there is such a function."""
    parts = target.path.split("/", 3)
    if len(parts) < 3 or functions.function(parts[1], parts[2]) is None:
        return None
    namespace, name = parts[1:3]
    return Route(key=(namespace, name), host="", prefix=f"/{namespace}/{name}", namespace=namespace, function=name)


def destination(functions: Functions, route: Route, draw: Callable[[], float] = random.random) -> Destination:
    """
    Where a request on `route` goes.

    Raises Refusal (503) that says which function is missing or not ready. There is no waiting for one: a client that
    may wait is told so by `Retry-After`, and one that may not is told at once.
    """
    candidates = _candidates(functions, route)
    reachable = [
        Destination(record, endpoints)
        for record in candidates
        if (endpoints := functions.endpoints(record.namespace, record.name))
    ]
    if not reachable:
        names = ", ".join(f"{record.namespace}/{record.name}" for record in candidates[:5])
        raise Refusal(503, "no_endpoints", f"no endpoint of function {names} is ready", headers=RETRY_SOON)
    return reachable[0] if len(reachable) == 1 else _share(reachable, draw())


def _share(reachable: list[Destination], drawn: float) -> Destination:
    """The one in whose part of the line from 0 to 1 a number falls; the parts are as long as the weights say."""
    left = drawn * sum(each.function.weight for each in reachable)
    for each in reachable:
        left -= each.function.weight
        if left < 0:
            return each
    return reachable[-1]


def _candidates(functions: Functions, route: Route) -> list[FunctionRecord]:
    if route.selector is None:
        record = functions.function(route.namespace, route.function)
        found = [] if record is None else [record]
        missing = f"function {route.namespace}/{route.function} does not exist"
    else:
        found = [record for record in functions.select(route.namespace, route.selector) if record.weight]
        labels = route.selector.to_string()
        missing = f"no function in namespace {route.namespace} has the labels {labels} and a weight above 0"
    if not found:
        raise Refusal(503, "no_function", missing, headers=RETRY_SOON)
    return found
