"""
One consumer: the records of a topic, for one trigger and one function.

Order of things, so that a crash between any two of them loses nothing: a record is read, offered for delivery, done
(delivered, kept as a dead letter, or dropped as the trigger asks for), and only then the offset is committed that has
nothing undone below it. What goes wrong ends the session with the broker, never this object: it says why, waits, and
begins a new session, in which partitions that come back go on where they were.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn

from aiokafka.errors import KafkaError

from kubeless.core.backoff import Backoff
from kubeless.core.errors import KubelessError
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.sources.subscription import State
from kubeless.kafka_consumer import foreign
from kubeless.kafka_consumer.committer import Committer
from kubeless.kafka_consumer.connection import BrokerUnavailable, Connection
from kubeless.kafka_consumer.metrics import PairCounters
from kubeless.kafka_consumer.placer import Placer
from kubeless.kafka_consumer.poller import Poller
from kubeless.kafka_consumer.session import Session
from kubeless.kafka_consumer.settings import Settings
from kubeless.kafka_consumer.standing import Deliveries, Standing
from kubeless.kafka_consumer.startfrom import StartRule
from kubeless.kafka_consumer.watchdog import SILENCE, Stalled, StallWatch

TOPIC_POLL = 0.5
"""Seconds between two looks for a topic that does not exist."""

FOR_EVER_MS = 2**31 - 1


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
    ) -> None:
        """`changed` is called after each change of `state`."""
        self._standing = Standing(
            group=group,
            topic=topic,
            rule=rule,
            policy=policy,
            deliveries=deliveries,
            settings=settings,
            counters=counters,
            changed=changed,
        )
        self._connection = connection
        self._settings = settings
        self._stopping = asyncio.Event()
        self._backoff = Backoff(initial=0.5, maximum=15.0)
        self._session: Session | None = None

    @property
    def state(self) -> State:
        """How it goes."""
        return self._standing.state

    @property
    def assigned(self) -> int:
        """How many partitions are consumed here."""
        return len(self._standing.partitions.active)

    @property
    def lag(self) -> int:
        """Records of the partitions consumed here that are not done, as far as the broker has told."""
        session = self._session
        return session.lag(self._standing.partitions.active) if session is not None else 0

    def update(self, policy: DeliveryPolicy, rule: StartRule) -> None:
        """Deliver by `policy` from now on, and begin in further partitions by `rule`."""
        self._standing.policy = policy
        self._standing.rule = rule
        self._standing.deliveries.update(policy)
        self._standing.wake.set()

    def reconnect(self) -> None:
        """Begin a new session: the credentials have changed."""
        if self._session is not None:
            self._session.end()

    def stop(self) -> None:
        """Take in nothing more; `run` returns when what is under way has ended, or had its time."""
        self._stopping.set()
        self._standing.wake.set()
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
        self._standing.partitions.forget_all()

    async def _run_session(self) -> None:
        standing = self._standing
        consumer = self._connection.consumer(**_options(standing.group, self._settings))
        session = self._session = Session(consumer, standing.topic)
        committer = Committer(standing, session)
        placer = Placer(standing, session, committer)
        poller = Poller(standing, session, placer)
        try:
            await session.run_until_ended(self._join(session, committer))
            if session.joined:
                await session.run_until_ended(poller.run(), placer.run(), committer.run(), _watch(standing, session))
                await committer.settle(self._grace)
        finally:
            if standing.state.healthy:
                self._backoff.reset()
            self._session = None
            standing.partitions.part()
            await foreign.close_consumer(consumer, foreign.CLOSE_TIMEOUT)

    @property
    def _grace(self) -> float:
        return self._settings.drain_timeout if self._stopping.is_set() else self._settings.revoke_timeout

    async def _join(self, session: Session, committer: Committer) -> None:
        """Join the group once the topic exists."""
        standing = self._standing
        try:
            await foreign.finish(session.consumer.start())
        except (KafkaError, OSError, TimeoutError) as error:
            raise BrokerUnavailable(self._connection.problem or str(error)) from error
        while not await foreign.find_partitions(session.consumer, standing.topic):
            standing.topic_missing()
            await standing.wait(TOPIC_POLL)
        session.join(partial(committer.settle, self._settings.revoke_timeout), standing.wake.set)
        standing.say("Joining", "waiting for partitions", healthy=False)

    def _failed(self, error: Exception) -> None:
        standing, cause = self._standing, _first_cause(error)
        if isinstance(cause, Stalled):
            standing.counters.stalls += 1
        standing.counters.restarts += 1
        known = isinstance(cause, KafkaError | KubelessError | OSError | TimeoutError)
        standing.log.warning("session with Kafka ended, will begin anew", error=repr(cause), exc_info=not known)
        reason = "BrokerUnavailable" if isinstance(cause, BrokerUnavailable) else type(cause).__name__
        standing.say(reason, str(cause) or reason, healthy=False)


def _options(group: str, settings: Settings) -> dict[str, Any]:
    return {
        "group_id": group,
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


async def _watch(standing: Standing, session: Session) -> NoReturn:
    """Raises Stalled once the session makes no progress."""
    watch = StallWatch()
    while True:
        await asyncio.sleep(standing.settings.stall_interval)
        if time.monotonic() - session.polled > SILENCE:
            raise Stalled(f"the consumer has not polled for {SILENCE:.0f} seconds; it is made anew")
        stalled = watch.look(*await session.positions(), wanting=standing.intake().partitions)
        if stalled:
            raise Stalled(f"partitions {stalled} have records that do not arrive; the consumer is made anew")


def _first_cause(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
