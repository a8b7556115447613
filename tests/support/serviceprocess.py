"""A service as it runs in a pod, `python -m kubeless.gateway`: a process with a kubeconfig and an environment."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 30.0


class ServiceProcess:
    """One replica of a service; blocking, for use from fixtures."""

    def __init__(
        self, module: str, folder: Path, *, kubeconfig: Path, environment: dict[str, str], number: int = 0
    ) -> None:
        """
        Args:
            module: what `python -m` runs.
            folder: for its log.
            kubeconfig: with the rights it has.
            environment: must say on which port it can be asked how it is.
            number: of the replica, which makes its name.
        """
        self._module = module
        name = f"{module}-{number}"
        self._log = folder / f"{name}.log"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "HOSTNAME"))}
        self._environment = {**inherited, **environment, "KUBECONFIG": str(kubeconfig), "HOSTNAME": name}
        self._admin_port = int(environment["ADMIN_PORT"])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        """Whether it was started and did not end."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; it may need others to become ready, see `until_ready`."""
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", self._module]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment)

    def until_ready(self) -> None:
        """Wait for its admin port to say so."""
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._ready():
            assert self._process is not None
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def stop(self) -> int:
        """End it in order; returns its exit code."""
        assert self._process is not None
        self._process.terminate()
        try:
            return self._process.wait(_STOP_TIMEOUT)
        finally:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        """End it in order, and start it as it was."""
        self.stop()
        self.start()
        self.until_ready()

    def resident_bytes(self) -> int:
        """Memory that it uses."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024

    def log(self) -> str:
        """The last of what it wrote."""
        return self._log.read_text(errors="replace")[-5000:]

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._admin_port}/readyz", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False
