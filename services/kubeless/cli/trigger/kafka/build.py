"""The KafkaTrigger objects that the commands write."""

import copy

from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.cli.failure import Fatal
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject


def read_selector(text: str) -> JsonObject:
    """
    The `functionSelector` for a selector as people write it; set-based requirements become `matchExpressions`.

    Raises:
        Fatal: it cannot be read.
    """
    from kubeless.api.selector import parse_selector_string

    try:
        selector = parse_selector_string(text)
    except InvalidField as error:
        # The spelling is that of the Kubeless of old, for scripts that look for it.
        raise Fatal(f"Invalid lable selector specified {text}. Error: {error}") from error
    fields: JsonObject = {}
    if selector.match_labels:
        fields["matchLabels"] = dict(selector.match_labels)
    if selector.match_expressions:
        fields["matchExpressions"] = [
            {"key": each.key, "operator": each.operator} | ({"values": list(each.values)} if each.values else {})
            for each in selector.match_expressions
        ]
    return fields


def new_kafka_trigger(name: str, namespace: str, *, topic: str, selector: JsonObject) -> JsonObject:
    """The object that `trigger kafka create` creates."""
    return {
        "apiVersion": KAFKA_TRIGGERS.api_version,
        "kind": KAFKA_TRIGGERS.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": {"created-by": "kubeless"}},
        "spec": {"topic": topic, "functionSelector": selector},
    }


def changed_kafka_trigger(
    current: JsonObject, *, topic: str | None = None, selector: JsonObject | None = None, suspend: bool | None = None
) -> JsonObject:
    """The object with what is given replaced; None stays as it is. A new selector takes the place of all of the old."""
    changed = copy.deepcopy(current)
    given = {"topic": topic, "functionSelector": selector, "suspend": suspend}
    changed["spec"] = (changed.get("spec") or {}) | {name: value for name, value in given.items() if value is not None}
    return changed


def selector_text(spec: JsonObject) -> str:
    """The selector of a trigger as lists show it, `<none>` if it selects every function."""
    from kubeless.api.selector import LabelSelector

    value = spec.get("functionSelector") or {}
    try:
        return LabelSelector.parse(value).to_string() or "<none>"
    except InvalidField:
        return "<invalid>"
