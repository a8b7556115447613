"""What a service tells of its events besides counting them: a line in the log, and spans. Either may be missing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol, Self

from kubeless.core.tracing import Tracer, open_tracer
from kubeless.delivery.eventlog import EventLog


class TelemetrySettings(Protocol):
    """What an operator sets in every service."""

    @property
    def event_log(self) -> bool: ...

    @property
    def event_log_sample(self) -> float: ...

    @property
    def otlp_endpoint(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Of one service. Belongs to one event loop."""

    log: EventLog | None = None
    tracer: Tracer | None = None

    @classmethod
    def of(cls, settings: TelemetrySettings, *, service: str) -> Self:
        """As an operator wants it. `service` is the `service.name` of spans."""
        log = EventLog(enabled=settings.event_log, sample=settings.event_log_sample)
        return cls(log, open_tracer(settings.otlp_endpoint, service=service))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """On leaving, what is left is written and exported."""
        try:
            yield self
        finally:
            if self.log is not None:
                self.log.close()
            if self.tracer is not None:
                async with self.tracer.running():
                    pass


SILENT = Telemetry()
"""Tells nothing."""
