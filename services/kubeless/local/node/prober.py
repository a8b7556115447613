"""
Ask a running container how it is.

First the startup probe until it succeeds, then readiness and liveness side by side, as the kubelet does. One thing
differs: a container that has just started is asked every few milliseconds whether it is ready, because locally a server
is up long before a period of a second has passed, and somebody waits for it. Refused connections cost next to nothing,
and none of those early failures counts for more than "not yet".
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from kubeless.core.errors import KubelessError
from kubeless.local.node.containerstate import ContainerRecord
from kubeless.local.node.probes import Probe, Tally, check
from kubeless.local.node.process import Command, Process

QUICK_PERIOD = 0.02
QUICK_FOR = 10.0
"""Seconds after a start in which failed readiness and startup probes are repeated at the quick period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """The probes of a container; None where it has none."""

    startup: Probe | None = None
    readiness: Probe | None = None
    liveness: Probe | None = None


class Prober:
    """The probing of one run of a container; sets `ready` and `started` of its record."""

    def __init__(
        self,
        probes: Probes,
        record: ContainerRecord,
        command: Command,
        *,
        changed: Callable[[], None],
        unhealthy: Callable[[str, str], None],
        restart: Callable[[str], Awaitable[None]],
    ) -> None:
        """`unhealthy(probe, why)` hears of failures; `restart(probe)` ends the process."""
        self._probes = probes
        self._record = record
        self._command = command
        self._changed = changed
        self._unhealthy = unhealthy
        self._restart = restart
        self._began = self._now()

    async def run(self) -> None:
        """Probe until cancelled, or until a probe has asked for a restart."""
        if self._probes.startup is not None and not await self._start_up(self._probes.startup):
            return
        self._record.started = True
        self._record.ready = self._probes.readiness is None
        self._changed()
        async with asyncio.TaskGroup() as group:
            if self._probes.readiness is not None:
                group.create_task(self._watch_readiness(self._probes.readiness))
            if self._probes.liveness is not None:
                group.create_task(self._watch_liveness(self._probes.liveness))

    async def _start_up(self, probe: Probe) -> bool:
        tally = Tally(probe.successes, probe.failures)
        await self._delay(probe)
        counts_from = self._now()
        while True:
            why = await self._ask(probe)
            if not why:
                return True
            if self._now() >= counts_from:
                counts_from = self._now() + probe.period
                if tally.count(False) is False:
                    self._unhealthy("Startup", why)
                    await self._restart("startup")
                    return False
            await asyncio.sleep(self._pause(probe))

    async def _watch_readiness(self, probe: Probe) -> None:
        tally = Tally(probe.successes, probe.failures)
        await self._delay(probe)
        while True:
            why = await self._ask(probe)
            verdict = tally.count(not why)
            if verdict is not None and verdict != self._record.ready:
                self._record.ready = verdict
                self._changed()
            pause = probe.period if not why or self._record.ready else self._pause(probe)
            if why and pause == probe.period:
                self._unhealthy("Readiness", why)
            await asyncio.sleep(pause)

    async def _watch_liveness(self, probe: Probe) -> None:
        tally = Tally(probe.successes, probe.failures)
        await self._delay(probe)
        while True:
            why = await self._ask(probe)
            if why:
                self._unhealthy("Liveness", why)
            if tally.count(not why) is False:
                await self._restart("liveness")
                return
            await asyncio.sleep(probe.period)

    async def _ask(self, probe: Probe) -> str:
        if not probe.command:
            return await check(probe)
        command = replace(
            self._command,
            arguments=probe.command,
            log_prefix=None,
            process_file=self._command.process_file.with_suffix(f".probe-{id(probe):x}.pid"),
        )
        try:
            process = await Process.start(command)
        except KubelessError as error:
            return str(error)
        try:
            async with asyncio.timeout(probe.timeout):
                code = await process.wait()
        except TimeoutError:
            await process.kill()
            return f"command not done within {probe.timeout:g} s"
        finally:
            process.abandon()
        return "" if code == 0 else f"command exited with {code}"

    async def _delay(self, probe: Probe) -> None:
        await asyncio.sleep(max(0.0, self._began + probe.initial_delay - self._now()))

    def _pause(self, probe: Probe) -> float:
        return QUICK_PERIOD if self._now() - self._began < QUICK_FOR else probe.period

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
