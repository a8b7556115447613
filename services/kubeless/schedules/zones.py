"""Time zones by name, and what somebody may have meant who names one that does not exist."""

from datetime import UTC, tzinfo
from difflib import get_close_matches
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from kubeless.core.errors import shorten
from kubeless.schedules.grammar import InvalidSchedule

_NOT_NAMES = frozenset({"local", "localtime", "posixrules", "factory"})
"""Files beside the zones that mean another thing on every machine."""


def find_zone(name: str) -> tzinfo:
    """
    The zone of an IANA name; UTC for the empty one.

    Raises:
        InvalidSchedule: there is none; the message names similar ones.
    """
    return _find(name) if name else UTC


@lru_cache(1024)
def _find(name: str) -> tzinfo:
    try:
        if name.lower() not in _NOT_NAMES:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass  # unknown, a path out of the folder of zones, a folder: all the same to whoever wrote it
    raise InvalidSchedule("timeZone", name, problem="is no known time zone", remedy=_remedy(name))


def _remedy(name: str) -> str:
    near = [_names()[each] for each in get_close_matches(name.lower(), _names(), n=3, cutoff=0.6)]
    if near:
        return f"did you mean {' or '.join(near)}?"
    city = [zone for zone in _names().values() if shorten(name).strip("'").lower() == zone.rpartition("/")[2].lower()]
    return f"did you mean {city[0]}?" if city else "use an IANA name, such as Europe/Berlin"


@cache
def _names() -> dict[str, str]:
    """All zones by their name in lower case."""
    return {zone.lower(): zone for zone in sorted(available_timezones()) if zone.lower() not in _NOT_NAMES}
