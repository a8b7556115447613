"""The consumer of one trigger and function, and how it delivers, for as long as it is wanted."""

import asyncio
from collections.abc import Callable

import structlog

from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.core.backoff import Backoff
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.deliverer import Deliverer
from kubeless.delivery.sender import Sender
from kubeless.delivery.trigger import TriggerRef
from kubeless.kafka_consumer.connection import Connection
from kubeless.kafka_consumer.consumer import Consumer, State
from kubeless.kafka_consumer.deadletters import DeadLetters, TopicSink
from kubeless.kafka_consumer.metrics import PairCounters
from kubeless.kafka_consumer.settings import Settings
from kubeless.kafka_consumer.wanted import Pair, Want
from kubeless.kube.cache import ObjectKey

log = structlog.get_logger(__name__)

STOPPED = State("Stopped", "not consuming", healthy=False)


class Workplace:
    """What all subscriptions share."""

    def __init__(
        self,
        settings: Settings,
        *,
        connection: Connection,
        letters: DeadLetters,
        sender: Sender,
        counters: EventCounters,
    ) -> None:
        self.settings = settings
        self.connection = connection
        self.letters = letters
        self.sender = sender
        self.counters = counters


class Subscription:
    """The consumer of one pair, for as long as it is wanted."""

    def __init__(self, pair: Pair, workplace: Workplace, changed: Callable[[Pair], None]) -> None:
        self.pair = pair
        self.counters = PairCounters()
        self._workplace = workplace
        self._changed = changed
        self._want: Want | None = None
        self._consumer: Consumer | None = None
        self._deliverer: Deliverer | None = None
        self._hurry = asyncio.Event()
        self._trouble: State | None = None

    @property
    def state(self) -> State:
        """How it goes."""
        if self._trouble is not None:
            return self._trouble
        return STOPPED if self._consumer is None else self._consumer.state

    @property
    def healthy(self) -> bool:
        """Whether it consumes."""
        return self.state.healthy

    @property
    def wanted(self) -> bool:
        """Whether it should run."""
        return self._want is not None

    @property
    def topic(self) -> str:
        """The topic it should consume; empty if none."""
        return self._want.topic if self._want is not None else ""

    @property
    def stuck(self) -> str:
        """Why dead letters cannot be written; empty if nothing is known to be wrong."""
        return (self._deliverer.stuck or "") if self._deliverer is not None else ""

    @property
    def last_error(self) -> str:
        """Why the latest attempt to deliver failed; empty if it did not."""
        return (self._deliverer.last_error or "") if self._deliverer is not None else ""

    @property
    def lag(self) -> int:
        """See `Consumer.lag`."""
        return self._consumer.lag if self._consumer is not None else 0

    @property
    def assigned(self) -> int:
        """See `Consumer.assigned`."""
        return self._consumer.assigned if self._consumer is not None else 0

    def want(self, wanted: Want | None) -> None:
        """Be like this from now on; None: end."""
        before, self._want = self._want, wanted
        self._hurry.set()
        if wanted == before or self._consumer is None or self._deliverer is None:
            return
        if wanted is None or before is None or wanted.topic != before.topic:
            self._consumer.stop()
            return
        self._consumer.update(wanted.policy, wanted.rule)
        if wanted.letters != before.letters:
            self._deliverer.redirect(self._sink(wanted))

    def wake(self) -> None:
        """The function's endpoints have changed."""
        if self._deliverer is not None:
            self._deliverer.wake()

    def reconnect(self) -> None:
        """The credentials have changed."""
        if self._consumer is not None:
            self._consumer.reconnect()
            self.wake()

    async def run(self) -> None:
        """Consume until nothing is wanted."""
        backoff = Backoff()
        while self._want is not None:
            try:
                await self._run_once(self._want)
            except Exception as error:
                # A defect of ours; the other pairs go on, and this one is tried again.
                log.exception("consumer failed", pair=self.pair)
                self._trouble = State("InternalError", f"{type(error).__name__}; see the log", healthy=False)
                self._changed(self.pair)
                self._hurry.clear()
                await _wait(self._hurry, backoff.next())
                self._trouble = None
            else:
                backoff.reset()

    async def _run_once(self, wanted: Want) -> None:
        work, pair = self._workplace, self.pair
        deliverer = Deliverer(
            TriggerRef(KAFKA_TRIGGERS.kind, pair.namespace, pair.trigger),
            ObjectKey(pair.namespace, pair.function),
            wanted.policy,
            sender=work.sender,
            dead_letters=self._sink(wanted),
            counters=work.counters,
        )
        consumer = Consumer(
            group=pair.group(wanted.topic),
            topic=wanted.topic,
            rule=wanted.rule,
            policy=wanted.policy,
            deliveries=deliverer,
            connection=work.connection,
            settings=work.settings,
            counters=self.counters,
            changed=lambda: self._changed(pair),
        )
        try:
            async with deliverer:
                self._deliverer, self._consumer = deliverer, consumer
                await consumer.run()
        finally:
            self._deliverer = self._consumer = None

    def _sink(self, wanted: Want) -> TopicSink | None:
        return self._workplace.letters.sink(wanted.letters, wanted.topic) if wanted.letters else None


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
