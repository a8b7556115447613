"""Merge patches and JSON patches."""

from copy import deepcopy
from typing import Any

import pytest

from kubeless.local.apiserver.patch.error import PatchError
from kubeless.local.apiserver.patch.json_patch import json_patch
from kubeless.local.apiserver.patch.merge import merge_patch


@pytest.mark.parametrize(
    ("current", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({"a": "foo"}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_follows_the_cases_of_rfc_7386(current: Any, patch: Any, result: Any) -> None:
    before = deepcopy(current)
    assert merge_patch(current, patch) == result
    assert current == before


def test_merge_patch_must_be_an_object() -> None:
    with pytest.raises(PatchError):
        merge_patch({}, ["a"])


DOCUMENT = {"list": [1, 2], "map": {"a/b": 1, "m~n": 2}, "flag": True}


@pytest.mark.parametrize(
    ("operations", "result"),
    [
        ([{"op": "add", "path": "/list/1", "value": 9}], {"list": [1, 9, 2]}),
        ([{"op": "add", "path": "/list/-", "value": 9}], {"list": [1, 2, 9]}),
        ([{"op": "add", "path": "/list/2", "value": 9}], {"list": [1, 2, 9]}),
        ([{"op": "replace", "path": "/list/0", "value": None}], {"list": [None, 2]}),
        ([{"op": "remove", "path": "/map/a~1b"}], {"map": {"m~n": 2}}),
        ([{"op": "replace", "path": "/map/m~0n", "value": 3}], {"map": {"a/b": 1, "m~n": 3}}),
        ([{"op": "move", "from": "/list/0", "path": "/list/1"}], {"list": [2, 1]}),
        ([{"op": "copy", "from": "/list", "path": "/map"}], {"map": [1, 2]}),
        ([{"op": "test", "path": "/list", "value": [1, 2.0]}], {}),
        ([{"op": "add", "path": "/new", "value": {}}, {"op": "add", "path": "/new/x", "value": 1}], {"new": {"x": 1}}),
    ],
)
def test_json_patch_operations(operations: Any, result: Any) -> None:
    before = deepcopy(DOCUMENT)
    assert json_patch(DOCUMENT, operations) == {**DOCUMENT, **result}
    assert before == DOCUMENT


def test_the_value_of_an_operation_is_not_shared_with_the_result() -> None:
    operations: list[Any] = [{"op": "add", "path": "/a", "value": {}}, {"op": "add", "path": "/a/b", "value": 1}]
    json_patch({}, operations)
    assert operations[0]["value"] == {}


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ({"op": "test", "path": "/flag", "value": 1}, "test operation: /flag"),
        ({"op": "remove", "path": "/gone"}, "remove operation.*'/gone'"),
        ({"op": "replace", "path": "/gone", "value": 1}, "replace operation.*'/gone'"),
        ({"op": "add", "path": "/gone/x", "value": 1}, "add operation.*'/gone/x'"),
        ({"op": "add", "path": "/list/3", "value": 1}, "add operation: /list/3"),
        ({"op": "add", "path": "/list/01", "value": 1}, "add operation: /list/01"),
        ({"op": "remove", "path": "/list/-"}, "remove operation.*'/list/-'"),
        ({"op": "move", "from": "/map", "path": "/map/x"}, "own child"),
        ({"op": "copy", "path": "/x"}, "lacks 'from'"),
        ({"op": "add", "path": "/x"}, "lacks 'value'"),
        ({"op": "add", "path": "x", "value": 1}, "begin with '/'"),
        ({"op": "jump", "path": "/x"}, "unknown operation 'jump'"),
        ({"op": "remove"}, "lacks the string 'path'"),
        ({"op": "replace", "path": "", "value": []}, "no object"),
        ("remove", "must be an object"),
    ],
)
def test_json_patch_errors_name_operation_and_path(operation: Any, words: str) -> None:
    with pytest.raises(PatchError, match=words):
        json_patch(DOCUMENT, [operation])


def test_copying_is_bounded() -> None:
    doubling = [{"op": "copy", "from": "/a", "path": "/a/-"} for _ in range(60)]
    with pytest.raises(PatchError, match="by copying"):
        json_patch({"a": ["x" * 100]}, doubling)
