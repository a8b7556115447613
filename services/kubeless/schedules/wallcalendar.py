"""The next time on a clock without zones that matches the fields of a schedule."""

from bisect import bisect_left
from calendar import monthrange
from datetime import date, datetime, time, timedelta

from kubeless.schedules.grammar import Fields

_YEARS = 9
"""29 February may be eight years away (1896 to 1904, 2096 to 2104); nothing else is further."""

_SECOND = timedelta(seconds=1)


def next_match(fields: Fields, after: datetime) -> datetime | None:
    """The first whole second later than `after` (naive) that matches; None near the end of the calendar."""
    try:
        start = after.replace(microsecond=0) + _SECOND
    except OverflowError:
        return None
    if _day_matches(fields, start.date()):
        clock = _clock_from(fields, start.hour, start.minute, start.second)
        if clock is not None:
            return datetime.combine(start.date(), clock)
    day = _next_day(fields, start.date())
    if day is None:
        return None
    return datetime.combine(day, time(fields.hours[0], fields.minutes[0], fields.seconds[0]))


def _clock_from(fields: Fields, hour: int, minute: int, second: int) -> time | None:
    """The first matching time of a day, not before the one given."""
    hours, minutes, seconds = fields.hours, fields.minutes, fields.seconds
    at = bisect_left(hours, hour)
    if at < len(hours) and hours[at] == hour:
        found = _within_hour(fields, minute, second)
        if found is not None:
            return time(hour, *found)
        at += 1
    return time(hours[at], minutes[0], seconds[0]) if at < len(hours) else None


def _within_hour(fields: Fields, minute: int, second: int) -> tuple[int, int] | None:
    minutes, seconds = fields.minutes, fields.seconds
    at = bisect_left(minutes, minute)
    if at < len(minutes) and minutes[at] == minute:
        place = bisect_left(seconds, second)
        if place < len(seconds):
            return minute, seconds[place]
        at += 1
    return (minutes[at], seconds[0]) if at < len(minutes) else None


def _next_day(fields: Fields, after: date) -> date | None:
    year, month, first = after.year, after.month, after.day + 1
    for _ in range(12 * _YEARS):
        if month in fields.months:
            for day in range(first, monthrange(year, month)[1] + 1):
                if _day_matches(fields, date(year, month, day)):
                    return date(year, month, day)
        year, month, first = (year + 1, 1, 1) if month == 12 else (year, month + 1, 1)
        if year > 9999:
            return None
    return None


def _day_matches(fields: Fields, day: date) -> bool:
    if day.month not in fields.months:
        return False
    by_day, by_weekday = day.day in fields.days, day.isoweekday() % 7 in fields.weekdays
    return by_day or by_weekday if fields.either_day else by_day and by_weekday
