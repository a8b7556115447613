"""When a trigger goes with its function."""

from typing import Any

import pytest

from kubeless.controller.bindings import Step, decide
from kubeless.core.jsontypes import JsonObject

SEEN = {"name": "echo", "uid": "u1"}


def trigger(*, name: str = "echo", bound: JsonObject | None = None) -> JsonObject:
    status = {"status": {"boundFunction": bound}} if bound else {}
    return {"metadata": {"name": "t", "namespace": "shop"}, "spec": {"function-name": name}, **status}


@pytest.mark.parametrize(
    ("obj", "uid", "step"),
    [
        (trigger(), None, Step.KEEP),
        (trigger(), "u1", Step.BIND),
        (trigger(bound=SEEN), "u1", Step.KEEP),
        (trigger(bound=SEEN), None, Step.DELETE),
        (trigger(bound=SEEN), "u2", Step.DELETE),
        (trigger(name="other", bound=SEEN), None, Step.KEEP),
        (trigger(name="other", bound=SEEN), "u3", Step.BIND),
        (trigger(name="", bound=SEEN), None, Step.KEEP),
        ({"metadata": {}}, "u1", Step.KEEP),
    ],
    ids=[
        "before its function",
        "first seen with it",
        "settled",
        "function gone",
        "another function of the name",
        "names another that is not there",
        "names another",
        "selects by label",
        "no spec",
    ],
)
def test_a_trigger_goes_with_the_very_function_it_was_seen_with(obj: Any, uid: str | None, step: Step) -> None:
    assert decide(obj, uid) is step
