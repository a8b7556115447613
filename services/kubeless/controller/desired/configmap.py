"""The ConfigMap that carries the source of a function to its pods."""

from kubeless.api.function import Function
from kubeless.controller.desired.ownership import child_metadata
from kubeless.core.jsontypes import JsonObject


def desired_config_map(function: Function, data: dict[str, str]) -> JsonObject:
    """The ConfigMap with the keys that `kubeless.controller.desired.source` names."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": child_metadata(function), "data": data}
