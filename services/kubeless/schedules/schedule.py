"""
When a schedule is due: a pure function of a moment, on real clocks that are put forward and back.

Times of a schedule are those of a wall clock in its zone. Where that clock is put back, a time that comes twice is due
once, the first time. Where it is put forward, a time that does not come is due at the moment of the shift, together
with all others that were skipped. Schedules that name every hour are about intervals rather than times of a day: they
go on through both, so `*/15 * * * *` is due every 15 real minutes, and no skipped time is made up for. That is what
Vixie's cron does, except that it takes `*/2` for every hour too; here `0 */2 * * *` is twelve times of a day.

`@every` counts from the moment its trigger was made: whatever is restarted, the same moments are due.

The arithmetic is our own, and two libraries are its referees in the tests: see docs/decisions.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from math import floor

from kubeless.core.errors import shorten
from kubeless.schedules.grammar import Every, Fields, InvalidSchedule, understand
from kubeless.schedules.wallcalendar import next_match
from kubeless.schedules.zones import find_zone

_EPOCH = datetime(1970, 1, 1)  # arithmetic on a clock without zones
_SECOND = timedelta(seconds=1)
_EVERY_HOUR = 24
_LAST = datetime(9999, 12, 30, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Schedule:
    """Moments, in whole seconds since the Unix epoch."""

    rule: Fields | Every
    zone: tzinfo
    anchor: int
    """Where `@every` begins to count."""

    @classmethod
    def parse(cls, text: str, zone: str = "", *, anchor: float = 0.0) -> "Schedule":
        """
        Understand a schedule in the IANA zone `zone`; the empty one is UTC.

        Raises:
            InvalidSchedule: the text or the zone cannot be used, or the text names another zone.
        """
        meaning = understand(text)
        if zone and meaning.zone and zone != meaning.zone:
            raise InvalidSchedule(
                "timeZone",
                zone,
                problem=f"is not the zone in schedule, {shorten(meaning.zone)}",
                remedy="remove one of the two",
            )
        return cls(meaning.rule, find_zone(meaning.zone or zone), floor(anchor))

    def next(self, after: float) -> int | None:
        """The first moment later than `after`; None beyond the end of the calendar."""
        if not -(10**9) <= after < _LAST:
            return None
        if isinstance(self.rule, Every):
            count = floor((after - self.anchor) // self.rule.seconds) + 1
            return self.anchor + max(1, count) * self.rule.seconds
        if self.zone is UTC:
            found = next_match(self.rule, _naive(floor(after)))
            return None if found is None else _seconds(found)
        if len(self.rule.hours) == _EVERY_HOUR:
            return _next_of_interval(self.rule, self.zone, floor(after))
        return _next_of_day(self.rule, self.zone, floor(after))


def _next_of_day(rule: Fields, zone: tzinfo, after: int) -> int | None:
    found = next_match(rule, _local(after, zone))
    while found is not None:
        moment = _first_moment(found, zone)
        # Not so within the second pass of a time that comes twice: the first was the one that counts.
        if moment > after:
            return moment
        found = next_match(rule, found)
    return None


def _next_of_interval(rule: Fields, zone: tzinfo, after: int) -> int | None:
    here = datetime.fromtimestamp(after, zone)
    found = next_match(rule, here.replace(tzinfo=None, fold=0))
    while found is not None and not _exists(found, zone):
        found = next_match(rule, found)
    overlap = 0 if here.fold else _overlap(here)
    if not overlap or (
        found is not None
        and found.replace(tzinfo=zone).utcoffset() == here.utcoffset()
        and _overlap(found.replace(tzinfo=zone))
    ):
        return None if found is None else _moment(found, zone, fold=here.fold)
    # We are in the first pass of times that come twice, and the rule has no more of them: look at the second pass.
    shift = _shift(after, after + overlap, zone)
    again = next_match(rule, _local(shift, zone) - _SECOND)
    if again is not None and again < _local(shift, zone) + timedelta(seconds=overlap):
        return _moment(again, zone, fold=1)
    return None if found is None else _moment(found, zone, fold=0)


def _first_moment(local: datetime, zone: tzinfo) -> int:
    """The first moment at which the clock shows `local`, or the one at which it jumps over it."""
    moment = _moment(local, zone, fold=0)
    if _local(moment, zone) == local:
        return moment
    return _shift(_moment(local, zone, fold=1), moment, zone)


def _exists(local: datetime, zone: tzinfo) -> bool:
    return _local(_moment(local, zone, fold=0), zone) == local


def _overlap(moment: datetime) -> int:
    """By how many seconds the clock is put back after this time, if it comes twice; else 0."""
    first, second = moment.replace(fold=0).utcoffset(), moment.replace(fold=1).utcoffset()
    if first is None or second is None or first <= second:
        return 0
    return int((first - second).total_seconds())


def _shift(before: int, after: int, zone: tzinfo) -> int:
    """The moment in (before, after] from which the offset is that of `after`; there is one change between the two."""
    offset = _offset(after, zone)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (before, middle) if _offset(middle, zone) == offset else (middle, after)
    return after


def _offset(moment: int, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(moment, zone).utcoffset()


def _local(moment: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(moment, zone).replace(tzinfo=None, fold=0)


def _moment(local: datetime, zone: tzinfo, *, fold: int) -> int:
    return int(local.replace(tzinfo=zone, fold=fold).timestamp())


def _naive(moment: int) -> datetime:
    return _EPOCH + timedelta(seconds=moment)


def _seconds(local: datetime) -> int:
    return int((local - _EPOCH).total_seconds())
