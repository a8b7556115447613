"""The consumer of one trigger and function, and how it delivers, for as long as it is wanted."""

from collections.abc import Callable
from dataclasses import dataclass

from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.deliverer import Deliverer
from kubeless.delivery.sender import Sender
from kubeless.delivery.sources.pair import Pair
from kubeless.delivery.sources.subscription import State
from kubeless.delivery.sources.subscription import Subscription as SubscriptionOf
from kubeless.delivery.telemetry import Telemetry
from kubeless.delivery.trigger import TriggerRef
from kubeless.kafka_consumer.connection import Connection
from kubeless.kafka_consumer.consumer import Consumer
from kubeless.kafka_consumer.deadletters import DeadLetters, TopicSink
from kubeless.kafka_consumer.metrics import PairCounters
from kubeless.kafka_consumer.settings import Settings
from kubeless.kafka_consumer.wanted import Want, group_of


@dataclass(frozen=True, slots=True)
class Workplace:
    """What all subscriptions share."""

    settings: Settings
    connection: Connection
    letters: DeadLetters
    sender: Sender
    counters: EventCounters
    telemetry: Telemetry


class Subscription(SubscriptionOf[Want]):
    """The consumer of one pair."""

    def __init__(self, pair: Pair, workplace: Workplace, changed: Callable[[Pair], None]) -> None:
        super().__init__(pair, changed)
        self.counters = PairCounters()
        self._workplace = workplace
        self._consumer: Consumer | None = None

    @property
    def lag(self) -> int:
        """See `Consumer.lag`."""
        return self._consumer.lag if self._consumer is not None else 0

    @property
    def assigned(self) -> int:
        """See `Consumer.assigned`."""
        return self._consumer.assigned if self._consumer is not None else 0

    def reconnect(self) -> None:
        """The credentials have changed."""
        if self._consumer is not None:
            self._consumer.reconnect()
            self.wake()

    @property
    def _intake(self) -> State | None:
        return self._consumer.state if self._consumer is not None else None

    def _adapt(self, before: Want, wanted: Want | None) -> None:
        if self._consumer is None or self._deliverer is None:
            return
        if wanted is None or wanted.topic != before.topic:
            self._consumer.stop()
            return
        self._consumer.update(wanted.policy, wanted.rule)
        if wanted.letters != before.letters:
            self._deliverer.redirect(self._sink(wanted))

    async def _serve(self, wanted: Want) -> None:
        work, pair = self._workplace, self.pair
        deliverer = Deliverer(
            TriggerRef(KAFKA_TRIGGERS.kind, *pair.trigger_key),
            pair.function_key,
            wanted.policy,
            sender=work.sender,
            dead_letters=self._sink(wanted),
            counters=work.counters,
            telemetry=work.telemetry,
        )
        consumer = Consumer(
            group=group_of(pair, wanted.topic),
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
