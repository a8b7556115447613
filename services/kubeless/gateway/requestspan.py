"""
The span of a request: from its head to the end of the answer, and the parent of what the function records.

A request that is traced takes the long way or the short one, never the express way: that one sends bytes which were
made before, and a span for each request costs more than the way saves. So where tracing is on there is no express way;
where it is off, it does not know that tracing exists.
"""

from typing import TYPE_CHECKING

from kubeless.core.tracing import Parent, Tracer, traceparent
from kubeless.gateway.headers import trace_id, trace_parent
from kubeless.gateway.incoming import Incoming

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from kubeless.gateway.journal import Progress

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
_OTHER = "_OTHER"
"""What OpenTelemetry calls a method that it does not know, so that clients cannot invent names."""


class RequestSpan:
    """Of one request that is recorded."""

    __slots__ = ("_span", "_tracer")

    def __init__(self, tracer: Tracer, span: "Span") -> None:
        self._tracer = tracer
        self._span = span

    @property
    def traceparent(self) -> bytes:
        """What the function gets."""
        return traceparent(self._span)

    def end(self, progress: "Progress") -> None:
        """The request is over."""
        span, status, outcome = self._span, progress.status, progress.outcome
        span.set_attribute("kubeless.outcome", outcome)
        if status:
            span.set_attribute("http.response.status_code", status)
        if progress.function:
            span.set_attribute("kubeless.function", progress.function)
        if progress.route is not None:
            span.update_name(f"request {progress.route_label}")
            span.set_attribute("kubeless.trigger", f"HTTPTrigger/{progress.route_label}")
        if status >= 500 or not status:
            self._tracer.fail(span, outcome, kind=str(status or outcome))
        span.end()


def begin_span(tracer: Tracer, incoming: Incoming, request_id: str) -> RequestSpan | None:
    """The span of a request that has come; None: its client does not record it."""
    first = incoming.first
    parent = trace_parent(first)
    span = tracer.begin(
        "request",
        kind=tracer.kinds.SERVER,
        parent=None if parent is None else Parent.of(parent),
        trace_id=int(trace_id(request_id.encode("ascii")), 16),
        attributes={
            "faas.trigger": "http",
            "http.request.method": incoming.method if incoming.method in _METHODS else _OTHER,
            # Without the query, which may hold what is nobody's business.
            "url.path": incoming.target.partition(b"?")[0].decode("ascii", "backslashreplace"),
            "url.scheme": incoming.scheme,
            "client.address": incoming.peer,
            "kubeless.request_id": request_id,
        },
    )
    return None if span is None else RequestSpan(tracer, span)
