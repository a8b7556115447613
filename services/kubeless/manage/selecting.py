"""Which functions a trigger means, whatever its kind."""

from kubeless.api.selector import LabelSelector, parse_selector_string
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject


def selects(trigger: JsonObject, function: JsonObject) -> bool:
    """Whether a trigger of any kind means a function of its namespace."""
    spec = trigger.get("spec") or {}
    if spec.get("function-name"):
        return bool(spec["function-name"] == function["metadata"]["name"])
    if spec.get("functionSelector") is None:
        return False
    try:
        selector = LabelSelector.parse(spec["functionSelector"])
    except KubelessError:  # a trigger that selects by nonsense selects nothing
        return False
    labels = function["metadata"].get("labels")
    return selector.matches({str(key): str(each) for key, each in labels.items()} if isinstance(labels, dict) else {})


def selector_fields(text: str) -> JsonObject:
    """
    The `functionSelector` for a selector as people write it; set-based requirements become `matchExpressions`.

    Raises:
        InvalidField: it cannot be read.
    """
    selector = parse_selector_string(text)
    fields: JsonObject = {}
    if selector.match_labels:
        fields["matchLabels"] = dict(selector.match_labels)
    if selector.match_expressions:
        fields["matchExpressions"] = [
            {"key": each.key, "operator": each.operator} | ({"values": list(each.values)} if each.values else {})
            for each in selector.match_expressions
        ]
    return fields
