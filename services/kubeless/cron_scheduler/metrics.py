"""What the scheduler counts beyond the fates of events, which the delivery engine counts."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LATENESS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0),
    *(60.0, 600.0, 3600.0),
)


class CronMetrics:
    """Of one service. Without labels per trigger: there may be ten thousand."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.fired = Counter("kubeless_cron_fired", "Calls of functions that were started.", registry=registry)
        self.skipped = Counter(
            "kubeless_cron_skipped", "Times that were not called for.", ("reason",), registry=registry
        )
        self.lateness = Histogram(
            "kubeless_cron_lateness_seconds",
            "From the time in the schedule to the start of the call.",
            buckets=_LATENESS,
            registry=registry,
        )
        self.status_writes = Counter("kubeless_cron_status_writes", "Writes of triggers' statuses.", registry=registry)
        self.journal_writes = Counter("kubeless_cron_journal_writes", "Writes of the journal.", registry=registry)
        self.due = Gauge("kubeless_cron_scheduled", "Triggers that have a next time.", registry=registry)
        self.leading = Gauge("kubeless_cron_leading", "1 while this replica is the one that calls.", registry=registry)
