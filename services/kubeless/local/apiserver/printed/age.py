"""Times as kubectl prints them: how long ago, in the two largest units that matter."""

from datetime import datetime

UNKNOWN = "<unknown>"
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


def age(timestamp: object, now: datetime) -> str:
    """The time since an RFC 3339 timestamp; `<unknown>` if it is none."""
    moment = parse_time(timestamp)
    return UNKNOWN if moment is None else human_duration((now - moment).total_seconds())


def parse_time(timestamp: object) -> datetime | None:
    """The moment of an RFC 3339 timestamp with a time zone; None if it is none."""
    if not isinstance(timestamp, str) or len(timestamp) > 64:
        return None
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def human_duration(seconds: float) -> str:
    """Seconds as kubectl shortens them: `5s`, `3m2s`, `4h`, `2d`."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 2 * _MINUTE:
        return f"{max(whole, 0)}s"
    for limit, unit, name, inner, inner_name in (
        (10 * _MINUTE, _MINUTE, "m", 1, "s"),
        (3 * _HOUR, _MINUTE, "m", 0, ""),
        (8 * _HOUR, _HOUR, "h", _MINUTE, "m"),
        (2 * _DAY, _HOUR, "h", 0, ""),
        (8 * _DAY, _DAY, "d", _HOUR, "h"),
        (2 * _YEAR, _DAY, "d", 0, ""),
        (8 * _YEAR, _YEAR, "y", _DAY, "d"),
    ):
        if whole < limit:
            rest = whole % unit // inner if inner else 0
            return f"{whole // unit}{name}" + (f"{rest}{inner_name}" if rest else "")
    return f"{whole // _YEAR}y"
