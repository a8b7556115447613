"""
A first look at a schedule, so that a typing mistake is told at once.

The scheduler has the last word on what a schedule means; this only refuses what no scheduler understands.
"""

import re

_WORDS = {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}

_EVERY = re.compile(r"@every ([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+")

_FIELDS = (
    ("second", 0, 59, ()),
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    ("day of week", 0, 7, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)


def problem_of(schedule: str) -> str | None:
    """What is wrong with a schedule; None if nothing is."""
    if schedule.startswith("@"):
        if schedule in _WORDS or _EVERY.fullmatch(schedule):
            return None
        return f"{schedule!r} is no known descriptor; use {', '.join(sorted(_WORDS))} or '@every 10s'"
    fields = schedule.split()
    if len(fields) not in (5, 6):
        return f"expected 5 fields (minute hour day month weekday), found {len(fields)}: {schedule!r}"
    rules = _FIELDS[-len(fields) :]
    for text, (name, low, high, names) in zip(fields, rules, strict=True):
        if not all(_is_part(part, low, high, names) for part in text.split(",")):
            return f"{text!r} is no {name}: use {low}-{high}, '*', ranges, lists or steps"
    return None


def _is_part(part: str, low: int, high: int, names: tuple[str, ...]) -> bool:
    values, slash, step = part.partition("/")
    if slash and (not step.isdecimal() or int(step) == 0):
        return False
    if values in ("*", "?"):
        return True
    bounds = [_value(text, low, high, names) for text in values.split("-")]
    if len(bounds) > 2 or None in bounds:
        return False
    # The last day of the week may be Sunday again.
    return len(bounds) == 1 or bounds[0] <= bounds[1] or names[:1] == ("sun",)  # type: ignore[operator] # None was ruled out


def _value(text: str, low: int, high: int, names: tuple[str, ...]) -> int | None:
    if text.lower() in names:
        return names.index(text.lower()) + low
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 2 and low <= int(text) <= high else None
