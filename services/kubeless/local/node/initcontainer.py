"""
An init container: a step that must succeed before the pod's main containers start.

The controller's pods have up to three, told by name: `prepare` is done here in Python, `install` and `compile` are
commands of the runtime. A step that failed is tried again with growing pauses, as the kubelet does; its last log lines
say why.
"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.containerstate import ContainerRecord, Running, Terminated, Waiting
from kubeless.local.node.logreader import last_lines
from kubeless.local.node.maincontainer import NOT_A_FUNCTION, RestartPauses
from kubeless.local.node.mounts import mounts_of
from kubeless.local.node.plan import PodContext, PodPlan, plain_environment, step_command, until_planned
from kubeless.local.node.prepare import prepare, read_source, verify_checksum
from kubeless.local.node.process import Command, Process
from kubeless.local.node.runner import LogFile

REASONS = {"prepare": "PrepareFailed", "install": "InstallFailed", "compile": "CompileFailed"}


class StepFailed(KubelessError):
    """A command of the runtime failed; the message is the end of its log."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


class InitContainer:
    """Runs one init container of a pod and keeps its record."""

    def __init__(self, context: PodContext, spec: JsonObject, record: ContainerRecord) -> None:
        self._context = context
        self._spec = spec
        self._name: str = spec["name"]
        self._record = record
        settings = context.tools.settings
        self._pauses = RestartPauses(settings.restart_initial, settings.restart_maximum)

    async def complete(self) -> bool:
        """Run until it succeeds. False if it failed and the pod's restart policy is Never."""
        done = self._context.folder.done(self._name)
        if await asyncio.to_thread(done.exists):
            if not isinstance(self._record.state, Terminated):
                now = datetime.now(UTC)
                self._record.state = Terminated(code=0, started=now, finished=now)
            return True
        while True:
            ended = await self._run_once()
            self._record.state = ended
            self._record.ready = ended.succeeded
            self._context.changed()
            if ended.succeeded:
                await asyncio.to_thread(done.touch)
                return True
            if self._context.restart_policy == "Never":
                return False
            await self._pause_after(ended)

    async def _run_once(self) -> Terminated:
        began = datetime.now(UTC)
        try:
            plan = await until_planned(self._context, self._record, lambda plan: plan)
            self._record.state = Running(began)
            self._context.changed()
            await self._step(plan)
        except KubelessError as error:
            code = error.code if isinstance(error, StepFailed) else 1
            return Terminated(code=code, started=began, finished=datetime.now(UTC), message=str(error))
        return Terminated(code=0, started=began, finished=datetime.now(UTC))

    async def _step(self, plan: PodPlan) -> None:
        if self._name not in REASONS:
            raise KubelessError(f"init container {self._name}: {NOT_A_FUNCTION}")
        if self._name == "prepare":
            await self._prepare(plan)
            return
        step = plan.runtime.install if self._name == "install" else plan.runtime.compile
        if step is None:
            await self._log(f"{self._name}: nothing to do for this runtime")
            return
        command = step_command(plan, self._spec, step, restart=self._record.restarts)
        checksum = command.environ.get("FUNC_DEPS_CHECKSUM", "")
        if checksum:
            await asyncio.to_thread(verify_checksum, Path(command.environ.get("KUBELESS_DEPS_FILE", "")), checksum)
        await self._run_command(command)

    async def _prepare(self, plan: PodPlan) -> None:
        settings = self._context.tools.settings
        try:
            source = read_source(plain_environment(plan, self._spec), mounts_of(self._spec, self._context.folder))
            await prepare(
                source,
                self._context.folder.scratch("source"),
                download_timeout=settings.download_timeout,
                download_bytes=settings.download_bytes,
            )
        except KubelessError as error:
            await self._log(str(error))
            raise
        await self._log(f"prepared {'archive' if source.is_archive else 'file'} in {source.folder}")

    async def _run_command(self, command: Command) -> None:
        timeout = self._context.tools.settings.step_timeout
        process = await Process.start(command)
        try:
            async with asyncio.timeout(timeout):
                code = await process.wait()
        except TimeoutError:
            code = await process.kill()
            raise StepFailed(code, f"{self._name} was not done within {timeout:g} s") from None
        except asyncio.CancelledError:
            await process.kill()  # a step has nothing to finish
            raise
        finally:
            process.abandon()
        if code != 0:
            lines = await asyncio.to_thread(last_lines, self._context.folder.logs(self._name), self._record.restarts)
            raise StepFailed(code, lines or f"{self._name} exited with {code} and printed nothing")

    async def _log(self, line: str) -> None:
        prefix = self._context.folder.log_prefix(self._name, self._record.restarts)
        await asyncio.to_thread(_write_line, str(prefix), line)

    async def _pause_after(self, ended: Terminated) -> None:
        pause = self._pauses.after((ended.finished - ended.started).total_seconds())
        reason = REASONS.get(self._name, "ErrImagePull")
        self._record.last = ended
        self._record.state = Waiting(reason, ended.message)
        self._context.changed()
        self._context.event(reason, f"{self._name}: {ended.message}", warning=True)
        await asyncio.sleep(pause)
        self._record.restarts += 1


def _write_line(prefix: str, line: str) -> None:
    log = LogFile(prefix, segment_bytes=1 << 20, segments=1)
    log.write(line.encode(errors="replace") + b"\n")
    log.close()
