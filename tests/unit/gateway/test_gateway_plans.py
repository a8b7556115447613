"""A plan holds for the bytes it was made of, as long as nothing it depends on has changed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from kubeless.api.selector import LabelSelector
from kubeless.core.settings import load
from kubeless.gateway.admission import Admission
from kubeless.gateway.basicauth import PasswordCheck
from kubeless.gateway.dispatch import Dispatch
from kubeless.gateway.http.head import parse_head
from kubeless.gateway.http.limits import Limits
from kubeless.gateway.incoming import Incoming
from kubeless.gateway.limits import RouteLimits
from kubeless.gateway.plans import Plans
from kubeless.gateway.protection import Protection
from kubeless.gateway.route import Route
from kubeless.gateway.secretwatch import SecretWatch
from kubeless.gateway.settings import Settings
from kubeless.gateway.table import RouteTable
from kubeless.routing.endpoints import Endpoint
from support.rawhttp import ECHO, Functions, NoCluster

HEAD = b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"


def read(raw: bytes, scheme: str = "http") -> Incoming:
    head = parse_head(raw, Limits())
    length = head.length or None
    return Incoming(head.method, head.target, head.fields, b"", length, "10.0.0.7", scheme, True, head.first)


class World:
    """Plans, and what they depend on."""

    def __init__(self, route: Route, passwords: PasswordCheck) -> None:
        self.routes = RouteTable()
        self.routes.put(route)
        self.functions = Functions(Endpoint("10.0.0.1", 8080))
        limits = RouteLimits(in_flight=0, queued=0, patience=0)
        dispatch = Dispatch(load(Settings, {}), routes=self.routes, functions=self.functions)
        self.plans = Plans(dispatch, Admission(Protection(SecretWatch(NoCluster())), passwords, limits))

    def offer(self, raw: bytes = HEAD, *, scheme: str = "http") -> bool:
        """Whether it gets a plan."""
        self.plans.offer(raw, read(raw, scheme))
        return self.plans.find(raw) is not None


@asynccontextmanager
async def world(route: Route = ECHO) -> AsyncIterator[World]:
    async with PasswordCheck() as passwords:
        yield World(route, passwords)


async def test_a_head_that_is_offered_gets_a_plan_and_others_are_not_meant_by_it() -> None:
    async with world() as it:
        assert it.plans.find(HEAD) is None
        assert it.offer()
        for other in (HEAD[:-1], HEAD + b"x", HEAD.replace(b"x", b"X"), HEAD.replace(b"echo", b"ech0"), b""):
            assert it.plans.find(other) is None


async def test_a_plan_ends_with_any_change_of_routes_or_functions() -> None:
    async with world() as it:
        assert it.offer()
        it.routes.put(replace(ECHO, key=("default", "other"), prefix="/other"))
        assert it.plans.find(HEAD) is None
        assert it.offer()
        it.functions.change(Endpoint("10.0.0.2", 8080))
        assert it.plans.find(HEAD) is None


async def test_a_route_with_tls_is_planned_for_requests_that_came_by_tls_only() -> None:
    for scheme, planned in (("http", False), ("https", True)):
        async with world(replace(ECHO, tls_secret="cert")) as it:
            assert it.offer(scheme=scheme) is planned


async def test_what_needs_a_decision_of_its_own_is_not_planned() -> None:
    some = LabelSelector.parse({"matchLabels": {"app": "x"}})
    for route in (
        replace(ECHO, auth_secret="users"),
        replace(ECHO, suspended=True),
        replace(ECHO, methods=frozenset({"PUT"})),
        replace(ECHO, function="", selector=some),
        replace(ECHO, function="missing"),
    ):
        async with world(route) as it:
            assert not it.offer()
    async with world() as it:
        for line in (b"X-Request-Id: a", b"traceparent: b", b"Content-Length: 70000"):
            assert not it.offer(HEAD.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n"))


async def test_a_head_that_could_have_no_plan_gets_one_after_a_change() -> None:
    async with world(replace(ECHO, suspended=True)) as it:
        assert not it.offer()
        it.routes.put(ECHO)
        assert it.offer()


async def test_heads_that_never_come_again_take_bounded_memory() -> None:
    async with world() as it:
        for number in range(3000):
            raw = HEAD.replace(b"/echo", b"/echo/%d" % number)
            it.plans.offer(raw, read(raw))
        assert len(it.plans) <= 1024
