"""
The spans of an event: `receive` from taking it in to its fate, and within it `queue` and one `attempt` after the other.

    receive <trigger>          consumer; how it ended
      queue                    it waited for its lane and a slot
      attempt <function>       client; its traceparent is what the function gets
      attempt <function>       after a failure, with how many there were before

Names of attributes are OpenTelemetry's semantic conventions for messaging, FaaS and HTTP where there are any, else they
begin with `kubeless.`. A trace that is not sampled has no spans and goes to the function as it came.
"""

import time
from typing import TYPE_CHECKING

from kubeless.core.event import Event
from kubeless.core.tracing import Parent, Tracer, traceparent
from kubeless.delivery.outcome import Answer, Fate
from kubeless.delivery.policy import Verdict, judge
from kubeless.delivery.sender import Sender
from kubeless.delivery.trace import made_trace, read_trace, with_parent
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey

if TYPE_CHECKING:
    from opentelemetry.trace import Span

_OFFSET = "messaging.kafka.offset"
_SYSTEMS = {"KafkaTrigger": "kafka", "NATSTrigger": "nats"}


class EventSpans:
    """Those of one event that is recorded; a Sender that makes each attempt a span."""

    def __init__(self, tracer: Tracer, receive: "Span", sender: Sender) -> None:
        self._tracer = tracer
        self._receive = receive
        self._sender = sender
        self._attempts = 0

    async def send(self, event: Event, function: ObjectKey, timeout: float) -> Answer:
        """See `Sender`."""
        attributes: dict[str, str | int] = {
            "http.request.method": event.method,
            "faas.invoked_name": function.name,
            "kubeless.function": str(function),
        }
        if self._attempts:
            attributes["http.request.resend_count"] = self._attempts
        self._attempts += 1
        tracer = self._tracer
        span = tracer.below(self._receive, f"attempt {function.name}", kind=tracer.kinds.CLIENT, attributes=attributes)
        try:
            answer = await self._sender.send(with_parent(event, traceparent(span)), function, timeout)
            if answer.status is not None:
                span.set_attribute("http.response.status_code", answer.status)
            if judge(answer) is not Verdict.SUCCESS:
                tracer.fail(span, answer.error, kind=_kind(answer))
        except BaseException:
            tracer.fail(span, "given up", kind="interrupted")
            raise
        finally:
            span.end()
        return answer

    def end(self, fate: Fate, error: str) -> None:
        """The event met its fate."""
        self._receive.set_attribute("kubeless.outcome", fate.value)
        self._receive.set_attribute("kubeless.attempts", self._attempts)
        if fate is not Fate.DELIVERED:
            self._tracer.fail(self._receive, error, kind=fate.value)
        self._receive.end()


def event_spans(
    tracer: Tracer, event: Event, trigger: TriggerRef, function: ObjectKey, *, waited: float, sender: Sender
) -> EventSpans | None:
    """The spans of an event that starts now and has `waited` seconds; None if its trace is not recorded."""
    found = read_trace(event)
    now = time.time()
    receive = tracer.begin(
        f"receive {trigger.name}",
        kind=tracer.kinds.CONSUMER,
        parent=Parent.of(found) if found else None,
        trace_id=0 if found else int(made_trace(event), 16),
        attributes=_attributes(event, trigger, function),
        began=now - waited,
    )
    if receive is None:
        return None
    queue = tracer.below(receive, "queue", kind=tracer.kinds.INTERNAL, attributes={}, began=now - waited)
    queue.end(round(now * 1e9))
    return EventSpans(tracer, receive, sender)


def _attributes(event: Event, trigger: TriggerRef, function: ObjectKey) -> dict[str, str | int]:
    facts: dict[str, str | int] = {"kubeless.trigger": str(trigger), "kubeless.function": str(function)}
    system = _SYSTEMS.get(trigger.kind)
    if system is None:
        return facts | {"faas.trigger": "timer", "faas.invocation_id": event.id}
    facts |= {
        "faas.trigger": "pubsub",
        "messaging.system": system,
        "messaging.operation.name": "receive",
        "messaging.operation.type": "process",
        "messaging.destination.name": event.topic,
        "messaging.message.id": event.id,
        "messaging.message.body.size": len(event.data),
    }
    # An event that was redriven may know no place of its own.
    for attribute, name in (("kafkapartition", "messaging.destination.partition.id"), ("kafkaoffset", _OFFSET)):
        if value := event.attributes.get(attribute, ""):
            facts[name] = int(value) if name == _OFFSET else value
    return facts


def _kind(answer: Answer) -> str:
    """`error.type` of an attempt: few different values."""
    if answer.status is not None:
        return str(answer.status)
    return "unanswered" if answer.sent else "unsent"
