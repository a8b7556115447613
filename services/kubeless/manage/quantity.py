"""Kubernetes quantities, such as `128Mi` and `0.5` (apimachinery's `resource.Quantity`): checked, never computed."""

import re

_QUANTITY = re.compile(r"\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?")


def is_quantity(text: str) -> bool:
    """Whether the API server would read `text` as a quantity that is not negative."""
    return len(text) <= 64 and _QUANTITY.fullmatch(text) is not None
