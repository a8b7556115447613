"""Label selectors mean what Kubernetes means, as objects and as text."""

import pytest

from kubeless.api.selector import LabelSelector, parse_selector_string
from kubeless.core.errors import InvalidField


@pytest.mark.parametrize(
    ("text", "labels", "selected"),
    [
        ("", {}, True),
        ("a=b", {"a": "b"}, True),
        ("a==b", {"a": "c"}, False),
        ("a=", {"a": ""}, True),
        ("a=", {}, False),
        ("a!=b", {}, True),
        ("a!=b", {"a": "b"}, False),
        ("a in (b, c)", {"a": "c"}, True),
        ("a in (b,c)", {}, False),
        ("a notin (b,c)", {}, True),
        ("a notin (b,c)", {"a": "c"}, False),
        ("a", {"a": "anything"}, True),
        ("a", {}, False),
        ("!a", {}, True),
        ("!a", {"a": "x"}, False),
        ("a=b,a=c", {"a": "b"}, False),
        (" kubeless.io/tier = web , !old ", {"kubeless.io/tier": "web"}, True),
    ],
)
def test_text_selects_as_in_kubernetes(text: str, labels: dict[str, str], selected: bool) -> None:
    assert parse_selector_string(text).matches(labels) is selected


@pytest.mark.parametrize("text", ["a=b", "a=b,c in (d,e),!f,g,h notin (i)", ""])
def test_text_survives_the_round_trip(text: str) -> None:
    selector = parse_selector_string(text)
    assert parse_selector_string(selector.to_string()).to_string() == selector.to_string()


def test_equal_selectors_have_equal_text_whatever_the_order() -> None:
    one = parse_selector_string("b in (y,x),a=1,c=2")
    other = parse_selector_string("c=2,a=1,b in (x,y)")
    assert one.to_string() == other.to_string() == "a=1,c=2,b in (x,y)"


@pytest.mark.parametrize(
    "text",
    ["a in b", "a in (b", "=b", "a=b c", "a>1", "a=b,,c", "a=-b", "-a=b", "a/b/c=d", "a in ()x", "x" * 64, "a=b\n\0"],
)
def test_text_that_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(InvalidField):
        parse_selector_string(text)


def test_a_value_cannot_smuggle_in_another_requirement() -> None:
    with pytest.raises(InvalidField, match=r"selector\.matchLabels\.a: is not a label value, got 'b,c=d'"):
        LabelSelector.parse({"matchLabels": {"a": "b,c=d"}})


@pytest.mark.parametrize(
    "expression",
    [
        {"key": "a", "operator": "In"},
        {"key": "a", "operator": "Exists", "values": ["b"]},
        {"key": "a", "operator": "Gt", "values": ["1"]},
        {"operator": "Exists"},
    ],
)
def test_expressions_that_make_no_sense_are_refused(expression: dict[str, object]) -> None:
    with pytest.raises(InvalidField):
        LabelSelector.parse({"matchExpressions": [expression]})


def test_an_empty_selector_selects_everything() -> None:
    assert LabelSelector.parse({}).matches({"any": "thing"})
