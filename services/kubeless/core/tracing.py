"""
Spans by OpenTelemetry, for those who run a collector.

Tracing is on where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector (OTLP over HTTP) and the extra `tracing` is
installed. Where it is off there is no tracer at all, `None`: whoever makes spans asks for that and does nothing else.
OpenTelemetry is imported by a process that traces, and by no other.

Whether a trace is recorded is decided where it begins: the `sampled` flag of an incoming `traceparent` counts, and
`OTEL_TRACES_SAMPLER` for what has none (by default all). Spans are exported by a thread of OpenTelemetry; what does not
fit in its queue is dropped there, and nothing waits for a collector that is slow or away.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import structlog

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span, SpanKind

log = structlog.get_logger(__name__)

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""The variable of OpenTelemetry that names the collector, such as `http://collector:4318`."""

EXPORT_TIMEOUT = 5.0
"""Seconds for one batch, and so for the last one when a service stops."""

Attributes = Mapping[str, str | int | float | bool]


class Parent(NamedTuple):
    """What an incoming `traceparent` says (W3C Trace Context, 3.2)."""

    trace_id: int
    span_id: int
    flags: int

    @classmethod
    def of(cls, traceparent: bytes) -> "Parent":
        """From a header that is known to be valid."""
        _, trace, span, flags = traceparent.decode("ascii").split("-")[:4]
        return cls(int(trace, 16), int(span, 16), int(flags, 16))


class Tracer:
    """Starts spans. Belongs to one event loop."""

    def __init__(self, service: str, processor: "SpanProcessor") -> None:
        """
        `service` is the `service.name` of all spans unless OTEL_SERVICE_NAME says otherwise; `processor` gets them.

        Raises ImportError without the extra `tracing`.
        """
        from opentelemetry import trace
        from opentelemetry.context import Context
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

        class Ids(RandomIdGenerator):
            """Random, but for a trace whose id is known before it begins."""

            wanted = 0

            def generate_trace_id(self) -> int:
                return self.wanted or super().generate_trace_id()

        self._api = trace
        self._nothing = Context()
        self._ids = Ids()
        own = Resource({"service.name": service, "service.namespace": "kubeless"})
        resource = Resource.create().merge(own).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("kubeless")
        self.kinds: type[SpanKind] = trace.SpanKind

    def begin(
        self,
        name: str,
        *,
        kind: "SpanKind",
        parent: Parent | None,
        attributes: Attributes,
        trace_id: int = 0,
        began: float | None = None,
    ) -> "Span | None":
        """
        The first span of this process in a trace; None: the trace is not recorded.

        Without a parent a trace begins, with the id `trace_id` if that is not 0. `began` is seconds since the epoch.
        """
        context = None
        if parent is not None:
            flags = self._api.TraceFlags(parent.flags)
            remote = self._api.SpanContext(parent.trace_id, parent.span_id, is_remote=True, trace_flags=flags)
            context = self._api.set_span_in_context(self._api.NonRecordingSpan(remote), self._nothing)
        self._ids.wanted = trace_id
        try:
            span = self._tracer.start_span(
                name,
                context or self._nothing,
                kind,
                attributes,
                start_time=None if began is None else _nanoseconds(began),
            )
        finally:
            self._ids.wanted = 0
        return span if span.is_recording() else None

    def below(
        self, parent: "Span", name: str, *, kind: "SpanKind", attributes: Attributes, began: float | None = None
    ) -> "Span":
        """A span within `parent`."""
        context = self._api.set_span_in_context(parent, self._nothing)
        start = None if began is None else _nanoseconds(began)
        return self._tracer.start_span(name, context, kind, attributes, start_time=start)

    def fail(self, span: "Span", error: str, *, kind: str) -> None:
        """Mark a span as failed. `kind` is `error.type`: a word or a status, of which there are few."""
        span.set_attribute("error.type", kind)
        span.set_status(self._api.Status(self._api.StatusCode.ERROR, error or None))

    def close(self) -> None:
        """Export what is left, and end the thread. Blocks, for some seconds at most."""
        self._provider.shutdown()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Tracer"]:
        """Closed on leaving."""
        try:
            yield self
        finally:
            await asyncio.to_thread(self.close)


def open_tracer(endpoint: str, *, service: str) -> Tracer | None:
    """
    The tracer of a service whose collector is at `endpoint`; None if that is empty, or the extra is not installed.

    To be left by `close`, or `running`.
    """
    if not endpoint:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        log.warning(
            "there are no spans, for OpenTelemetry is not installed",
            remedy=f"install kubeless[tracing], or unset {ENDPOINT}",
            error=str(error),
        )
        return None
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_TIMEOUT)
    log.info("spans are exported", endpoint=endpoint, service=service)
    return Tracer(service, BatchSpanProcessor(exporter))


def traceparent(span: "Span") -> bytes:
    """The header that makes `span` the parent of what is done elsewhere."""
    context = span.get_span_context()
    return b"00-%032x-%016x-%02x" % (context.trace_id, context.span_id, context.trace_flags)


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)
