"""
The connection to the Kafka cluster: what every client here is made with, and whether the brokers answer.

Credentials and certificates come from settings, files and a Secret; when one of them changes, `generation` grows and
those who hold clients are told to make new ones. A set that cannot be used does not replace one that can.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn, Self

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from kubeless.core.errors import KubelessError
from kubeless.delivery.sources.credentials import Credentials
from kubeless.kafka_consumer import foreign
from kubeless.kafka_consumer.security import Security, check, read
from kubeless.kafka_consumer.settings import Settings
from kubeless.kube.follower import Source

log = structlog.get_logger(__name__)

LARGEST_REQUEST = 100 << 20
"""Bytes. What is too large is for the broker to say, which knows the topic's limit; here is only a bound."""


class BrokerUnavailable(KubelessError):
    """The Kafka cluster cannot be reached."""

    retriable = True


class Connection:
    """One cluster. Enter `running` to follow changes of the credentials and the health of the brokers."""

    def __init__(self, settings: Settings, client: Source) -> None:
        """
        `client` is asked for the Secret, if the settings name one.

        Raises SettingError for settings that can never work.
        """
        check(settings, secret=bool(settings.secret))
        self._settings = settings
        self._credentials: Credentials[Security, dict[str, Any]] = Credentials(
            "Kafka",
            settings,
            client,
            read=lambda secret: read(settings, secret, read_file=Path.read_bytes),
            use=Security.client_options,
            changed=self._renewed,
            refused=self._note,
        )
        self._listeners: list[Callable[[], None]] = []
        self.generation = 0
        """Grows when clients have to be made anew."""
        self.asked = False
        """Whether the brokers have been asked yet."""
        self.problem = ""
        """Why the cluster cannot be used, for people; empty if nothing is known to be wrong."""

    @property
    def reachable(self) -> bool:
        """Whether the brokers answered when they were asked last."""
        return self.asked and not self.problem

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call `listener` when `generation`, or whether the brokers answer, has changed."""
        self._listeners.append(listener)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Follow the Secret, the files and the brokers while the body runs; on entry what there is was read."""
        async with self._credentials.running(), asyncio.TaskGroup() as group:
            following = group.create_task(self._follow_brokers())
            try:
                yield self
            finally:
                following.cancel()

    def options(self) -> dict[str, Any]:
        """
        Keyword arguments for any client of aiokafka.

        Raises BrokerUnavailable while there are no usable credentials.
        """
        options = self._credentials.usable
        if options is None:
            raise BrokerUnavailable(self.problem or "the credentials have not been read yet")
        return dict(options)

    def consumer(self, **options: Any) -> AIOKafkaConsumer:
        """A consumer that is not started."""
        return AIOKafkaConsumer(
            request_timeout_ms=int(self._settings.request_timeout * 1000), **{**self.options(), **options}
        )

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A started consumer that is in no group."""
        consumer = self.consumer(enable_auto_commit=False, auto_offset_reset="none")
        try:
            await self._start(consumer)
            yield consumer
        finally:
            await foreign.close_consumer(consumer, foreign.CLOSE_TIMEOUT)

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        """A started admin client."""
        client = AIOKafkaAdminClient(request_timeout_ms=int(self._settings.request_timeout * 1000), **self.options())
        try:
            await self._start(client)
            yield client
        finally:
            await foreign.close(client.close())

    def new_producer(self) -> AIOKafkaProducer:
        """A producer that is not started: idempotent, acknowledged by all replicas in sync."""
        return AIOKafkaProducer(
            acks="all",
            enable_idempotence=True,
            max_request_size=LARGEST_REQUEST,
            request_timeout_ms=int(self._settings.request_timeout * 1000),
            **self.options(),
        )

    @asynccontextmanager
    async def producer(self) -> AsyncIterator[AIOKafkaProducer]:
        """A started producer."""
        producer = self.new_producer()
        try:
            await self._start(producer)
            yield producer
        finally:
            await foreign.close(producer.stop())

    async def _start(self, client: Any) -> None:
        try:
            await foreign.finish(client.start())
        except (KafkaError, OSError, TimeoutError) as error:
            raise BrokerUnavailable(f"cannot reach Kafka at {', '.join(self._settings.brokers)}: {error}") from error

    def _renewed(self) -> None:
        self.generation += 1
        self._tell()

    async def _follow_brokers(self) -> NoReturn:
        while True:
            if self._credentials.usable is not None:
                self._note(await self._probe(self._credentials.usable))
            await asyncio.sleep(self._settings.probe_interval if self.reachable else 1.0)

    async def _probe(self, options: dict[str, Any]) -> str:
        """Why no broker answers; empty if one does."""
        problems = []
        for broker in self._settings.brokers:
            try:
                await foreign.knock(broker, options, self._settings.request_timeout)
            except (KafkaError, OSError, TimeoutError, ValueError) as error:
                problems.append(f"{broker}: {error or type(error).__name__}")
            else:
                return ""
        return f"cannot reach Kafka: {'; '.join(problems)}"

    def _note(self, problem: str) -> None:
        if self.asked and problem == self.problem:
            return
        if not self.asked or bool(problem) != bool(self.problem):
            log.info("Kafka answers") if not problem else log.warning("Kafka does not answer", error=problem)
        self.asked, self.problem = True, problem
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
