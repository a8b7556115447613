"""A cron scheduler as it runs in a pod: a process of its own, which can be killed, frozen, and have its clock set."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from support.cronworld import QUICK

MODULE = "kubeless.cron_scheduler"


class CronProcess:
    """One replica."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.ended = False
        """Whether it was told to end."""

    def kill(self) -> None:
        """As `kill -9`."""
        self.ended = True
        self._process.send_signal(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop it where it is, as a laptop's sleep does."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        """Let it end in good order."""
        self.ended = True
        self._process.terminate()
        await self._process.wait()


@asynccontextmanager
async def replica(
    server: str, folder: Path, name: str, *, clock: Path | None = None, **environment: str
) -> AsyncIterator[CronProcess]:
    """Run one, at the API server with the URL `server`; `clock` is the file of `support.setclock`."""
    kubeconfig = folder / f"kubeconfig-{name}"
    kubeconfig.write_text(json.dumps(_kubeconfig(server)))
    variables = {
        **os.environ,
        **QUICK,
        "KUBECONFIG": str(kubeconfig),
        "HOSTNAME": name,
        "LEADER_ELECTION": "true",
        "PYTHONPATH": os.pathsep.join(sys.path),
        **environment,
    }
    place = folder / f"log-{name}"
    with place.open("ab") as log:
        process = await asyncio.create_subprocess_exec(*_command(clock), env=variables, stdout=log, stderr=log)
    running = CronProcess(process)
    try:
        yield running
    finally:
        died = process.returncode is not None and not running.ended
        if process.returncode is None:
            process.kill()
        await process.wait()
        assert not died, place.read_text()[-3000:]


def _command(clock: Path | None) -> Sequence[str]:
    if clock is None:
        return sys.executable, "-m", MODULE
    return sys.executable, "-m", "support.setclock", str(clock), MODULE


def _kubeconfig(server: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {}}],
    }
