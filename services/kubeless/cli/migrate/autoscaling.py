"""
The spec of an autoscaler in autoscaling/v2.

The rules are the controller's own, so that a manifest says what the cluster would have made of it anyway.
"""

from kubeless.api.function import parse_function
from kubeless.controller.desired.autoscaler import desired_autoscaler
from kubeless.core.jsontypes import JsonObject


def modern_spec(autoscaler: JsonObject) -> JsonObject | None:
    """The spec; None if the autoscaler names nothing that it scales. Raises `InvalidField`."""
    given = {"metadata": {"name": "any"}, "spec": autoscaler.get("spec") or {}}
    carrier = {
        "apiVersion": "kubeless.io/v1beta1",
        "kind": "Function",
        "metadata": {"name": "any", "namespace": "default", "uid": "any"},
        "spec": {"horizontalPodAutoscaler": given},
    }
    wanted = desired_autoscaler(parse_function(carrier))
    return None if wanted is None else dict(wanted["spec"])
