"""The spans of an event, as an exporter gets them."""

import inspect
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from structlog.testing import capture_logs

from kubeless.core.event import Event
from kubeless.core.tracing import Tracer, open_tracer
from kubeless.delivery.job import Job
from kubeless.delivery.outcome import Answer, Fate
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.spans import event_spans
from kubeless.delivery.telemetry import Telemetry
from kubeless.delivery.trace import made_trace, trace_headers
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey
from support.deliveries import FAILED, FUNCTION, TRIGGER, Engine, Function, Letters, make_event
from support.kafkaworld import until

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01".encode()
NATS = TriggerRef("NATSTrigger", "shop", "orders")


class Traced:
    """A tracer whose spans are kept."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracer = Tracer("kubeless-test", SimpleSpanProcessor(self.exporter))

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self.exporter.get_finished_spans()

    def __getitem__(self, name: str) -> ReadableSpan:
        (found,) = (span for span in self.spans if span.name == name)
        return found


@pytest.fixture
def traced() -> Iterator[Traced]:
    made = Traced()
    yield made
    made.tracer.close()


class Listening(Function):
    """Remembers the headers of the trace that each attempt carried."""

    def __init__(self) -> None:
        super().__init__(takes=0.0)
        self.traces: list[dict[bytes, bytes]] = []

    async def send(self, event: Event, function: ObjectKey, timeout: float) -> Answer:
        self.traces.append(dict(trace_headers(event)))
        return await super().send(event, function, timeout)


def kafka_event(name: str = "orders/3/7", *headers: tuple[str, bytes]) -> Event:
    attributes = {"kafkapartition": "3", "kafkaoffset": "7"}
    return replace(make_event(name, data=b"12345"), attributes=attributes, headers=headers)


async def deliver(traced: Traced, event: Event, function: Function, *, letters: Letters | None = None) -> None:
    policy = DeliveryPolicy(timeout=1.0, max_attempts=2, initial_delay=0.0)
    engine = Engine(policy, letters=letters, telemetry=Telemetry(tracer=traced.tracer))
    engine.deliverer._carrier._sender = function
    async with engine.deliverer:
        engine.deliverer.offer(event, engine.ledger.entry(event.id))
        await engine.ledger.wait(1)


async def test_an_event_has_a_span_for_its_life_its_wait_and_each_attempt(traced: Traced) -> None:
    function = Listening()
    event = kafka_event("orders/3/7", ("TraceParent", PARENT), ("tracestate", b"a=1"), ("baggage", b"b=2"))
    await deliver(traced, event, function)
    assert [span.name for span in traced.spans] == ["queue", "attempt bill", "receive orders"]
    receive, attempt, queue = traced["receive orders"], traced["attempt bill"], traced["queue"]
    assert (receive.kind, attempt.kind, queue.kind) == (SpanKind.CONSUMER, SpanKind.CLIENT, SpanKind.INTERNAL)
    assert {format(span.context.trace_id, "032x") for span in traced.spans if span.context} == {TRACE}
    assert receive.parent is not None
    assert format(receive.parent.span_id, "016x") == "b7ad6b7169203331"
    assert attempt.parent == queue.parent == receive.context
    assert attempt.context is not None
    sent = function.traces[0]
    assert sent[b"traceparent"] == b"00-%s-%016x-01" % (TRACE.encode(), attempt.context.span_id)
    assert (sent[b"tracestate"], sent[b"baggage"]) == (b"a=1", b"b=2")
    assert dict(receive.attributes or {}) == {
        "faas.trigger": "pubsub",
        "messaging.system": "kafka",
        "messaging.operation.name": "receive",
        "messaging.operation.type": "process",
        "messaging.destination.name": "orders",
        "messaging.destination.partition.id": "3",
        "messaging.kafka.offset": 7,
        "messaging.message.id": "orders/3/7",
        "messaging.message.body.size": 5,
        "kubeless.trigger": "KafkaTrigger/shop/orders",
        "kubeless.function": "shop/bill",
        "kubeless.outcome": "delivered",
        "kubeless.attempts": 1,
    }
    assert (attempt.attributes or {})["faas.invoked_name"] == "bill"
    assert receive.resource.attributes["service.name"] == "kubeless-test"


async def test_a_failure_is_told_on_each_attempt_and_the_letter_keeps_the_trace_it_came_with(traced: Traced) -> None:
    letters, function = Letters(), Listening()
    function.default = FAILED
    await deliver(traced, kafka_event("bad", ("traceparent", PARENT)), function, letters=letters)
    attempts = [span for span in traced.spans if span.name == "attempt bill"]
    assert [(span.attributes or {}).get("http.request.resend_count") for span in attempts] == [None, 1]
    assert {(span.attributes or {})["error.type"] for span in attempts} == {"500"}
    assert len({trace[b"traceparent"] for trace in function.traces}) == 2
    receive = traced["receive orders"]
    assert (receive.attributes or {})["kubeless.outcome"] == "dead_lettered"
    assert not receive.status.is_ok
    assert dict(letters.written[0].headers())["traceparent"] == PARENT


async def test_a_trace_that_is_not_sampled_has_no_spans_and_passes_as_it_is(traced: Traced) -> None:
    function = Listening()
    quiet = PARENT[:-2] + b"00"
    await deliver(traced, kafka_event("x", ("traceparent", quiet)), function)
    assert not traced.spans
    assert function.traces == [{b"traceparent": quiet}]


async def test_an_event_without_a_trace_begins_the_same_one_each_time(traced: Traced) -> None:
    """Wherever it is delivered; and companions of no trace do not come along."""
    event = kafka_event("x", ("tracestate", b"a=1"), ("traceparent", b"nonsense"))
    for _ in range(2):
        function = Listening()
        await deliver(traced, event, function)
        assert function.traces[0].keys() == {b"traceparent"}
    begun = [span for span in traced.spans if span.name == "receive orders"]
    assert [span.parent for span in begun] == [None, None]
    assert {format(span.context.trace_id, "032x") for span in begun if span.context} == {made_trace(event)}


@pytest.mark.parametrize(
    ("trigger", "known"),
    [
        (TRIGGER, {"messaging.system": "kafka", "messaging.message.id": "x"}),
        (NATS, {"messaging.system": "nats", "faas.trigger": "pubsub"}),
        (TriggerRef("CronJobTrigger", "shop", "nightly"), {"faas.trigger": "timer", "faas.invocation_id": "x"}),
    ],
)
def test_every_source_says_what_it_is(traced: Traced, trigger: TriggerRef, known: dict[str, str]) -> None:
    spans = event_spans(traced.tracer, make_event("x"), trigger, FUNCTION, waited=0.5, sender=Function())
    assert spans is not None
    spans.end(Fate.DELIVERED, "")
    receive, queue = traced[f"receive {trigger.name}"], traced["queue"]
    assert dict(receive.attributes or {}).items() >= known.items()
    assert queue.start_time is not None
    assert queue.end_time is not None
    assert (queue.end_time - queue.start_time) / 1e9 == pytest.approx(0.5, abs=0.001)


async def test_an_event_that_is_given_back_ends_its_spans(traced: Traced) -> None:
    engine = Engine(telemetry=Telemetry(tracer=traced.tracer))
    async with engine.deliverer:
        engine.function.takes = 60.0
        engine.deliverer.offer(kafka_event("x"), engine.ledger.entry("x"))
        await until(lambda: bool(engine.function.calls))
        await engine.deliverer.drain(0.0)
    assert (traced["receive orders"].attributes or {})["kubeless.outcome"] == "released"
    assert (traced["attempt bill"].attributes or {})["error.type"] == "interrupted"


def test_without_a_collector_nothing_of_opentelemetry_is_used() -> None:
    assert open_tracer("", service="s") is None


def test_a_collector_without_the_extra_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("opentelemetry.exporter")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with capture_logs() as lines:
        assert open_tracer("http://127.0.0.1:4318", service="s") is None
    assert lines[0]["log_level"] == "warning"
    assert lines[0]["remedy"] == "install kubeless[tracing], or unset OTEL_EXPORTER_OTLP_ENDPOINT"


async def test_a_carrier_without_a_tracer_goes_straight_to_its_work() -> None:
    engine = Engine()
    carrier = engine.deliverer._carrier
    work = carrier.carry(Job(make_event("x"), lambda: None, 0.0))
    direct = carrier._carry(Job(make_event("x"), lambda: None, 0.0), engine.function)
    assert inspect.getcoroutinelocals(work).keys() == inspect.getcoroutinelocals(direct).keys()
    work.close()
    direct.close()
