"""A redrive may deliver twice, and never forgets: no broker, no clock."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError

from kubeless.core.event import Event
from kubeless.delivery.admin.errors import AdminError
from kubeless.delivery.admin.redelivery import EngineRedelivery
from kubeless.delivery.admin.redrive import Round
from kubeless.delivery.deadletter import DeadLetterSink
from kubeless.delivery.trigger import TriggerRef
from kubeless.kafka_consumer.admin_errors import explain
from kubeless.kafka_consumer.admin_letters import Letter
from kubeless.kafka_consumer.admin_redrive import TopicLetters
from kubeless.kube.cache import ObjectKey
from kubeless.manage.kafkanames import LetterId


@dataclass(slots=True)
class FakeLog:
    """Three letters, none of them done."""

    topic: str = "letters"
    spans: dict[int, tuple[int, int]] = field(default_factory=lambda: {0: (0, 3)})

    async def done(self, partition: int, start: int) -> set[int]:
        return set()

    async def pick(self, wanted: Collection[LetterId]) -> AsyncGenerator[tuple[LetterId, Letter | None]]:
        for each in wanted:
            facts = {"event-id": f"t/0/{each.offset}", "trigger": "KafkaTrigger/n/t", "function": "n/f"}
            headers = tuple((f"kubeless-{name}", text.encode()) for name, text in facts.items())
            yield each, Letter(each, 0.0, None, b"x", headers) if each.offset < 3 else None

    def missing(self, wanted: LetterId) -> AdminError:
        return AdminError(404, "NoSuchLetter", str(wanted))


@dataclass(slots=True)
class FakeProducer:
    """Keeps the offsets that notes were written about, or cannot."""

    away: bool = False
    notes: list[int] = field(default_factory=list)

    async def send(self, topic: str, *, value: bytes, partition: int, headers: list[tuple[str, bytes]]) -> Any:
        if self.away:
            raise KafkaConnectionError("down")
        self.notes.append(int(headers[0][1]))
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sent.set_result(None)
        return sent


@dataclass(slots=True)
class FakeEngine:
    """Delivers `quota` events at once and holds the others for ever."""

    quota: int = 3
    delivered: list[str] = field(default_factory=list)

    @property
    def free(self) -> int:
        return 10

    def offer(self, event: Event, done: Callable[[], None]) -> None:
        if len(self.delivered) < self.quota:
            self.delivered.append(event.id)
            done()

    def check_ready(self) -> None:
        """Always."""

    @asynccontextmanager
    async def open(
        self, trigger: TriggerRef, function: ObjectKey, *, sink: DeadLetterSink, max_age: float
    ) -> AsyncIterator["FakeEngine"]:
        yield self


def make_round(producer: FakeProducer, engine: FakeEngine) -> Round[LetterId, Letter]:
    return Round(TopicLetters(cast("Any", FakeLog()), cast("Any", producer)), engine, explain)


IDS = [LetterId(0, offset) for offset in range(3)]


async def test_what_is_delivered_is_noted_and_what_is_no_letter_is_told() -> None:
    producer = FakeProducer()
    async with make_round(producer, FakeEngine()) as round_:
        results = [result async for result in round_.run([*IDS, LetterId(0, 9)])]
    assert sorted(producer.notes) == [0, 1, 2]
    assert [(each["id"], each["result"]) for each in results if each["result"] == "failed"] == [("0/9", "failed")]
    assert len(results) == 4


def test_nothing_is_redriven_before_the_functions_are_known() -> None:
    """They would all seem to be gone."""
    ready = False
    redelivery = EngineRedelivery(
        sender=cast("Any", None),
        counters=cast("Any", None),
        function=lambda _namespace, _name: None,
        delivery=lambda _: None,
        ready=lambda: ready,
    )
    with pytest.raises(AdminError, match="try again when its /readyz answers 200") as told:
        redelivery.check_ready()
    assert told.value.status == 503
    ready = True
    redelivery.check_ready()


async def test_a_reader_that_leaves_does_not_take_the_notes_along() -> None:
    """The last thing delivered before the connection broke is not delivered again for nothing."""
    producer, engine = FakeProducer(), FakeEngine()
    async with make_round(producer, engine) as round_:
        running = round_.run(IDS)
        await anext(running)
        await running.aclose()
    assert [f"t/0/{offset}" for offset in producer.notes] == engine.delivered


async def test_a_redrive_that_is_cut_off_leaves_what_was_not_delivered() -> None:
    producer = FakeProducer()

    async def redrive() -> None:
        async with make_round(producer, FakeEngine(quota=1)) as round_:
            async for _ in round_.run(IDS):
                pass

    running = asyncio.create_task(redrive())
    for _ in range(100):
        await asyncio.sleep(0)
    assert not running.done()
    running.cancel()
    await asyncio.wait([running])
    assert producer.notes == [0]


async def test_a_delivery_that_cannot_be_noted_says_that_it_will_come_again() -> None:
    producer = FakeProducer(away=True)
    async with make_round(producer, FakeEngine()) as round_:
        results = [result async for result in round_.run(IDS)]
    assert [each["result"] for each in results] == ["delivered"] * 3
    assert all("the next redrive delivers it again" in each["error"] for each in results)
