"""A server of another project that runs as long as the tests do, and can be ended in order or at once."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from kubeless.local.nats import lifeline

_STOP_TIMEOUT = 12.0
"""Seconds to end in order. An API server waits longer for its clients' watches, refusing everything else meanwhile."""


class Tethered:
    """One program, blocking. It ends when this process does, however that ends: a lifeline lies between them."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._command = [sys.executable, "-I", "-S", "-E", str(lifeline.__file__), *command]
        self._log = log
        self._lifeline: subprocess.Popen[bytes] | None = None

    @property
    def ended(self) -> bool:
        """Whether it is not running, for whatever reason."""
        return self._lifeline is None or self._lifeline.poll() is not None

    def start(self) -> None:
        """Start it; it appends to its log."""
        with self._log.open("ab") as log:
            self._lifeline = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True
            )

    def stop(self) -> None:
        """End it in order."""
        if self._lifeline is not None:
            self._lifeline.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._lifeline.wait(_STOP_TIMEOUT)
            self.kill()

    def kill(self) -> None:
        """End it at once, as a crash does."""
        if self._lifeline is not None:
            for child in self._children(self._lifeline.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            assert self._lifeline.stdin is not None
            self._lifeline.stdin.close()
            self._lifeline.wait(_STOP_TIMEOUT)
            self._lifeline = None

    def log_end(self) -> str:
        """The last of what it wrote."""
        return self._log.read_text(errors="replace")[-3000:]

    @staticmethod
    def _children(pid: int) -> list[int]:
        found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, timeout=10)
        return [int(child) for child in found.stdout.split()]
