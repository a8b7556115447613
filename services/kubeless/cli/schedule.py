"""
A first look at a schedule, so that a typing mistake is told at once.

The rule is the scheduler's own. Whether a time zone exists is looked up only where one is named.
"""

from kubeless.core.errors import InvalidInput


def problem_of(schedule: str, zone: str = "") -> str | None:
    """What is wrong with a schedule or its zone; None if nothing is."""
    from kubeless.schedules.schedule import Schedule

    try:
        Schedule.parse(schedule, zone)
    except InvalidInput as error:
        return str(error)
    return None
