"""When schedules are due: golden answers, days on which clocks are set, and what is no schedule."""

import random
import zoneinfo
from collections import Counter
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from kubeless.schedules import zones
from kubeless.schedules.grammar import InvalidSchedule, understand
from kubeless.schedules.schedule import Schedule
from support.crongolden import REASONS, is_plain, make_case, make_cases, read_cases

GOLDEN = read_cases()


def times(expression: str, zone: str, start: str, count: int) -> list[str]:
    """The next times after a local one, as a clock in the zone shows them."""
    schedule, place = Schedule.parse(expression, zone), ZoneInfo(zone)
    moment: float | None = datetime.fromisoformat(start).replace(tzinfo=place).timestamp()
    found = []
    for _ in range(count):
        moment = schedule.next(moment or 0.0)
        found.append(f"{datetime.fromtimestamp(moment or 0, place):%d %H:%M%z}")
    return found


def test_the_golden_answers_are_those_of_today_and_every_disagreement_is_explained() -> None:
    assert len(GOLDEN) >= 500
    assert list(make_cases()) == GOLDEN
    words = Counter(why for case in GOLDEN for _, why in case.disagreements)
    assert set(words) == set(REASONS)


def test_both_referees_agree_wherever_no_clock_is_set_and_the_text_is_plain() -> None:
    disputed = {case.expression for case in GOLDEN if case.zone == "UTC" and case.disagreements}
    assert {each for each in disputed if not each.startswith("@") and "?" not in each and is_plain(each)} == set()


def test_both_referees_agree_about_texts_that_nobody_chose() -> None:
    chance = random.Random(4)
    seen = 0
    while seen < 300:
        text = " ".join(make_field(chance, *bounds) for bounds in ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7)))
        with suppress(InvalidSchedule):  # such as the 31st of February
            case = make_case(text, "UTC", chance.randrange(1_700_000_000, 1_900_000_000))
            seen += 1
            assert not case.disagreements or not is_plain(text), case


def make_field(chance: random.Random, low: int, high: int) -> str:
    """Any field that all three take."""
    first, last = sorted(chance.randint(low, high) for _ in range(2))
    step = chance.randint(1, 7)
    several = ",".join(str(chance.randint(low, high)) for _ in range(3))
    return chance.choice(("*", "*", str(first), f"{first}-{last}", f"*/{step}", f"{first}-{last}/{step}", several))


