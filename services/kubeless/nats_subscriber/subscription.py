"""
The subscription of one pair, for as long as it is wanted.

An intake of core NATS that is to end leaves its queue group at once and finishes what it has beside its successor: what
is published on a new subject, or after a resumption, must not wait for it, since nobody keeps it. A successor on a
stream does wait, for order holds across both.
"""

import asyncio
from collections.abc import Callable

import structlog

from kubeless.api.resource import NATS_TRIGGERS
from kubeless.core.event import Event
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.deliverer import Deliverer
from kubeless.delivery.outcome import Outcome
from kubeless.delivery.sender import Sender
from kubeless.delivery.sources.pair import Pair
from kubeless.delivery.sources.subscription import State, Subscription
from kubeless.delivery.telemetry import Telemetry
from kubeless.delivery.trigger import TriggerRef
from kubeless.nats_subscriber.claims import Claims
from kubeless.nats_subscriber.connection import Connection
from kubeless.nats_subscriber.core import CoreIntake
from kubeless.nats_subscriber.deadletters import DeadLetters, SubjectSink
from kubeless.nats_subscriber.metrics import PairCounters
from kubeless.nats_subscriber.settings import Settings
from kubeless.nats_subscriber.stream import StreamIntake
from kubeless.nats_subscriber.wanted import Want, plan

log = structlog.get_logger(__name__)


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
        telemetry: Telemetry,
    ) -> None:
        self.settings = settings
        self.connection = connection
        self.letters = letters
        self.sender = sender
        self.counters = counters
        self.telemetry = telemetry
        self.claims = Claims()


class NatsSubscription(Subscription[Want]):
    """One pair."""

    def __init__(self, pair: Pair, workplace: Workplace, changed: Callable[[Pair], None]) -> None:
        super().__init__(pair, changed)
        self.counters = PairCounters()
        self._workplace = workplace
        self._running: CoreIntake | StreamIntake | None = None
        self._refused: State | None = None
        self._turn = asyncio.Event()
        self._parting: set[asyncio.Task[None]] = set()
        self._group: asyncio.TaskGroup | None = None

    @property
    def _intake(self) -> State | None:
        if self._refused is not None:
            return self._refused
        return None if self._running is None else self._running.state

    @property
    def pending(self) -> int:
        """See `Intake.pending`."""
        return 0 if self._running is None else self._running.pending

    @property
    def slow(self) -> bool:
        """Whether messages were dropped lately since too many came."""
        return isinstance(self._running, CoreIntake) and self._running.slow

    async def run(self) -> None:
        """See `Subscription.run`; also until intakes that were let go have ended."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            while self._want is not None or self._parting:
                await super().run()
                if self._parting:
                    self._hurry.clear()
                    hurry = group.create_task(self._hurried())
                    await asyncio.wait((hurry, *self._parting), return_when=asyncio.FIRST_COMPLETED)
                    hurry.cancel()

    async def _hurried(self) -> None:
        await self._hurry.wait()

    async def _serve(self, wanted: Want) -> None:
        if wanted.stream:
            await self._serve_stream(wanted)
            return
        if self._group is None:
            return
        ready: asyncio.Future[CoreIntake] = asyncio.get_running_loop().create_future()
        task = self._group.create_task(self._serve_core(wanted, ready))
        self._parting.add(task)
        task.add_done_callback(self._parting.discard)
        intake = await ready
        await intake.parted.wait()

    async def _serve_core(self, wanted: Want, ready: "asyncio.Future[CoreIntake]") -> None:
        """One intake of core NATS to its end; whatever goes wrong in it is no reason to end others."""
        intake: CoreIntake | None = None

        def answer(event: Event, outcome: Outcome) -> None:
            if intake is not None:
                intake.answer(event, outcome)

        try:
            deliverer = self._deliver(wanted, answer, redelivers=False)
            intake = CoreIntake(
                topic=wanted.topic,
                queue=wanted.queue,
                key_token=wanted.key_token,
                settings=self._workplace.settings,
                connection=self._workplace.connection,
                deliveries=deliverer,
                tally=self._workplace.counters.of(deliverer.trigger, deliverer.function),
                counters=self.counters,
                changed=self._told,
            )
            async with deliverer:
                self._running, self._deliverer = intake, deliverer
                ready.set_result(intake)
                await intake.run()
        except Exception:
            log.exception("intake failed", pair=self.pair)
        finally:
            if not ready.done():
                ready.cancel()
            if intake is not None:
                intake.parted.set()
                if self._running is intake:
                    self._running = self._deliverer = None

    async def _serve_stream(self, wanted: Want) -> None:
        place = (wanted.stream, wanted.consumer)
        claims = self._workplace.claims
        claims.claim(place, self.pair, self._claim_moved)
        try:
            holder = claims.holder(place)
            if holder != self.pair and holder is not None:
                await self._wait_for_turn(wanted, holder)
                return
            await self._consume(wanted)
        finally:
            claims.release(place, self.pair)

    async def _wait_for_turn(self, wanted: Want, holder: Pair) -> None:
        self._refused = State(
            "ConsumerTaken",
            f"consumer {wanted.consumer} of stream {wanted.stream} serves function {holder.function} of trigger"
            f" {holder.namespace}/{holder.trigger}; one consumer can serve one function: remove spec.durable",
            healthy=False,
        )
        self._told()
        try:
            self._turn.clear()
            await self._turn.wait()
        finally:
            self._refused = None

    async def _consume(self, wanted: Want) -> None:
        intake: StreamIntake | None = None

        def note(event: Event, outcome: Outcome) -> None:
            if intake is not None:
                intake.note_outcome(event, outcome)

        deliverer = self._deliver(wanted, note, redelivers=True)
        try:
            async with deliverer:
                intake = StreamIntake(
                    plan=plan(self.pair, wanted, self._workplace.settings),
                    policy=wanted.policy,
                    key_token=wanted.key_token,
                    settings=self._workplace.settings,
                    connection=self._workplace.connection,
                    deliveries=deliverer,
                    counters=self.counters,
                    changed=self._told,
                )
                self._running, self._deliverer = intake, deliverer
                await intake.run()
        finally:
            self._running = self._deliverer = None

    def _adapt(self, before: Want, wanted: Want | None) -> None:
        self._turn.set()
        intake, deliverer = self._running, self._deliverer
        if intake is None or deliverer is None:
            return
        if wanted is None or not wanted.same_intake(before):
            intake.stop()
            return
        intake.update(wanted.policy)
        if wanted.letters != before.letters:
            deliverer.redirect(self._sink(wanted))

    def _claim_moved(self) -> None:
        """Another pair goes before this one, or this one is next: begin again, and look."""
        self._turn.set()
        if self._running is not None:
            self._running.stop()

    def _deliver(self, wanted: Want, on_outcome: Callable[[Event, Outcome], None], *, redelivers: bool) -> Deliverer:
        return Deliverer(
            TriggerRef(NATS_TRIGGERS.kind, *self.pair.trigger_key),
            self.pair.function_key,
            wanted.policy,
            sender=self._workplace.sender,
            dead_letters=self._sink(wanted),
            counters=self._workplace.counters,
            telemetry=self._workplace.telemetry,
            on_outcome=on_outcome,
            redelivers=redelivers,
        )

    def _sink(self, wanted: Want) -> SubjectSink | None:
        return self._workplace.letters.sink(wanted.letters) if wanted.letters else None

    def _told(self) -> None:
        self._changed(self.pair)
