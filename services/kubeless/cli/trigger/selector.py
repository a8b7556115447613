"""The functions that a trigger selects, as people write and read them."""

from kubeless.cli.failure import Fatal
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject


def read_selector(text: str, *, label: str = "label") -> JsonObject:
    """
    The `functionSelector` for a selector as people write it; set-based requirements become `matchExpressions`.

    `label` is how the error spells that word: scripts may look for what the Kubeless of old wrote.

    Raises:
        Fatal: it cannot be read.
    """
    from kubeless.manage.selecting import selector_fields

    try:
        return selector_fields(text)
    except InvalidField as error:
        raise Fatal(f"Invalid {label} selector specified {text}. Error: {error}") from error


def selector_text(spec: JsonObject) -> str:
    """The selector of a trigger as lists show it, `<none>` if it selects every function."""
    from kubeless.api.selector import LabelSelector

    value = spec.get("functionSelector") or {}
    try:
        return LabelSelector.parse(value).to_string() or "<none>"
    except InvalidField:
        return "<invalid>"


def function_text(spec: JsonObject) -> str:
    """The function that a trigger names, or the labels of those that it selects."""
    if spec.get("functionSelector") is not None:
        return selector_text(spec)
    return str(spec.get("function-name") or "")
