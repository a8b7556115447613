"""One worker, as its parent sees it: a process that comes and goes, and a link on which it is asked."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog

from kubeless.core.jsontypes import JsonObject
from kubeless.gateway.frames import Link, LinkBroken
from kubeless.gateway.snapshot import Snapshot, without

log = structlog.get_logger(__name__)

_PULSE = 5.0
"""Seconds between two questions whether it is alive."""

_SILENCE = 20.0
"""Seconds without an answer after which it is taken for hung."""

_COUNTING = 5.0
"""Seconds to tell what it has counted; after that the last known numbers stand."""


class Child:
    """One place among the workers."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.ready = False
        self.counted: Snapshot = []
        """What its process had counted when it was last asked."""
        self._process: Process | None = None
        self._link: Link | None = None
        self._asking = asyncio.Lock()
        self._answer: asyncio.Future[Any] | None = None
        self._stopped = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Child {self.number} pid={self._process and self._process.pid} ready={self.ready}>"

    @property
    def pid(self) -> int | None:
        """Of its process, while there is one."""
        return None if self._process is None else self._process.pid

    def terminate(self) -> None:
        """Ask it to finish what it has and to end; one that waits for its next start will not start."""
        self._stopped.set()
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()

    async def sleep(self, seconds: float) -> None:
        """Wait, or until it is told to end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()

    async def count(self) -> Snapshot:
        """What it has counted by now; the last known numbers if it does not answer."""
        if self._link is not None:
            with suppress(TimeoutError, LinkBroken):
                self.counted = await self._ask("metrics", timeout=_COUNTING)
        return self.counted

    def forget(self, label: str, value: str) -> None:
        """Drop from the last known numbers what was counted under this value of a label."""
        self.counted = without(self.counted, label, value)

    @asynccontextmanager
    async def living(
        self, process: Process, link: Link, *, changed: Callable[[], None], forget: Callable[[str, str], None]
    ) -> AsyncIterator[None]:
        """Listen to a process while entered. `changed` is called when `ready` changes."""
        self._process, self._link = process, link
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._listen(link, changed, forget)),
                    group.create_task(self._feel_pulse(process)),
                ]
                try:
                    yield
                finally:
                    for task in tasks:
                        task.cancel()
        finally:
            self._process = self._link = None
            self.ready = False
            self._give_up()

    async def _listen(self, link: Link, changed: Callable[[], None], forget: Callable[[str, str], None]) -> None:
        with suppress(LinkBroken):
            while True:
                self._take(await link.receive(), changed, forget)
        self._give_up()

    def _take(self, message: JsonObject, changed: Callable[[], None], forget: Callable[[str, str], None]) -> None:
        if "ready" in message:
            self.ready = message["ready"]
            changed()
        elif "forget" in message:
            forget(*message["forget"])
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(message["answer"])

    def _give_up(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(LinkBroken("the worker is gone"))
            self._answer.exception()  # perhaps nobody waits for it any more

    async def _ask(self, what: str, *, timeout: float) -> Any:
        """Raises LinkBroken, TimeoutError."""
        async with self._asking, asyncio.timeout(timeout):
            if self._link is None:
                raise LinkBroken("the worker is gone")
            if self._answer is not None:
                await asyncio.wait({self._answer})  # the late answer to who asked before
            self._answer = asyncio.get_running_loop().create_future()
            self._link.send({"ask": what})
            answer = await asyncio.shield(self._answer)
            self._answer = None
            return answer

    async def _feel_pulse(self, process: Process) -> None:
        while True:
            await asyncio.sleep(_PULSE)
            try:
                await self._ask("alive", timeout=_SILENCE)
            except LinkBroken:
                return
            except TimeoutError:
                log.warning("a worker does not answer and is killed", worker=self.number, pid=process.pid)
                process.kill()
                return
