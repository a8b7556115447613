"""Whatever a person puts into the free-form parts of a function is answered with a problem, never with a crash."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubeless.api.function import Function
from kubeless.controller.config import Config
from kubeless.controller.desired.objects import desired_objects
from kubeless.controller.problem import problem_of
from kubeless.controller.update import differs, marked
from kubeless.core.errors import KubelessError

SCALARS = st.none() | st.booleans() | st.integers(-1, 70_000) | st.text(max_size=4) | st.floats(allow_nan=False)
WORDS = """
metadata labels annotations spec template containers initContainers env ports name resources limits memory volumes image
selector port targetPort nodePort metrics type resource target scaleTargetRef imagePullSecrets securityContext pods Pods
volumeMounts containerPort
"""
KEYS = st.sampled_from(WORDS.split())
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=4)


def in_path(inner: st.SearchStrategy[Any], *path: str) -> st.SearchStrategy[Any]:
    """The strategy's values below a path, so that chance also reaches the deep parts."""
    for key in reversed(path):
        inner = st.fixed_dictionaries({key: inner})
    return inner


DEPLOYMENTS = (
    OBJECTS
    | in_path(OBJECTS, "spec", "template", "spec")
    | in_path(st.lists(OBJECTS, max_size=2), "spec", "template", "spec", "containers")
    | in_path(st.lists(OBJECTS, max_size=2), "spec", "template", "spec", "initContainers")
)
SERVICES = OBJECTS | in_path(st.lists(OBJECTS, max_size=2), "ports")
NAMED = {"metadata": {"name": "echo"}}
AUTOSCALERS = OBJECTS | st.lists(OBJECTS, max_size=2).map(
    lambda metrics: {**NAMED, "spec": {"scaleTargetRef": {"name": "echo"}, "metrics": metrics}}
)


def test_names_that_are_no_text_never_crash_the_controller(make_function: Callable[..., Function]) -> None:
    odd = [{"name": {"a": []}}, {"name": []}]
    pod = {"imagePullSecrets": odd, "containers": [{"env": odd, "ports": odd, "volumeMounts": odd}]}
    deployment = {"spec": {"template": {"spec": pod}}}
    config = Config(deployment=deployment, pull_secrets=("pull",))
    assert desired_objects(make_function(deployment=deployment), config).deployment


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deployment=DEPLOYMENTS, service=SERVICES, autoscaler=AUTOSCALERS, common=DEPLOYMENTS)
def test_free_form_parts_never_crash_the_controller(
    make_function: Callable[..., Function], deployment: Any, service: Any, autoscaler: Any, common: Any
) -> None:
    before = json.dumps([deployment, service, autoscaler, common])
    function = make_function(deployment=deployment, service=service, horizontalPodAutoscaler=autoscaler)
    try:
        desired = desired_objects(function, Config(deployment=common))
    except KubelessError as error:
        problem_of(error)
    else:
        for child in (desired.config_map, desired.service, desired.deployment, desired.autoscaler):
            assert child is None or not differs(child, json.loads(json.dumps(marked(child))))
    assert json.dumps([deployment, service, autoscaler, common]) == before
