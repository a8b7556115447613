"""
Golden answers of schedules: made here, kept in a file, and checked against two libraries that we do not use.

`python -m support.crongolden` (with `tests` on the path) writes the file again. Each line has the expression, the zone,
a moment, the next one, and for each referee (croniter, cronsim) that says otherwise a word for why, from `REASONS`. A
disagreement that no rule explains is an error.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter
from cronsim import CronSim, CronSimError

from kubeless.schedules.grammar import Fields, understand
from kubeless.schedules.schedule import Schedule

_ONE_VALUE = re.compile(r"(?<!\d)(\d+)-\1(?!\d)")

FILE = Path(__file__).resolve().parents[1] / "unit" / "cron" / "golden.tsv"

REASONS = {
    "refuses": "The library does not take the expression.",
    "repeats": "Clock put back: croniter calls for a time of a day in both passes; one that comes twice is due once.",
    "second-pass": "Clock put back: the library chooses the second of two equal times, or leaves out the second pass "
    "of a schedule that goes on every hour.",
    "shift": "Clock put forward: the library makes up for skipped times of a schedule that names every hour, or leaves "
    "out a skipped time of a day, or does not know that a shift can be of less than an hour.",
    "star-step": "cronsim takes `*/2` for a day field that restricts nothing, as Vixie's cron does; robfig/cron, which "
    "Kubernetes uses, and we do not.",
    "any-day": "A day field that holds every day and is no star. croniter takes `*/1` for a restriction, which it is "
    "not in robfig/cron, and `0-6` for none, which it is there.",
    "one-value": "A range of one value is that value: croniter takes `0-0` for the whole field, and cronsim takes "
    "`5-5/20` for `5/20`.",
}

EXPRESSIONS = (
    "* * * * *",
    "*/5 * * * *",
    "*/15 * * * *",
    "7 * * * *",
    "30 * * * *",
    "5/20 * * * *",
    "10-40/7 * * * *",
    "0,15,59 * * * *",
    "0 * * * *",
    "0 */2 * * *",
    "30 */6 * * *",
    "0 0 * * *",
    "30 1 * * *",
    "45 1 * * *",
    "0 2 * * *",
    "15 2 * * *",
    "30 2 * * *",
    "59 2 * * *",
    "0 3 * * *",
    "*/20 2 * * *",
    "*/10 1-3 * * *",
    "0 12 * * mon-fri",
    "0 9-17 * * 1-5",
    "30 8 1,15 * *",
    "0 0 31 * *",
    "0 0 29 2 *",
    "0 0 30 4,6 *",
    "0 0 1 jan *",
    "0 0 * feb sun",
    "0 0 13 * fri",
    "0 6 * * 7",
    "0 6 * * 0",
    "0 0 */2 * 1",
    "0 0 28 * */1",
    "26 1 * * 0-0",
    "5-5/20 * * * *",
    "0 0 1-7 * 1",
    "15 10 ? * *",
    "23 0-20/2 * * *",
    "@hourly",
    "@daily",
    "@weekly",
    "@monthly",
    "@yearly",
    "0 0 0 * * *",
    "*/10 * * * * *",
    "30 59 23 31 12 *",
    "15,45 */30 2 * * *",
)

MOMENTS = {
    "UTC": ("2026-01-31T23:59:59Z", "2028-02-28T12:00:00Z", "2026-12-31T23:59:30Z", "2096-03-01T00:00:00Z"),
    "Europe/Berlin": ("2026-03-29T00:50:00Z", "2026-10-24T23:50:00Z", "2026-10-25T00:20:00Z", "2026-10-25T01:10:00Z"),
    "America/New_York": ("2026-03-08T06:40:00Z", "2026-11-01T05:20:00Z", "2026-11-01T06:10:00Z"),
    "Australia/Lord_Howe": ("2026-10-03T15:10:00Z", "2026-04-04T14:20:00Z", "2026-04-04T14:50:00Z"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One line. Moments are seconds since the Unix epoch."""

    expression: str
    zone: str
    after: int
    next: int
    disagreements: tuple[tuple[str, str], ...]
    """Referee and reason."""

    def line(self) -> str:
        words = ",".join(f"{who}:{why}" for who, why in self.disagreements) or "-"
        return "\t".join((self.expression, self.zone, _text(self.after), _text(self.next), words))


