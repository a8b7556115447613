"""
One consumer: the records of a topic, for one trigger and one function.

Order of things, so that a crash between any two of them loses nothing: a record is read, offered for delivery, done
(delivered, kept as a dead letter, or dropped as the trigger asks for), and only then the offset is committed that has
nothing undone below it. What goes wrong ends the session with the broker, never this object: it says why, waits, and
begins a new session, in which partitions that come back go on where they were.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Hashable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn, Protocol

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, OffsetOutOfRangeError
from aiokafka.structs import OffsetAndMetadata

from kubeless.core.backoff import Backoff
from kubeless.core.errors import KubelessError
from kubeless.core.event import Event
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.sources.subscription import State
from kubeless.kafka_consumer import foreign, intake
from kubeless.kafka_consumer.connection import BrokerUnavailable, Connection
from kubeless.kafka_consumer.metrics import PairCounters
from kubeless.kafka_consumer.partitions import Held, Partitions
from kubeless.kafka_consumer.progress import Progress
from kubeless.kafka_consumer.records import to_event
from kubeless.kafka_consumer.settings import Settings
from kubeless.kafka_consumer.startfrom import StartRule, note
from kubeless.kafka_consumer.starting import Commits, find_commits, find_starts
from kubeless.kafka_consumer.watchdog import SILENCE, Stalled, StallWatch

log = structlog.get_logger(__name__)

POLL = 1.0
"""Seconds that one poll waits for records: how long errors of the coordinator may go unnoticed."""

BLOCKED_POLL = 0.05
"""Seconds while some partition waits for room: how long it waits longer than it has to."""

TOPIC_POLL = 0.5
"""Seconds between two looks for a topic that does not exist."""

FOR_EVER_MS = 2**31 - 1


class Deliveries(Protocol):
    """What is used of `kubeless.delivery.deliverer.Deliverer`."""

    @property
    def free(self) -> int: ...

    def offer(self, event: Event, done: Callable[[], None]) -> None: ...

    async def release(self, partitions: Collection[Hashable], timeout: float) -> bool: ...

    def update(self, policy: DeliveryPolicy) -> None: ...


class Consumer:
    """Runs in a task of its owner (`run`) until `stop`."""

    def __init__(
        self,
        *,
        group: str,
        topic: str,
        rule: StartRule,
        policy: DeliveryPolicy,
        deliveries: Deliveries,
        connection: Connection,
        settings: Settings,
        counters: PairCounters,
        changed: Callable[[], None],
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """`changed` is called after each change of `state`."""
        self.group = group
        self.topic = topic
        self.state = State("Starting", "connecting to Kafka", healthy=False)
        self._rule = rule
        self._policy = policy
        self._deliveries = deliveries
        self._connection = connection
        self._settings = settings
        self._counters = counters
        self._changed = changed
        self._wall_clock = wall_clock
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        self._backoff = Backoff(initial=0.5, maximum=15.0)
        self._partitions = Partitions(limit=settings.max_gap, moved=self._moved)
        self._bounds = intake.bounds(policy.order, capacity=1, partitions=1)
        self._session: _Session | None = None
        self._began: float | None = None
        self._topic_was_gone = False
        self._log = log.bind(group=group)

    @property
    def assigned(self) -> int:
        """How many partitions are consumed here."""
        return len(self._partitions.active)

    @property
    def lag(self) -> int:
        """Records of the partitions consumed here that are not done, as far as the broker has told."""
        session = self._session
        return session.lag(self._partitions.active) if session is not None else 0

    def update(self, policy: DeliveryPolicy, rule: StartRule) -> None:
        """Deliver by `policy` from now on, and begin in further partitions by `rule`."""
        self._policy = policy
        self._rule = rule
        self._deliveries.update(policy)
        self._wake.set()

    def reconnect(self) -> None:
        """Begin a new session: the credentials have changed."""
        if self._session is not None:
            self._session.end()

    def topic_made(self) -> None:
        """The topic may exist now."""
        self._wake.set()

    def stop(self) -> None:
        """Take in nothing more; `run` returns when what is under way has ended, or had its time."""
        self._stopping.set()
        self._wake.set()
        if self._session is not None:
            self._session.end()

    async def run(self) -> None:
        """Consume until `stop`."""
        while not self._stopping.is_set():
            pause = 0.0
            try:
                await self._run_session()
            except Exception as error:
                # Whatever it is, it must not touch the consumers of other triggers.
                self._failed(error)
                pause = self._backoff.next()
            if not self._stopping.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._stopping.wait()
        self._partitions.forget_all()

    async def _run_session(self) -> None:
        consumer = self._connection.consumer(**self._options())
        session = self._session = _Session(consumer, self._listener)
        try:
            await session.run_until_ended(self._connect(session))
            if session.joined:
                await session.run_until_ended(
                    self._poll_forever(session),
                    self._place_forever(session),
                    self._commit_forever(session),
                    self._watch_forever(session),
                )
                await self._settle(session, self._grace)
        finally:
            self._session = None
            self._partitions.part()
            await foreign.close_consumer(consumer, foreign.CLOSE_TIMEOUT)

    @property
    def _grace(self) -> float:
        return self._settings.drain_timeout if self._stopping.is_set() else self._settings.revoke_timeout

    def _options(self) -> dict[str, Any]:
        settings = self._settings
        return {
            "group_id": self.group,
            "enable_auto_commit": False,
            "auto_offset_reset": "none",
            # What a transaction took back never happened.
            "isolation_level": "read_committed",
            "session_timeout_ms": int(settings.session_timeout * 1000),
            # Also how soon a member notices that another has come or gone, while the group stands still.
            "heartbeat_interval_ms": int(settings.session_timeout * 200),
            "rebalance_timeout_ms": int((settings.revoke_timeout + settings.request_timeout) * 1000),
            # A slow function is no reason to leave the group; whether this loop is alive is for the watchdog.
            "max_poll_interval_ms": FOR_EVER_MS,
            "metadata_max_age_ms": 30_000,
            "partition_assignment_strategy": (foreign.sticky_assignor(),),
        }

    async def _connect(self, session: "_Session") -> None:
        """Join the group once the topic exists."""
        try:
            await foreign.finish(session.consumer.start())
        except (KafkaError, OSError, TimeoutError) as error:
            raise BrokerUnavailable(self._connection.problem or str(error)) from error
        while not await foreign.find_partitions(session.consumer, self.topic):
            self._topic_missing()
            await self._wait(TOPIC_POLL)
        session.join(self.topic)
        self._say("Joining", "waiting for partitions", healthy=False)

    def _topic_missing(self) -> None:
        self._topic_was_gone = True
        self._say(
            "TopicNotFound", f"topic {self.topic} does not exist; create it, or correct spec.topic", healthy=False
        )

    # Taking in.

    async def _poll_forever(self, session: "_Session") -> NoReturn:
        nothing = TopicPartition(self.topic, -1)
        while True:
            self._wake.clear()
            active = self._partitions.active
            ready, limit = self._intake()
            if not ready:
                # Asks for no records, but raises what the coordinator has met.
                await session.consumer.getmany(nothing)
                session.polled = time.monotonic()
                if not active:
                    await self._look_for_topic(session)
                await self._wait(POLL)
                continue
            wait = POLL if len(ready) == len(active) else BLOCKED_POLL
            wanted = [TopicPartition(self.topic, number) for number in ready]
            try:
                batch = await session.consumer.getmany(*wanted, timeout_ms=int(wait * 1000), max_records=limit)
            except OffsetOutOfRangeError as error:
                await self._reset(session, error)
                continue
            session.polled = time.monotonic()
            for tp, records in batch.items():
                self._offer(tp.partition, records)

    def _intake(self) -> intake.Intake:
        held = {number: held.progress for number, held in self._partitions.active.items()}
        free = self._deliveries.free
        capacity = free + sum(progress.pending for progress in held.values())
        self._bounds = intake.bounds(self._policy.order, capacity=capacity, partitions=len(held))
        return intake.decide(held, self._bounds, free=free)

    def _moved(self, progress: Progress) -> None:
        """An event is done; most of the time that is no reason to poll."""
        if progress.pending <= self._bounds.low and self._deliveries.free >= self._bounds.free:
            self._wake.set()

    def _offer(self, partition: int, records: list[Any]) -> None:
        held = self._partitions.active.get(partition)
        if held is None:
            return  # Taken away while the poll was under way; whoever has it reads them again.
        for record in records:
            if held.progress.take(record.offset):
                self._deliveries.offer(to_event(record), partial(held.done, record.offset))

    async def _look_for_topic(self, session: "_Session") -> None:
        """With no partitions there may be no topic any more; its return is noticed by asking."""
        if session.assigned is None or time.monotonic() - session.asked_for_topic < POLL:
            return
        session.asked_for_topic = time.monotonic()
        if not await foreign.find_partitions(session.consumer, self.topic):
            self._partitions.forget_parted()
            self._topic_missing()

    # Partitions come and go.

    def _listener(self, session: "_Session") -> ConsumerRebalanceListener:
        return _Listener(session, partial(self._settle, session, self._settings.revoke_timeout), self._wake.set)

    async def _place_forever(self, session: "_Session") -> NoReturn:
        while True:
            await session.placing.wait()
            session.placing.clear()
            number, assigned = session.number, session.assigned or frozenset()
            commits = await find_commits(session.consumer, self.topic, assigned)
            if self._topic_was_gone:
                commits = Commits({}, None)
            await self._place(session, number, assigned, commits)

    async def _place(self, session: "_Session", number: int, assigned: frozenset[int], commits: Commits) -> None:
        fresh = [partition for partition in assigned if partition not in commits.offsets]
        starts = await find_starts(session.consumer, self.topic, fresh, rule=self._rule, began=commits.began)
        self._began = commits.began or self._began or self._wall_clock()
        if number != session.number or not await self._commit_starts(session, starts):
            return  # Another rebalance began; it will be placed in its turn.
        if number != session.number:
            return
        for partition in assigned:
            if partition in starts:
                held = self._partitions.begin(partition, starts[partition])
            else:
                held = self._partitions.resume(partition, commits.offsets[partition])
            session.consumer.seek(TopicPartition(self.topic, partition), held.progress.position)
        self._partitions.forget_parted()
        self._topic_was_gone = False
        self._counters.rebalances += 1
        self._wake.set()
        self._backoff.reset()
        self._say("Consuming", _partitions_text(self.topic, len(assigned)), healthy=True)

    async def _commit_starts(self, session: "_Session", starts: Mapping[int, int]) -> bool:
        """Make the group remember where it begins: after a crash it must not begin further on."""
        return await self._send_commit(session, starts)

    async def _reset(self, session: "_Session", error: OffsetOutOfRangeError) -> None:
        """The broker no longer has what we are at: retention took it, or the topic was made anew."""
        partitions = [tp.partition for tp in error.args[0]]
        self._log.warning("offsets are out of range, starting by the trigger's rule", partitions=partitions)
        self._counters.offset_resets += len(partitions)
        number = session.number
        starts = await find_starts(session.consumer, self.topic, partitions, rule=self._rule, began=self._began)
        await self._deliveries.release(partitions, self._settings.revoke_timeout)
        if number == session.number and await self._commit_starts(session, starts):
            for partition, offset in starts.items():
                self._partitions.begin(partition, offset)
                session.consumer.seek(TopicPartition(self.topic, partition), offset)

    async def _settle(self, session: "_Session", timeout: float) -> None:
        """Take nothing more, let what is being attempted end within `timeout` seconds, and commit what is done."""
        self._partitions.part()
        parted = self._partitions.parted
        await self._deliveries.release(list(parted), timeout)
        for held in parted.values():
            held.progress.rewind()
        await self._commit(session, parted)

    # Committing.

    async def _commit_forever(self, session: "_Session") -> NoReturn:
        while True:
            await asyncio.sleep(self._settings.commit_interval)
            await self._commit(session, self._partitions.active)

    async def _commit(self, session: "_Session", held: Mapping[int, Held]) -> None:
        due = {
            number: each.progress.committable
            for number, each in held.items()
            if each.progress.committable > each.progress.committed
        }
        noted = {number: held[number] for number in due}
        if due and await self._send_commit(session, due):
            for number, offset in due.items():
                noted[number].progress.commit(offset)

    async def _send_commit(self, session: "_Session", offsets: Mapping[int, int]) -> bool:
        """Whether the broker remembers `offsets` now; if not, they are committed with later ones, or read again."""
        if not offsets:
            return True
        text = note(self._began or 0.0)
        content = {TopicPartition(self.topic, number): OffsetAndMetadata(at, text) for number, at in offsets.items()}
        # One at a time, and never after a rebalance that began meanwhile: it would set a new owner back.
        async with session.committing:
            try:
                async with asyncio.timeout(self._settings.request_timeout):
                    await session.consumer.commit(content)
            except (CommitFailedError, IllegalStateError, TimeoutError) as error:
                self._log.info("not committed", error=str(error) or type(error).__name__)
                self._counters.commit_failures += 1
                return False
        self._counters.commits += 1
        return True

    # Watching.

    async def _watch_forever(self, session: "_Session") -> NoReturn:
        watch = StallWatch()
        while True:
            await asyncio.sleep(self._settings.stall_interval)
            if time.monotonic() - session.polled > SILENCE:
                raise Stalled(f"the consumer has not polled for {SILENCE:.0f} seconds; it is made anew")
            stalled = watch.look(*await session.positions(self.topic), wanting=self._intake().partitions)
            if stalled:
                raise Stalled(f"partitions {stalled} have records that do not arrive; the consumer is made anew")

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    def _failed(self, error: Exception) -> None:
        cause = _first_cause(error)
        if isinstance(cause, Stalled):
            self._counters.stalls += 1
        self._counters.restarts += 1
        known = isinstance(cause, KafkaError | KubelessError | OSError | TimeoutError)
        self._log.warning("session with Kafka ended, will begin anew", error=repr(cause), exc_info=not known)
        reason = "BrokerUnavailable" if isinstance(cause, BrokerUnavailable) else type(cause).__name__
        self._say(reason, str(cause) or reason, healthy=False)

    def _say(self, reason: str, message: str, *, healthy: bool) -> None:
        state = State(reason, message, healthy)
        if state != self.state:
            self.state = state
            self._log.info("consumer", state=reason, message=message)
            self._changed()


class _Session:
    """One life of an aiokafka consumer."""

    def __init__(self, consumer: AIOKafkaConsumer, listener: Callable[["_Session"], ConsumerRebalanceListener]) -> None:
        self.consumer = consumer
        self.joined = False
        self.assigned: frozenset[int] | None = None
        """What the group gave to us; None before the first time."""
        self.number = 0
        """Counts assignments and revocations."""
        self.placing = asyncio.Event()
        self.committing = asyncio.Lock()
        self.polled = time.monotonic()
        self.asked_for_topic = 0.0
        self._listener = listener
        self._ended = asyncio.Event()

    def join(self, topic: str) -> None:
        """Ask for partitions."""
        self.consumer.subscribe([topic], listener=self._listener(self))
        self.joined = True

    def end(self) -> None:
        """Make `run_until_ended` return."""
        self._ended.set()

    async def run_until_ended(self, *works: Any) -> None:
        """Run coroutines until all have ended or `end`; an error of one ends the others and is raised."""
        async with asyncio.TaskGroup() as group:
            tasks = {group.create_task(work) for work in works}
            ended = group.create_task(self._ended.wait())
            working = set(tasks)
            while working and not ended.done():
                done, left = await asyncio.wait({*working, ended}, return_when=asyncio.FIRST_COMPLETED)
                working &= left
                if any(task.cancelled() for task in done):
                    # A future inside aiokafka was cancelled and took the task with it, which no group tells.
                    raise Stalled("the Kafka client gave up from within; it is made anew")
            for task in (*tasks, ended):
                task.cancel()

    def lag(self, active: Mapping[int, Held]) -> int:
        """See `Consumer.lag`."""
        lag = 0
        for partition, held in list(active.items()):
            with suppress(AssertionError, AttributeError):
                end = self.consumer.highwater(TopicPartition(self._topic, partition))
                lag += max(0, (end or 0) - held.progress.committable)
        return lag

    @property
    def _topic(self) -> str:
        return next(iter(self.consumer.subscription()), "")

    async def positions(self, topic: str) -> tuple[dict[int, int], dict[int, int]]:
        """Position and end of each assigned partition."""
        assigned = [tp for tp in self.consumer.assignment() if tp.topic == topic]
        ends = await self.consumer.end_offsets(assigned) if assigned else {}
        positions = {}
        for tp in assigned:
            with suppress(TimeoutError, IllegalStateError):
                async with asyncio.timeout(POLL):
                    positions[tp.partition] = await self.consumer.position(tp)
        return positions, {tp.partition: end for tp, end in ends.items()}


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    def __init__(self, session: _Session, settle: Callable[[], Any], wake: Callable[[], None]) -> None:
        self._session = session
        self._settle = settle
        self._wake = wake

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:  # noqa: ARG002 # all are
        """aiokafka goes on heartbeating while this waits, and takes part in the rebalance when it returns."""
        self._session.number += 1
        await self._settle()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Only noted: aiokafka does not heartbeat while this runs."""
        self._session.number += 1
        self._session.assigned = frozenset(tp.partition for tp in assigned)
        self._session.placing.set()
        self._wake()


def _partitions_text(topic: str, count: int) -> str:
    return f"consuming {count} partitions of {topic}" if count else f"other replicas consume all partitions of {topic}"


def _first_cause(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
