"""What a function gets of a request that is traced."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kubeless.core.tracing import Tracer
from support.rawhttp import Recorder, gateway, talk

TRACE = b"0af7651916cd43dd8448eb211c80319c"
PARENT = b"00-" + TRACE + b"-b7ad6b7169203331-01"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exporter: InMemorySpanExporter) -> Iterator[Tracer]:
    made = Tracer("kubeless-gateway", SimpleSpanProcessor(exporter))
    yield made
    made.close()


def request(*fields: bytes, last: bool = False) -> bytes:
    close = (b"Connection: close",) if last else ()
    return b"\r\n".join((b"GET /echo/x HTTP/1.1", b"Host: h", *fields, *close, b"", b""))


async def test_the_span_of_a_request_is_the_parent_of_the_function(
    tracer: Tracer, exporter: InMemorySpanExporter
) -> None:
    recorder = Recorder()
    async with gateway(recorder.serve, tracer=tracer) as world:
        assert world.forwarder.expressway is None
        same = request(b"traceparent: " + PARENT, b"tracestate: a=1")
        again = request(b"traceparent: " + PARENT, b"tracestate: a=1", last=True)
        await talk(world.port, same, same, again, pause=0.02)
    spans = exporter.get_finished_spans()
    sent = [dict(each.headers) for each in recorder.requests]
    assert [fields[b"traceparent"] for fields in sent] == [
        b"00-%b-%016x-01" % (TRACE, span.context.span_id) for span in spans if span.context
    ]
    assert {fields[b"tracestate"] for fields in sent} == {b"a=1"}
    assert {span.parent.span_id for span in spans if span.parent} == {0xB7AD6B7169203331}
    assert {span.name for span in spans} == {"request default/web"}


async def test_a_trace_begins_with_the_id_of_the_request(tracer: Tracer, exporter: InMemorySpanExporter) -> None:
    recorder = Recorder()
    async with gateway(recorder.serve, tracer=tracer) as world:
        await talk(world.port, request(b"X-Request-Id: " + TRACE, last=True))
    (span,) = exporter.get_finished_spans()
    assert span.parent is None
    assert span.context is not None
    assert format(span.context.trace_id, "032x").encode() == TRACE
    assert dict(recorder.requests[0].headers)[b"traceparent"].split(b"-")[1] == TRACE


async def test_what_the_client_does_not_record_passes_as_it_is(tracer: Tracer, exporter: InMemorySpanExporter) -> None:
    recorder = Recorder()
    quiet = PARENT[:-2] + b"00"
    async with gateway(recorder.serve, tracer=tracer) as world:
        await talk(world.port, request(b"traceparent: " + quiet, last=True))
    assert not exporter.get_finished_spans()
    assert dict(recorder.requests[0].headers)[b"traceparent"] == quiet
