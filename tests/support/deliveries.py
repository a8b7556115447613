"""What tests of the delivery engine are made of: events, functions that do as told, and a ledger."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from kubeless.core.event import JSON, Event
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.deadletter import DeadLetter, DeadLetterFailed
from kubeless.delivery.deliverer import Deliverer
from kubeless.delivery.outcome import Answer, Outcome
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.telemetry import SILENT, Telemetry
from kubeless.delivery.trigger import TriggerRef
from kubeless.kube.cache import ObjectKey

TRIGGER = TriggerRef("KafkaTrigger", "shop", "orders")
FUNCTION = ObjectKey("shop", "bill")

OK = Answer(200)
FAILED = Answer(500, "status 500")
REFUSED = Answer(404, "status 404")
NOWHERE = Answer(None, "no endpoint", sent=False)


def make_event(name: str, *, key: bytes | None = None, partition: Hashable = 0, data: bytes = b"{}") -> Event:
    return Event(id=name, type=JSON, time=0.0, source="test", topic="orders", data=data, key=key, partition=partition)


@dataclass
class Function:
    """A Sender: answers what it was told, after the time it was told, and remembers who was there when."""

    answers: dict[str, deque[Answer]] = field(default_factory=dict)
    """By event; when they run out, and for others, `default`."""
    default: Answer = OK
    takes: float = 1.0
    defects: set[str] = field(default_factory=set)
    """Events that it raises at, which no sender may."""
    calls: list[tuple[float, str]] = field(default_factory=list)
    """Loop time and event of each attempt."""
    ended: list[str] = field(default_factory=list)
    running: set[str] = field(default_factory=set)
    most: int = 0
    """The most attempts at once."""

    def will(self, name: str, *answers: Answer) -> None:
        self.answers[name] = deque(answers)

    async def send(self, event: Event, function: ObjectKey, timeout: float) -> Answer:
        assert event.id not in self.running, "one event is never attempted twice at once"
        with self._present(event.id):
            await asyncio.sleep(self.takes)
        if event.id in self.defects:
            raise ZeroDivisionError
        self.ended.append(event.id)
        left = self.answers.get(event.id)
        return left.popleft() if left else self.default

    def order(self) -> list[str]:
        """The events in the order in which attempts began."""
        return [name for _, name in self.calls]

    @contextmanager
    def _present(self, name: str) -> Iterator[None]:
        self.calls.append((asyncio.get_running_loop().time(), name))
        self.running.add(name)
        self.most = max(self.most, len(self.running))
        try:
            yield
        finally:
            self.running.discard(name)


@dataclass
class Letters:
    """A DeadLetterSink in memory; `failures` tries fail first."""

    failures: int = 0
    takes: float = 0.0
    written: list[DeadLetter] = field(default_factory=list)
    tries: int = 0

    async def write(self, letter: DeadLetter) -> None:
        self.tries += 1
        await asyncio.sleep(self.takes)
        if self.failures:
            self.failures -= 1
            raise DeadLetterFailed("the topic orders.dlq is not writable")
        self.written.append(letter)


class Ledger:
    """Which events were acknowledged, and that none was twice."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.order: list[str] = []
        self._one_more = asyncio.Event()

    async def wait(self, count: int) -> None:
        """Return once `count` events were acknowledged."""
        while len(self.order) < count:
            self._one_more.clear()
            await self._one_more.wait()

    def entry(self, name: str) -> Callable[[], None]:
        def done() -> None:
            self.done[name] += 1
            self.order.append(name)
            self._one_more.set()
            assert self.done[name] == 1, f"{name} was acknowledged twice"

        return done


class Engine:
    """A deliverer with everything around it. To be made within a running loop."""

    def __init__(
        self,
        policy: DeliveryPolicy | None = None,
        *,
        letters: Letters | None = None,
        on_outcome: Callable[[Event, Outcome], None] | None = None,
        telemetry: Telemetry = SILENT,
        draw: Callable[[float, float], float] = lambda _low, high: high,
    ) -> None:
        self.function = Function()
        self.letters = letters
        self.ledger = Ledger()
        self.registry = CollectorRegistry()
        self.counters = EventCounters(self.registry)
        self.tally = self.counters.of(TRIGGER, FUNCTION)
        self.deliverer = Deliverer(
            TRIGGER,
            FUNCTION,
            policy or DeliveryPolicy(timeout=10.0),
            sender=self.function,
            dead_letters=letters,
            counters=self.counters,
            on_outcome=on_outcome,
            telemetry=telemetry,
            wall=lambda: 1_000_000.0 + asyncio.get_running_loop().time(),
            draw=draw,
        )

    def offer(self, *names: str, key: bytes | None = None, partition: Hashable = 0) -> None:
        for name in names:
            self.deliverer.offer(make_event(name, key=key, partition=partition), self.ledger.entry(name))

    async def idle(self) -> None:
        """Wait until everything that was offered has a fate."""
        while self.tally.in_flight:  # noqa: ASYNC110 # virtual time: looking costs nothing, and nobody else has to tell us
            await asyncio.sleep(0.25)
