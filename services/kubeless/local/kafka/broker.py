"""
The embedded Kafka broker: one node that real clients take for Kafka, for local mode and for tests.

Everything is in memory and goes with the object; left and entered again it still has it, on the same port, as a broker
that was stopped and started. Each partition has a bound of bytes (`BrokerSettings.partition_bytes`) beyond which its
oldest messages go, read or not. There are no transactions, no compaction, no replicas, and no security but the loopback
address it listens on.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Self

import structlog

from kubeless.core.ports import explain_bind_error
from kubeless.local.kafka.cluster import Cluster
from kubeless.local.kafka.connection import serve
from kubeless.local.kafka.settings import BrokerSettings

log = structlog.get_logger(__name__)

_READ_BUFFER = 2**18
"""Bytes a connection reads ahead."""


class KafkaBroker:
    """Serves while entered."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, settings: BrokerSettings | None = None) -> None:
        """
        Args:
            host: a loopback address; whoever reaches it may do everything.
            port: 0 takes a free one, see `port` once entered.
            settings: what is allowed and kept.
        """
        self._host = host
        self._port = port
        self._settings = settings or BrokerSettings()
        self._cluster = Cluster(self._settings)
        self._connections: set[asyncio.Task[None]] = set()
        self._stack = AsyncExitStack()

    @property
    def port(self) -> int:
        return self._port

    @property
    def bootstrap(self) -> str:
        """The address that clients are given, such as `127.0.0.1:9092`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._port}"

    async def __aenter__(self) -> Self:
        """
        Listen.

        Raises:
            KubelessError: the address cannot be used, for example as the port is taken.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._serving())
            self._stack = stack.pop_all()
        log.info("Kafka broker started, everything is in memory and goes with the process", bootstrap=self.bootstrap)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Not by way of the stack's own exit: the task group in it would wrap what the caller's block has raised.
        await self._stack.aclose()

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        tasks = asyncio.TaskGroup()
        server = await self._bind(tasks)  # before the group is entered: it would wrap the error
        async with tasks:
            await server.start_serving()
            timer = tasks.create_task(self._cluster.groups.run())
            try:
                yield
            finally:
                server.close()
                for task in (timer, *self._connections):
                    task.cancel()

    async def _bind(self, tasks: asyncio.TaskGroup) -> asyncio.Server:
        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if len(self._connections) >= self._settings.max_connections:
                log.warning("connection refused, there are too many", limit=self._settings.max_connections)
                writer.close()
                return
            task = tasks.create_task(self._serve(reader, writer))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

        try:
            server = await asyncio.start_server(
                connected, self._host, self._port, limit=_READ_BUFFER, start_serving=False
            )
        except OSError as error:
            raise explain_bind_error(error, host=self._host, port=self._port, purpose="Kafka broker") from error
        self._port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(self._cluster, reader, writer)
        except Exception:
            # A mistake of ours, met by one client: the others go on.
            log.exception("connection closed by an error of the broker")
