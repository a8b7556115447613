"""Durations in specs: seconds, as a number, or as text where the Go types had text."""

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from kubeless.api.model import problem

TIMEOUT_DEFAULT = 180.0
"""Seconds a function may take when nothing else is said."""

LONGEST = 604_800.0
"""Seconds: a week. A longer wait for an answer is a mistake in the manifest."""

_TIMEOUT_PATTERN = r"^([0-9]{1,6}(\.[0-9]{1,6})?)?$"


def _read_timeout(value: object) -> object:
    if value == "":
        return TIMEOUT_DEFAULT
    try:
        seconds = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= LONGEST:
        raise problem("is not a duration", remedy='give seconds, such as "180"')
    return seconds


TextSeconds = Annotated[
    float,
    BeforeValidator(_read_timeout),
    WithJsonSchema({"x-kubernetes-int-or-string": True, "pattern": _TIMEOUT_PATTERN, "maxLength": 16}),
]
"""Seconds that old objects write as text (`"180"`, or `""` for the default); a number is fine too."""

Seconds = Annotated[float, Field(gt=0, le=LONGEST)]
"""A positive number of seconds."""
