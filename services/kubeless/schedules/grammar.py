"""
What a schedule's text means: the one grammar, for the service and for the command.

    second? minute hour day-of-month month day-of-week      or      @hourly and friends      or      @every 1h30m

A field is `*` or `?` (anything), a value, a range, either with a step (`*/5`, `10-40/5`; `10/5` goes on to the end of
the field), or a list of these. Months and weekdays have English names; Sunday is 0 and 7. `TZ=` or `CRON_TZ=` in front
names a time zone. These are the rules of robfig/cron, which Kubernetes uses, and two more: a range of weekdays may go
over the end of the week (`fri-mon`), and a sixth field in front counts seconds.

Text comes from strangers: everything is bounded, and what is refused is told with what to write instead.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from kubeless.core.errors import InvalidField

FIELD = "schedule"
"""How errors call the text."""

MAX_LENGTH = 256
LONGEST_EVERY = 366 * 86_400
"""Seconds; whoever wants less than one call a year has made a mistake."""


class InvalidSchedule(InvalidField):
    """A schedule, or its time zone, cannot be used."""


@dataclass(frozen=True, slots=True)
class Fields:
    """Ascending values that match, per field. Weekdays as in cron: Sunday is 0."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either_day: bool
    """Days and weekdays are both restricted: as in every cron, one of the two is enough."""


@dataclass(frozen=True, slots=True)
class Every:
    """A fixed interval."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Meaning:
    """A schedule, understood."""

    rule: Fields | Every
    zone: str = ""
    """The one named in the text; empty if none is."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_WEEKDAY = _Field("day of week", 0, 7, _WEEKDAYS)
_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _WEEKDAY,
)

_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}

_ZONE = re.compile(r"(?:CRON_)?TZ=(\S*)(?:\s+(.*))?", re.DOTALL)
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_DURATION = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{0,9})?(?:ns|us|µs|μs|ms|s|m|h))+")
_PART = re.compile(r"([0-9]{1,12})(?:\.([0-9]{0,9}))?(ns|us|µs|μs|ms|s|m|h)")
_QUARTZ = re.compile(r"[0-9a-z]*(?:l|w|lw)(?:-[0-9]+)?|[0-9a-z]+#[0-9]+|h(?:\([0-9-]*\))?", re.IGNORECASE)


def understand(text: str) -> Meaning:
    """
    The meaning of a schedule.

    Raises:
        InvalidSchedule: it has none, or no moment ever matches it.
    """
    if len(text) > MAX_LENGTH:
        raise _invalid(text, f"has more than {MAX_LENGTH} characters", "use a shorter one")
    zone, rest = _split_zone(text.strip())
    if not rest:
        raise _invalid(text, "is empty", "give five fields, such as '*/10 * * * *'")
    if rest.startswith("@"):
        return Meaning(_descriptor(rest), zone)
    return Meaning(_read_fields(rest), zone)


def _split_zone(text: str) -> tuple[str, str]:
    found = _ZONE.fullmatch(text)
    if found is None:
        return "", text
    if not found[1]:
        raise _invalid(text, "names no time zone after TZ=", "write one, such as TZ=Europe/Berlin")
    return found[1], (found[2] or "").strip()


def _descriptor(text: str) -> Fields | Every:
    word, _, rest = text.partition(" ")
    if word == "@every":
        return Every(_whole_seconds(text, rest.strip()))
    if text in _WORDS:
        return _read_fields(_WORDS[text])
    if word == "@reboot":
        raise _invalid(text, "has no meaning without a machine that boots", "name times, such as @hourly")
    known = ", ".join(_WORDS)
    raise _invalid(text, "is no known descriptor", f"use {known} or '@every 10s'")


def _whole_seconds(text: str, duration: str) -> int:
    if not _DURATION.fullmatch(duration):
        raise _invalid(text, "has no duration after @every", "give one such as 10s, 5m or 1h30m")
    total = 0
    for whole, fraction, unit in _PART.findall(duration):
        digits = (fraction or "").ljust(9, "0")
        total += int(whole) * _UNITS[unit] + int(digits) * _UNITS[unit] // 10**9
    seconds, left = divmod(total, 10**9)
    if left or not seconds:
        raise _invalid(text, "is no whole number of seconds", "use at least 1s, and no fractions")
    if seconds > LONGEST_EVERY:
        raise _invalid(text, "is longer than a year", "use fields, such as '0 0 1 1 *'")
    return seconds


