"""
A main container through its restarts.

The process runs until it ends, or a liveness probe gives it up, or its task is cancelled (the pod is leaving). After an
end the restart policy decides; the pause before the next start doubles each time, and starts again from the first one
after a run that lasted as long as the longest pause.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.containerstate import (
    CRASH_LOOP,
    OOM_KILLED,
    ContainerRecord,
    Running,
    Terminated,
    Waiting,
)
from kubeless.local.node.execution import Habitat
from kubeless.local.node.logreader import last_lines
from kubeless.local.node.mounts import mounts_of
from kubeless.local.node.plan import PodContext, PodPlan, container_command, until_planned
from kubeless.local.node.prober import Prober, Probes
from kubeless.local.node.probes import parse_probe
from kubeless.local.node.process import Command, Process, StartFailed
from kubeless.local.node.quantity import parse_quantity
from kubeless.local.node.usage import Measured

NOT_A_FUNCTION = "local mode runs function runtimes only, no images; deploy this workload to a cluster"


@dataclass(slots=True)
class RestartPauses:
    """How long to wait before a container is started again, in seconds."""

    initial: float
    maximum: float
    _next: float = 0.0

    def after(self, ran: float) -> float:
        """The pause after a run of `ran` seconds."""
        if ran >= self.maximum or not self._next:
            self._next = self.initial
        pause = self._next
        self._next = min(self._next * 2, self.maximum)
        return pause


def wants_restart(policy: str, code: int) -> bool:
    """Whether a container that ended with `code` is started again."""
    return policy == "Always" or (policy == "OnFailure" and code != 0)


def memory_limit(container: JsonObject) -> int | None:
    """Bytes that a container may use; None if it has no limit, or one of 0 as runtimes take it. Raises InvalidField."""
    limit = ((container.get("resources") or {}).get("limits") or {}).get("memory")
    return int(parse_quantity(str(limit or 0))) or None


def is_function(container: JsonObject) -> bool:
    """Whether local mode knows how to run the container."""
    return any(variable.get("name") == "FUNC_RUNTIME" for variable in container.get("env") or [])


async def refuse(context: PodContext, record: ContainerRecord) -> NoReturn:
    """Say that the container's image is none we run, and wait until the pod leaves."""
    message = str(InvalidField("image", record.image, problem="cannot be pulled", remedy=NOT_A_FUNCTION))
    record.state = Waiting("ErrImagePull", message)
    context.changed()
    context.event("Failed", message, warning=True)
    await asyncio.Event().wait()
    raise AssertionError


class MainContainer:
    """Runs one container of a pod and keeps its record."""

    def __init__(self, context: PodContext, spec: JsonObject, record: ContainerRecord) -> None:
        self._context = context
        self._spec = spec
        self._record = record
        settings = context.tools.settings
        self._pauses = RestartPauses(settings.restart_initial, settings.restart_maximum)

    async def supervise(self) -> None:
        """Run the container, again if need be, until its policy is satisfied."""
        if not is_function(self._spec):
            await refuse(self._context, self._record)
        while True:
            command, probes = await until_planned(self._context, self._record, self._build)
            ended = await self._run_once(command, probes)
            self._record.state = ended
            self._context.changed()
            if not wants_restart(self._context.restart_policy, ended.code):
                return
            await self._pause_after(ended)

    def _build(self, plan: PodPlan) -> tuple[Command, Probes]:
        command = container_command(plan, self._spec, restart=self._record.restarts)
        parsed = {
            kind: parse_probe(self._spec[key], self._spec, plan.context.address)
            for kind, key in (
                ("startup", "startupProbe"),
                ("readiness", "readinessProbe"),
                ("liveness", "livenessProbe"),
            )
            if self._spec.get(key)
        }
        return command, Probes(**parsed)

    async def _run_once(self, command: Command, probes: Probes) -> Terminated:
        began = datetime.now(UTC)
        await asyncio.to_thread(self._context.folder.forget_old_logs, self._spec["name"], self._record.restarts)
        try:
            process = await Process.start(command)
        except StartFailed as error:
            return Terminated(code=127, started=began, finished=datetime.now(UTC), message=str(error))
        try:
            self._record.state = Running(began)
            self._context.changed()
            self._context.event("Started", f"Started container {self._spec['name']}")
            with self._measured(process) as measured, self._inhabited(command):
                code = await self._wait(process, command, probes, measured)
        except asyncio.CancelledError:
            code = await process.stop(self._context.grace)
            self._record.state = await self._ended(code, began)
            raise
        finally:
            self._record.ready = self._record.started = False
            process.abandon()
        return await self._ended(code, began, out_of_memory=measured.exceeded.is_set())

    def _measured(self, process: Process) -> AbstractContextManager[Measured]:
        uid, name = self._context.pod["metadata"]["uid"], self._spec["name"]
        return self._context.tools.usage.measure(uid, name, process.pid, memory_limit=memory_limit(self._spec))

    @contextmanager
    def _inhabited(self, command: Command) -> Iterator[None]:
        """Other commands may run beside the container while entered."""
        name, ended = self._spec["name"], asyncio.Event()
        mounts = mounts_of(self._spec, self._context.folder)
        self._context.habitats[name] = Habitat(command=command, mounts=mounts, ended=ended)
        try:
            yield
        finally:
            del self._context.habitats[name]
            ended.set()

    async def _kill_beyond_limit(self, process: Process, measured: Measured) -> None:
        await measured.exceeded.wait()
        used, limit = measured.memory >> 20, (measured.memory_limit or 0) >> 20
        text = f"Container {measured.container} used {used}Mi of memory, its limit is {limit}Mi; it was killed"
        self._context.event("OOMKilling", text, warning=True)
        await process.kill()

    async def _wait(self, process: Process, command: Command, probes: Probes, measured: Measured) -> int:
        async def restart(probe: str) -> None:
            name = self._spec["name"]
            self._context.event("Killing", f"Container {name} failed {probe} probe, will be restarted")
            await process.stop(self._context.grace)

        prober = Prober(
            probes,
            self._record,
            command,
            changed=self._context.changed,
            unhealthy=lambda probe, why: self._context.event("Unhealthy", f"{probe} probe failed: {why}", warning=True),
            restart=restart,
        )
        async with asyncio.TaskGroup() as group:
            watching = [
                group.create_task(prober.run()),
                group.create_task(self._kill_beyond_limit(process, measured)),
            ]
            code = await process.wait()
            for task in watching:
                task.cancel()
        return code

    async def _ended(self, code: int, began: datetime, *, out_of_memory: bool = False) -> Terminated:
        message = ""
        if code != 0 and self._spec.get("terminationMessagePolicy") == "FallbackToLogsOnError":
            folder = self._context.folder.logs(self._spec["name"])
            message = await asyncio.to_thread(last_lines, folder, self._record.restarts)
        return Terminated(
            code=code,
            started=began,
            finished=datetime.now(UTC),
            message=message,
            reason=OOM_KILLED if out_of_memory else "",
        )

    async def _pause_after(self, ended: Terminated) -> None:
        pause = self._pauses.after((ended.finished - ended.started).total_seconds())
        metadata = self._context.pod["metadata"]
        pod = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
        message = f"back-off {pause:g}s restarting failed container={self._spec['name']} pod={pod}"
        self._record.last = ended
        self._record.state = Waiting(CRASH_LOOP, message)
        self._context.changed()
        self._context.event("BackOff", message, warning=True)
        await asyncio.sleep(pause)
        self._record.restarts += 1
