"""Functions for the tests of the controller."""

from collections.abc import Callable
from typing import Any

import pytest

from kubeless.api.function import Function, parse_function

MakeFunction = Callable[..., Function]


@pytest.fixture
def make_function() -> MakeFunction:
    """Make a Function named echo in namespace shop; keywords are spec fields, by their JSON names."""

    def make(
        *, labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None, **spec: Any
    ) -> Function:
        metadata = {
            "name": "echo",
            "namespace": "shop",
            "uid": "uid-1",
            "labels": {"created-by": "kubeless", "function": "echo"} if labels is None else labels,
            "annotations": annotations or {},
        }
        base = {"runtime": "python3.11", "handler": "app.run", "function": "def run(event, context): pass"}
        return parse_function({"metadata": metadata, "spec": {**base, **spec}})

    return make