@pytest.mark.parametrize(
    ("expression", "zone", "start", "expected"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["29 03:00+0200", "30 02:30+0200"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", ["25 02:30+0200", "26 02:30+0100"]),
        ("*/20 2 * * *", "Europe/Berlin", "2026-03-28T12:00", ["29 03:00+0200", "30 02:00+0200"]),
        ("0 * * * *", "Europe/Berlin", "2026-03-29T00:30", ["29 01:00+0100", "29 03:00+0200", "29 04:00+0200"]),
        (
            "0 * * * *",
            "Europe/Berlin",
            "2026-10-25T01:30",
            ["25 02:00+0200", "25 02:00+0100", "25 03:00+0100"],
        ),
        ("30 1 * * *", "America/New_York", "2026-10-31T12:00", ["01 01:30-0400", "02 01:30-0500"]),
        ("30 2 * * *", "America/New_York", "2026-03-07T12:00", ["08 03:00-0400", "09 02:30-0400"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", ["04 02:30+1100", "05 02:15+1100"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00", ["05 01:45+1100", "06 01:45+1030"]),
        (
            "*/15 * * * *",
            "Australia/Lord_Howe",
            "2026-04-05T01:40",
            ["05 01:45+1100", "05 01:30+1030", "05 01:45+1030", "05 02:00+1030"],
        ),
        ("0 12 * * *", "Pacific/Apia", "2011-12-29T13:00", ["31 00:00+1400", "31 12:00+1400"]),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00", ["29 00:00+0000", "29 00:00+0000"]),
        ("0 0 31 * *", "UTC", "2026-01-31T00:00", ["31 00:00+0000", "31 00:00+0000"]),
    ],
)
def test_days_on_which_clocks_are_set(expression: str, zone: str, start: str, expected: list[str]) -> None:
    assert times(expression, zone, start, len(expected)) == expected


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("expression", ["*/7 * * * *", "30 2 * * *", "*/20 1-2 * * *", "0 */2 * * *"])
def test_each_answer_is_the_only_one_between_it_and_the_question(expression: str, zone: str) -> None:
    """Asked from anywhere before it, `next` gives the same moment: no time is lost or found by asking late."""
    schedule = Schedule.parse(expression, zone)
    for shift in ("2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-04-04T15:00:00Z", "2026-11-01T06:00:00Z"):
        base = int(datetime.fromisoformat(shift).timestamp())
        moment = base - 7200
        while moment < base + 7200:
            found = schedule.next(moment)
            assert found is not None
            assert {schedule.next(each) for each in range(moment, found, 311)} == {found}
            moment = found


def test_every_counts_from_when_its_trigger_was_made() -> None:
    schedule = Schedule.parse("@every 1h30m", anchor=1000.7)
    assert [schedule.next(after) for after in (0, 1000, 6399, 6400, 6400.5)] == [6400, 6400, 6400, 11800, 11800]


def test_every_second_is_six_stars() -> None:
    assert Schedule.parse("* * * * * *").next(10.2) == 11


def test_a_zone_may_stand_in_the_text() -> None:
    assert Schedule.parse("CRON_TZ=Europe/Berlin 0 0 * * *") == Schedule.parse("0 0 * * *", "Europe/Berlin")
    with pytest.raises(InvalidSchedule, match="is not the zone in schedule"):
        Schedule.parse("TZ=Europe/Berlin 0 0 * * *", "UTC")


def test_the_calendar_has_an_end() -> None:
    schedule = Schedule.parse("0 0 29 2 *")
    assert schedule.next(float("inf")) is None
    assert schedule.next(datetime(9999, 12, 1, tzinfo=ZoneInfo("UTC")).timestamp()) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("* * * *", "has 4 fields"),
        ("* * * * * * *", "has 7 fields"),
        ("60 * * * *", "minute: is out of range, got '60'; use 0-59"),
        ("* 24 * * *", "hour: is out of range"),
        ("* * 32 * *", "day of month: is out of range"),
        ("* * * 0 *", "month: is out of range"),
        ("* * * * 8", "day of week: is out of range"),
        ("60 * * * * *", "second: is out of range"),
        ("-1 * * * *", "is neither a number nor a range"),
        ("1- * * * *", "is neither a number nor a range"),
        ("5-1 * * * *", "ends before it begins"),
        ("* * * dec-jan *", "ends before it begins"),
        ("*/0 * * * *", "step that is no number above 0"),
        ("*/x * * * *", "step that is no number above 0"),
        ("1/2/3 * * * *", "step that is no number above 0"),
        ("1,,2 * * * *", "is neither a number nor a range"),
        ("1.5 * * * *", "is neither a number nor a range"),
        ("\u0661 * * * *", "is neither a number nor a range"),
        ("99999999999999999999 * * * *", "is neither a number nor a range"),
        ("* * * mond *", "or a name such as jan"),
        ("0 0 L * *", "L, W, # or H, which is not cron"),
        ("0 0 15W * *", "L, W, # or H, which is not cron"),
        ("0 0 * * fri#2", "L, W, # or H, which is not cron"),
        ("H * * * *", "L, W, # or H, which is not cron"),
        ("0 0 30 2 *", "never comes: Feb has no day 30"),
        ("0 0 31 apr,jun *", "never comes: Apr, Jun has no day 31"),
        ("@reboot", "has no meaning"),
        ("@Hourly", "is no known descriptor"),
        ("@daily 5", "is no known descriptor"),
        ("@every", "has no duration"),
        ("@every 10", "has no duration"),
        ("@every -5s", "has no duration"),
        ("@every 0s", "no whole number of seconds"),
        ("@every 1.5s", "no whole number of seconds"),
        ("@every 999999h", "is longer than a year"),
        ("TZ= * * * * *", "names no time zone"),
        ("TZ=UTC", "is empty"),
        ("* * * * *\x00", "is neither a number nor a range"),
        ("*" * 300, "more than 256 characters"),
    ],
)
def test_what_is_no_schedule_is_told(text: str, complaint: str) -> None:
    with pytest.raises(InvalidSchedule, match="got") as raised:
        understand(text)
    assert complaint in str(raised.value)


@pytest.mark.parametrize(
    ("zone", "remedy"),
    [
        ("Europe/Berln", "did you mean Europe/Berlin"),
        ("europe/berlin", "did you mean Europe/Berlin"),
        ("Tokyo", "did you mean Asia/Tokyo"),
        ("../../etc/passwd", "use an IANA name"),
        ("/etc/localtime", "use an IANA name"),
        ("Local", "use an IANA name"),
        ("Europe", "Europe"),
        ("x\x00y", "use an IANA name"),
        ("+02:00", "use an IANA name"),
    ],
)
def test_what_is_no_zone_is_told(zone: str, remedy: str) -> None:
    with pytest.raises(InvalidSchedule, match="is no known time zone") as raised:
        Schedule.parse("* * * * *", zone)
    assert remedy in str(raised.value)


def test_zones_are_known_where_the_system_knows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[])
    try:
        monkeypatch.setattr(zones, "ZoneInfo", ZoneInfo.no_cache)
        zone = "America/Argentina/Ushuaia"  # no other test asks for it
        assert Schedule.parse("0 12 * * *", zone).next(0.0) == 15 * 3600
        with pytest.raises(InvalidSchedule, match="did you mean America/Argentina/Ushuaia"):
            Schedule.parse("* * * * *", "America/Argentina/Ushuia")
    finally:
        zoneinfo.reset_tzpath(to=before)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0 0 * * SUN", "0 0 * * 7"),
        ("0 0 * * fri-mon", "0 0 * * 0,1,5,6"),
        ("0 0 * * 5-7", "0 0 * * 0,5,6"),
        ("*/60 * * * *", "0 * * * *"),
        ("5/20 * * * *", "5,25,45 * * * *"),
        ("0 0 ? * *", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("\t0  0 * * * ", "0 0 * * *"),
        ("@every 90m", "@every 1h30m"),
        ("@every 1.5h", "@every 5400s"),
    ],
)
def test_several_ways_to_say_the_same(one: str, other: str) -> None:
    assert Schedule.parse(one) == Schedule.parse(other)


def test_a_case_that_is_made_is_the_one_that_is_kept() -> None:
    case = GOLDEN[0]
    assert make_case(case.expression, case.zone, case.after) == case
