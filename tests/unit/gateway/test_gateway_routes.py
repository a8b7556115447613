"""Which trigger answers which request."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeless.api.httptrigger import parse_http_trigger
from kubeless.api.resource import Resource
from kubeless.core.errors import InvalidField
from kubeless.gateway.protection import Protection
from kubeless.gateway.route import Route, make_route
from kubeless.gateway.secretwatch import SecretWatch
from kubeless.gateway.table import RouteTable
from kubeless.gateway.triggers import TriggerFeed, read_trigger
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import Page
from kubeless.kube.watch import WatchEvent


def trigger(name: str, *, created: str = "2024-05-18T05:40:42Z", **spec: Any) -> dict[str, Any]:
    """An HTTPTrigger object; underscores in the names of fields stand for dashes."""
    fields = {key.replace("_", "-"): value for key, value in spec.items()}
    if "functionSelector" not in fields:
        fields.setdefault("function-name", name)
    return {
        "apiVersion": "kubeless.io/v1beta1",
        "kind": "HTTPTrigger",
        "metadata": {"name": name, "namespace": "default", "creationTimestamp": created},
        "spec": fields,
    }


def route(name: str, **spec: Any) -> Route:
    made = read_trigger(trigger(name, **spec)).route
    assert made is not None
    return made


def table(*routes: Route) -> RouteTable:
    made = RouteTable()
    for entry in routes:
        made.put(entry)
    return made


def found(routes: RouteTable, host: str, path: str) -> str | None:
    match = routes.find(host, path)
    return None if match is None else match.key[1]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "root"),
        ("/ab", "root"),
        ("/a", "a"),
        ("/a/", "a"),
        ("/a/bc", "a"),
        ("/a/b", "ab"),
        ("/a/b/c/d", "ab"),
        ("//a/b", "root"),
        ("/a//b", "a"),
        ("/A", "root"),
        ("/" * 5000, "root"),
    ],
)
def test_the_longest_prefix_on_segment_boundaries_wins(path: str, expected: str) -> None:
    routes = table(route("root", path=""), route("a", path="a"), route("ab", path="/a/b/"))
    assert found(routes, "x", path) == expected


def test_the_most_specific_host_with_a_matching_path_wins() -> None:
    routes = table(
        route("exact", host_name="Echo.Example.com", path="a"),
        route("wild", host_name="*.example.com", path="b"),
        route("any", path=""),
    )
    assert found(routes, "echo.example.com", "/a") == "exact"
    assert found(routes, "echo.example.com", "/b") == "wild"
    assert found(routes, "echo.example.com", "/c") == "any"
    assert found(routes, "example.com", "/b") == "any"
    assert found(routes, "x.echo.example.com", "/b") == "any"


def test_no_route_is_nothing() -> None:
    assert found(table(route("a", host_name="a.example.com", path="a")), "b.example.com", "/a") is None


def test_the_oldest_trigger_keeps_its_place_until_it_goes() -> None:
    young = route("aaa", path="x", created="2024-01-02T00:00:00Z")
    old = route("zzz", path="x", created="2024-01-01T00:00:00Z")
    routes = table(young, old)
    assert found(routes, "", "/x") == "zzz"
    assert [(conflict.route, conflict.winner) for conflict in routes.conflicts()] == [(young, old)]
    routes.remove(old.key)
    assert found(routes, "", "/x") == "aaa"
    assert list(routes.conflicts()) == []


def test_a_suspended_trigger_makes_way_but_is_not_bypassed() -> None:
    old = route("old", path="x", created="2024-01-01T00:00:00Z", suspend=True)
    broader = route("root", path="")
    routes = table(old, broader)
    assert found(routes, "", "/x") == "old"
    routes.put(route("new", path="x", created="2024-01-02T00:00:00Z"))
    assert found(routes, "", "/x") == "new"


def test_a_changed_trigger_leaves_its_old_place() -> None:
    routes = table(route("a", path="deep/er/still"))
    routes.put(route("a", path="new"))
    assert found(routes, "", "/deep/er/still") is None
    assert found(routes, "", "/new") == "a"
    assert len(routes) == 1
    routes.remove(("default", "a"))
    assert found(routes, "", "/new") is None


@pytest.mark.parametrize(
    ("fields", "secrets"),
    [
        ({"basic_auth_secret": "users", "tls_secret": "cert"}, {"users", "cert"}),
        ({"tls": True}, {"safe-tls"}),
        ({}, set()),
    ],
)
def test_a_trigger_names_the_secrets_that_protect_it(fields: dict[str, Any], secrets: set[str]) -> None:
    assert route("safe", **fields).secrets == secrets


@pytest.mark.parametrize("host", ["a b", "a/b", "*.", "*", "a.example.com:80", "[::1", "a*b", "*.*.com", "ä.de"])
def test_a_host_that_no_request_can_have_is_refused(host: str) -> None:
    refused = read_trigger(trigger("bad", host_name=host))
    assert refused.route is None
    assert "host-name" in refused.problem


@pytest.mark.parametrize("path", ["a/../b", "a b", "é", "a/%2e%2e", "%zz", "a#b", "a\nb"])
def test_a_path_that_no_request_can_have_is_refused(path: str) -> None:
    refused = read_trigger(trigger("bad", path=path))
    assert refused.route is None
    assert "path" in refused.problem


def test_a_refused_field_is_named() -> None:
    parsed = parse_http_trigger(trigger("bad", host_name="a b"))
    with pytest.raises(InvalidField, match=r"spec\.host-name"):
        make_route(parsed)


class Nobody:
    """A Kubernetes API that is never asked."""

    async def list_page(self, resource: Resource, **_: Any) -> Page:
        raise AssertionError(resource)

    def watch(self, resource: Resource, **_: Any) -> AsyncGenerator[WatchEvent, None]:
        raise AssertionError(resource)


def feed_of(routes: RouteTable) -> tuple[TriggerFeed, list[str], list[str]]:
    """A feed, the labels of routes that went, and the names of triggers it told of."""
    gone, told = list[str](), list[str]()
    feed = TriggerFeed(routes, Protection(SecretWatch(Nobody())), route_gone=lambda entry: gone.append(entry.label))
    feed.subscribe(lambda key: told.append(key.name))
    return feed, gone, told


def happens(feed: TriggerFeed, name: str, **spec: Any) -> None:
    feed.changed(("default", name), None, read_trigger(trigger(name, **spec)))


def test_the_feed_keeps_the_table_current_and_remembers_what_is_unusable() -> None:
    routes = RouteTable()
    feed, gone, _ = feed_of(routes)
    key = ("default", "a")
    happens(feed, "a", path="a")
    assert found(routes, "", "/a") == "a"
    happens(feed, "a", path="a/../b")
    assert found(routes, "", "/a") is None
    assert gone == ["default/a"]
    assert list(feed.unusable) == [key]
    happens(feed, "a", path="b")
    assert feed.unusable == {}
    feed.changed(key, None, None)
    assert len(routes) == 0


def test_a_trigger_whose_place_another_takes_or_gives_back_is_told_of() -> None:
    feed, _, told = feed_of(RouteTable())
    happens(feed, "young", path="x", created="2024-01-02T00:00:00Z")
    told.clear()
    happens(feed, "old", path="x", created="2024-01-01T00:00:00Z")
    assert sorted(told) == ["old", "young"]
    told.clear()
    happens(feed, "old", path="y", created="2024-01-01T00:00:00Z")
    assert sorted(told) == ["old", "young"]


def test_triggers_are_found_by_the_functions_they_may_call() -> None:
    feed, _, _ = feed_of(RouteTable())
    happens(feed, "named", function_name="f", path="n")
    happens(feed, "chosen", functionSelector={"matchLabels": {"app": "shop"}}, path="c")
    assert feed.concerned(ObjectKey("default", "f")) == {("default", "named"), ("default", "chosen")}
    assert feed.concerned(ObjectKey("default", "g")) == {("default", "chosen")}
    happens(feed, "named", function_name="g", path="n")
    feed.changed(("default", "chosen"), None, None)
    assert feed.concerned(ObjectKey("default", "f")) == set()
    assert feed.concerned(ObjectKey("other", "g")) == set()


def test_an_object_that_is_no_trigger_is_unusable_and_not_a_crash() -> None:
    assert read_trigger({"metadata": {"name": "x"}, "spec": {"path": 5}}).route is None
    assert read_trigger({"metadata": {"name": "x"}}).route is None


_SEGMENTS = st.lists(st.sampled_from(["a", "b", "ab", ""]), max_size=5)
_HOSTS = st.sampled_from(["", "x.example.com", "*.example.com", "*.com", "y.x.example.com"])


@given(
    places=st.lists(st.tuples(_HOSTS, st.lists(st.sampled_from(["a", "b", "ab"]), max_size=3)), max_size=12),
    host=st.sampled_from(["", "x.example.com", "z.example.com", "y.x.example.com", "example.com", "com"]),
    segments=_SEGMENTS,
)
def test_whatever_the_routes_the_most_specific_one_that_fits_is_found(
    places: list[tuple[str, list[str]]], host: str, segments: list[str]
) -> None:
    """The index finds what a look at every route finds."""
    routes = [
        Route(
            key=("n", str(number)), host=name, prefix="".join(f"/{part}" for part in parts), namespace="n", function="f"
        )
        for number, (name, parts) in enumerate(places)
    ]
    path = "/" + "/".join(segments)
    fitting = [
        entry
        for entry in routes
        if entry.host in ("", host, f"*.{host.partition('.')[2]}") and f"{path}/".startswith(f"{entry.prefix}/")
    ]
    best = min(
        fitting,
        key=lambda entry: (("*" in entry.host) + 2 * (not entry.host), -entry.depth, entry.precedence),
        default=None,
    )
    assert table(*routes).find(host, path) == best


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.sampled_from(["", "a", "a/b", "b"]))))
def test_after_any_changes_the_table_is_as_if_made_anew(changes: list[tuple[bool, int, str]]) -> None:
    routes, wanted = RouteTable(), dict[str, Route]()
    for put, number, path in changes:
        entry = route(f"r{number}", path=path)
        if put:
            routes.put(entry)
            wanted[entry.key[1]] = entry
        else:
            routes.remove(entry.key)
            wanted.pop(entry.key[1], None)
    fresh = table(*wanted.values())
    for path in ("/", "/a", "/a/b", "/a/b/c", "/b", "/ab"):
        assert routes.find("h", path) == fresh.find("h", path)
    assert len(routes) == len(wanted)