def _read_fields(text: str) -> Fields:
    parts = text.split()
    if len(parts) not in (5, 6):
        raise _invalid(
            text,
            f"has {len(parts)} fields",
            "give 5 (minute, hour, day of month, month, day of week), or 6 with seconds in front",
        )
    values = [_values(part, field) for part, field in zip(parts, _FIELDS[-len(parts) :], strict=True)]
    seconds = values.pop(0) if len(values) == 6 else (0,)
    minutes, hours, days, months, weekdays = values
    weekdays = tuple(sorted({day % 7 for day in weekdays}))
    free_day, free_weekday = _is_free(parts[-3]), _is_free(parts[-1])
    if not free_day and free_weekday:
        _check_possible(text, days, months)
    return Fields(seconds, minutes, hours, days, months, weekdays, not free_day and not free_weekday)


def _check_possible(text: str, days: tuple[int, ...], months: tuple[int, ...]) -> None:
    # 2000 is a leap year.
    if all(days[0] > monthrange(2000, month)[1] for month in months):
        names = ", ".join(_MONTHS[month - 1].capitalize() for month in months)
        raise _invalid(text, f"never comes: {names} has no day {days[0]}", "use a day that the month has")


def _is_free(part: str) -> bool:
    """Whether a day field restricts nothing. As in robfig/cron, `*/2` does restrict."""
    return any(re.fullmatch(r"[*?](/0*1)?", item) for item in part.split(","))


@lru_cache(4096)  # less for speed than for memory: thousands of schedules share the tuples of `*`
def _values(part: str, field: _Field) -> tuple[int, ...]:
    return tuple(sorted(set(chain.from_iterable(_item(item, part, field) for item in part.split(",")))))


def _item(item: str, part: str, field: _Field) -> range | list[int]:
    values, slash, step_text = item.partition("/")
    step = _step(step_text, part, field) if slash else 1
    if values in ("*", "?"):
        return range(field.low, min(field.high, 6 if field is _WEEKDAY else field.high) + 1, step)
    first, dash, last = values.partition("-")
    low = _value(first, part, field)
    if not dash:
        # `N/step` goes on to the end. That of the week is Saturday, for Sunday is its beginning.
        end = (max(low, 6) if field is _WEEKDAY else field.high) if slash else low
        return range(low, end + 1, step)
    high = _value(last, part, field)
    if low <= high:
        return range(low, high + 1, step)
    if field is _WEEKDAY:
        return [day % 7 for day in range(low % 7, high + 8 if low % 7 > high else high + 1, step)]
    raise _invalid_field(part, field, f"has a range that ends before it begins ({values})", "write two ranges")


def _step(text: str, part: str, field: _Field) -> int:
    if not _is_number(text) or int(text) == 0:
        raise _invalid_field(part, field, "has a step that is no number above 0", "write one, such as */5")
    return int(text)


def _value(text: str, part: str, field: _Field) -> int:
    if text.lower() in field.names:
        return field.names.index(text.lower()) + field.low
    if not _is_number(text):
        if _QUARTZ.fullmatch(text):
            raise _invalid_field(part, field, "uses L, W, # or H, which is not cron", "name the days or times")
        names = f", or a name such as {field.names[0]}" if field.names else ""
        raise _invalid_field(part, field, "is neither a number nor a range", f"use {field.low}-{field.high}{names}")
    if not field.low <= int(text) <= field.high:
        raise _invalid_field(part, field, "is out of range", f"use {field.low}-{field.high}")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 4


def _invalid(text: str, problem: str, remedy: str) -> InvalidSchedule:
    return InvalidSchedule(FIELD, text, problem=problem, remedy=remedy)


def _invalid_field(part: str, field: _Field, problem: str, remedy: str) -> InvalidSchedule:
    return InvalidSchedule(f"{FIELD}, {field.name}", part, problem=problem, remedy=remedy)
