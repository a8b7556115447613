"""Which trigger answers which request."""

from typing import Any

import pytest

from kubeless.api.httptrigger import parse_http_trigger
from kubeless.core.errors import InvalidField
from kubeless.gateway.route import Route, make_route
from kubeless.gateway.table import RouteTable
from kubeless.gateway.triggers import TriggerFeed, Unusable, read_trigger


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
    made = read_trigger(trigger(name, **spec))
    assert isinstance(made, Route)
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


@pytest.mark.parametrize("fields", [{"basic_auth_secret": "s"}, {"tls_secret": "s"}, {"tls": True}])
def test_a_trigger_that_asks_for_protection_keeps_its_place_and_is_marked(fields: dict[str, Any]) -> None:
    routes = table(route("root"), route("safe", path="safe", **fields))
    match = routes.find("", "/safe/x")
    assert match is not None
    assert match.unsupported


@pytest.mark.parametrize("host", ["a b", "a/b", "*.", "*", "a.example.com:80", "[::1", "a*b", "*.*.com", "ä.de"])
def test_a_host_that_no_request_can_have_is_refused(host: str) -> None:
    refused = read_trigger(trigger("bad", host_name=host))
    assert isinstance(refused, Unusable)
    assert "host-name" in refused.reason


@pytest.mark.parametrize("path", ["a/../b", "a b", "é", "a/%2e%2e", "%zz", "a#b", "a\nb"])
def test_a_path_that_no_request_can_have_is_refused(path: str) -> None:
    refused = read_trigger(trigger("bad", path=path))
    assert isinstance(refused, Unusable)
    assert "path" in refused.reason


def test_a_refused_field_is_named() -> None:
    parsed = parse_http_trigger(trigger("bad", host_name="a b"))
    with pytest.raises(InvalidField, match=r"spec\.host-name"):
        make_route(parsed)


def test_the_feed_keeps_the_table_current_and_remembers_what_is_unusable() -> None:
    routes, gone = RouteTable(), list[str]()
    feed = TriggerFeed(routes, route_gone=lambda entry: gone.append(entry.label))
    key = ("default", "a")
    feed.changed(key, None, route("a", path="a"))
    assert found(routes, "", "/a") == "a"
    feed.changed(key, None, read_trigger(trigger("a", path="a/../b")))
    assert found(routes, "", "/a") is None
    assert gone == ["default/a"]
    assert list(feed.unusable) == [key]
    feed.changed(key, None, route("a", path="b"))
    assert feed.unusable == {}
    feed.changed(key, None, None)
    assert len(routes) == 0


def test_an_object_that_is_no_trigger_is_unusable_and_not_a_crash() -> None:
    assert isinstance(read_trigger({"metadata": {"name": "x"}, "spec": {"path": 5}}), Unusable)
    assert isinstance(read_trigger({"metadata": {"name": "x"}}), Unusable)
