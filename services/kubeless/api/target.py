"""The function a trigger calls: by name, or by label."""

from typing import Any

from pydantic import Field

from kubeless.api.model import problem
from kubeless.api.selector import LabelSelector

FUNCTION_NAME: Any = Field(
    default="",
    alias="function-name",
    max_length=63,
    description="Function of the same namespace. Exactly one of function-name and functionSelector is needed.",
)


def check_one_target(name: str, selector: LabelSelector | None) -> None:
    """Refuse a spec that names a function and selects some as well, or does neither."""
    if name and selector is not None:
        raise problem("excludes functionSelector", remedy="remove one of the two", at="function-name")
    if not name and selector is None:
        raise problem("is missing", remedy="name a function, or select some with functionSelector", at="function-name")
