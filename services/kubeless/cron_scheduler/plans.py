"""
Where a scheduler begins with a trigger: after which moment its times are due. Decisions without I/O.
"""

from datetime import datetime

from kubeless.cron_scheduler.journal import Page
from kubeless.cron_scheduler.triggers import CronTrigger


def first_watermark(trigger: CronTrigger, page: Page, *, now: float, grace: float) -> float:
    """
    For a trigger found at the start: all times up to this moment were dealt with, or are nobody's business.

    Nothing was due before the trigger was made, nor up to what its status or the journal says. If it was changed since
    its status was written, nobody knows when: then only what a takeover may have kept from being called is due.
    """
    status = trigger.status
    known = max(trigger.record.created, moment_of(status.get("lastScheduleTime")), float(page.done))
    changed = status.get("observedGeneration", trigger.record.metadata.generation) != trigger.record.metadata.generation
    return min(max(known, now - grace) if changed else known, now)


def next_watermark(old: CronTrigger | None, new: CronTrigger, before: float, *, now: float) -> float:
    """For a trigger that was made or changed while we lead; `before` is its watermark so far."""
    if old is None:
        return min(max(new.record.created, moment_of(new.status.get("lastScheduleTime"))), now)
    resumed = old.active is None and new.active is not None
    # Times of a schedule that was not in force, or not wanted, were not missed.
    return max(before, now) if resumed or old.schedule != new.schedule else before


def moment_of(text: object) -> float:
    """A Kubernetes time as seconds since the Unix epoch; 0 for none, and for nonsense."""
    try:
        return datetime.fromisoformat(str(text)).timestamp() if text else 0.0
    except ValueError:
        return 0.0