def read_cases() -> list[Case]:
    return [_parse(line) for line in FILE.read_text().splitlines()[1:]]


def make_cases() -> Iterator[Case]:
    """All combinations; raises ValueError for a disagreement that nothing explains."""
    for zone, moments in MOMENTS.items():
        for text in moments:
            after = int(datetime.fromisoformat(text).timestamp())
            for expression in EXPRESSIONS:
                yield make_case(expression, zone, after)


def make_case(expression: str, zone: str, after: int) -> Case:
    moment = Schedule.parse(expression, zone).next(after)
    if moment is None:
        raise ValueError(f"{expression} is never due after {after}")
    referees = {"croniter": _croniter, "cronsim": _cronsim}
    answers = {who: ask(expression, zone, after) for who, ask in referees.items()}
    different = {who: answer for who, answer in answers.items() if answer != moment}
    reasons = tuple((who, _reason(who, expression, zone, after, moment, each)) for who, each in different.items())
    return Case(expression, zone, after, moment, reasons)


def _croniter(expression: str, zone: str, after: int) -> int | None:
    start = datetime.fromtimestamp(after, ZoneInfo(zone))
    try:
        found: datetime = croniter(expression, start, second_at_beginning=True).get_next(datetime)
    except CroniterError:
        return None
    return int(found.timestamp())


def _cronsim(expression: str, zone: str, after: int) -> int | None:
    start = datetime.fromtimestamp(after, ZoneInfo(zone))
    try:
        return int(next(CronSim(expression, start)).timestamp())
    except (CronSimError, StopIteration):
        return None


def _reason(who: str, expression: str, zone: str, after: int, ours: int, theirs: int | None) -> str:
    if theirs is None:
        return "refuses"
    if peculiar := _peculiar(who, expression):
        return peculiar
    rule = understand(expression).rule
    hourly = isinstance(rule, Fields) and len(rule.hours) == 24
    put_forward, put_back = _shifts(zone, min(ours, theirs, after), max(ours, theirs))
    if put_back and who == "croniter" and theirs < ours and not hourly:
        return "repeats"
    if put_back:
        return "second-pass"
    if put_forward:
        return "shift"
    raise ValueError(f"nothing explains why {who} says {theirs} and not {ours} for {expression!r} in {zone} at {after}")


def _peculiar(who: str, expression: str) -> str:
    """Why a referee may read an expression in another way, whatever the clock; empty if there is no reason."""
    rule, fields = understand(expression).rule, expression.split()
    if not isinstance(rule, Fields) or len(fields) == 1:
        return ""
    days = {fields[-3]: len(rule.days) == 31, fields[-1]: len(rule.weekdays) == 7}
    if who == "cronsim" and any(day.startswith("*/") for day in days):
        return "star-step"
    if who == "croniter" and any(full and day not in ("*", "?") for day, full in days.items()):
        return "any-day"
    return "one-value" if _ONE_VALUE.search(expression) else ""


def is_plain(expression: str) -> bool:
    """Whether everybody reads an expression in the same way."""
    return not any(_peculiar(who, expression) for who in ("croniter", "cronsim"))


def _shifts(zone: str, start: int, end: int) -> tuple[bool, bool]:
    """Whether the clock is put forward, or back, in or within two hours of a span of time."""
    offsets = [_offset(zone, moment) for moment in range(start - 7200, min(end, start + 7 * 86_400) + 7200, 600)]
    steps = [after - before for before, after in pairwise(offsets)]
    return any(step > 0 for step in steps), any(step < 0 for step in steps)


def _offset(zone: str, moment: int) -> float:
    offset = datetime.fromtimestamp(moment, ZoneInfo(zone)).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def _text(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _parse(line: str) -> Case:
    expression, zone, after, moment, words = line.split("\t")
    reasons = (
        () if words == "-" else tuple((who, why) for who, _, why in (each.partition(":") for each in words.split(",")))
    )
    return Case(
        expression,
        zone,
        int(datetime.fromisoformat(after).timestamp()),
        int(datetime.fromisoformat(moment).timestamp()),
        reasons,
    )


if __name__ == "__main__":
    lines = ["expression\tzone\tafter\tnext\tdisagreements", *(case.line() for case in make_cases())]
    FILE.write_text("\n".join(lines) + "\n")
    sys.stdout.write(f"{len(lines) - 1} cases written to {FILE.name}\n")
