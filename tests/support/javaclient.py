"""
Kafka's own client, in Java: `JavaClient.java` beside this file, one process for all tests.

It takes commands as lines of JSON and answers them in any order, as each consumer has a thread of its own.
"""

import asyncio
import base64
import itertools
import json
import subprocess
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from support.kafkaclient import (
    FETCH_WAIT,
    HEARTBEAT_INTERVAL,
    MAX_REQUEST,
    POLL_TIME,
    SESSION_TIMEOUT,
    Record,
    TooLarge,
)
from support.kafkajars import java_program, kafka_jars

_SOURCE = Path(__file__).with_name("JavaClient.java")
_COMPILE_TIMEOUT = 60.0
_COMMAND_TIMEOUT = 30.0


class JavaError(Exception):
    """What the Java side threw."""


class JavaProcess:
    """The Java program, running while entered."""

    def __init__(self, folder: Path) -> None:
        """
        Compile the program into `folder`.

        Raises:
            KafkaUnavailable: there is no JDK, or no Kafka.
        """
        jars = f"{kafka_jars()}/*"
        compiler: list[str | Path] = [java_program("javac"), "-cp", jars, "-d", folder, _SOURCE]
        subprocess.run(compiler, check=True, capture_output=True, timeout=_COMPILE_TIMEOUT)
        flags = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=ERROR"]
        self._command = [java_program(), *flags, "-cp", f"{folder}:{jars}", "JavaClient"]
        self._numbers = itertools.count()
        self._pending: dict[int, Future[Any]] = {}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._reader.join()
        with self._process:  # closes its pipes and waits
            pass

    async def call(self, operation: str, **arguments: Any) -> Any:
        """
        Have the Java side do something.

        Raises:
            JavaError: it threw.
        """
        number = next(self._numbers)
        answer = self._pending[number] = Future[Any]()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"number": number, "operation": operation, **arguments}) + "\n")
        self._process.stdin.flush()
        async with asyncio.timeout(_COMMAND_TIMEOUT):
            return await asyncio.wrap_future(answer)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer = json.loads(line)
            future = self._pending.pop(answer["number"])
            if future.cancelled():
                continue
            if "error" in answer:
                future.set_exception(JavaError(answer["error"]))
            else:
                future.set_result(answer["result"])


class JavaMember:
    """A consumer in the Java process."""

    def __init__(self, process: JavaProcess, consumer: int) -> None:
        self._process = process
        self._consumer = consumer

    async def poll(self) -> list[Record]:
        found = await self._process.call("poll", consumer=self._consumer, millis=int(POLL_TIME * 1000))
        return [_record(each) for each in found]

    async def assignment(self) -> set[int]:
        return set(await self._process.call("assignment", consumer=self._consumer))

    async def commit(self) -> None:
        await self._process.call("commit", consumer=self._consumer)


class JavaClient:
    """The client of one broker."""

    def __init__(self, process: JavaProcess, bootstrap: str) -> None:
        self._process = process
        self._bootstrap = bootstrap

    async def create_topic(self, topic: str, partitions: int) -> None:
        await self._call("create", topic=topic, partitions=partitions)

    async def delete_topic(self, topic: str) -> None:
        await self._call("delete", topic=topic)

    async def topics(self) -> set[str]:
        return set(await self._call("topics"))

    async def produce(
        self, topic: str, records: list[Record], *, compression: str = "none", idempotent: bool = False
    ) -> list[int]:
        settings = {
            "compression.type": compression,
            "enable.idempotence": str(idempotent).lower(),
            # Without idempotence, a batch that is sent again would come after the one behind it.
            "max.in.flight.requests.per.connection": "5" if idempotent else "1",
            "max.request.size": str(MAX_REQUEST),
        }
        try:
            offsets: list[int] = await self._call(
                "produce", topic=topic, settings=settings, records=[_plain(each) for each in records]
            )
        except JavaError as error:
            if "RecordTooLargeException" in str(error):
                raise TooLarge from error
            raise
        return offsets

    async def offset_at(self, topic: str, partition: int, timestamp: int) -> int | None:
        offset: int = await self._call("offsetAt", topic=topic, partition=partition, timestamp=timestamp)
        return offset if offset >= 0 else None

    async def committed(self, topic: str, group: str) -> dict[int, int]:
        offsets = await self._call("committed", topic=topic, group=group)
        return {int(partition): offset for partition, offset in offsets.items()}

    @asynccontextmanager
    async def member(self, topic: str, group: str) -> AsyncIterator[JavaMember]:
        settings = {
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": "false",
            "fetch.max.wait.ms": str(int(FETCH_WAIT * 1000)),
            "session.timeout.ms": str(int(SESSION_TIMEOUT * 1000)),
            "heartbeat.interval.ms": str(int(HEARTBEAT_INTERVAL * 1000)),
        }
        consumer = await self._call("open", topic=topic, settings=settings)
        try:
            yield JavaMember(self._process, consumer)
        finally:
            await self._process.call("close", consumer=consumer)

    async def _call(self, operation: str, **arguments: Any) -> Any:
        return await self._process.call(operation, bootstrap=self._bootstrap, **arguments)


def _plain(record: Record) -> dict[str, Any]:
    return {
        "key": _encode(record.key),
        "value": _encode(record.value),
        "headers": [[name, _encode(value)] for name, value in record.headers],
        "partition": record.partition,
        "timestamp": record.timestamp,
    }


def _record(plain: dict[str, Any]) -> Record:
    headers = tuple((name, _decode(value) or b"") for name, value in plain["headers"])
    return Record(_decode(plain["value"]), _decode(plain["key"]), headers, plain["partition"], plain["timestamp"])


def _encode(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _decode(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
