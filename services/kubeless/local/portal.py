"""
The portal as a process of its own, as it is a pod of its own on a cluster.

Its socket is opened here: the address is known and taken before the process is up, browsers that come meanwhile wait a
moment instead of being turned away, and a process that ended is replaced without anybody losing the address.
"""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from kubeless.core.backoff import Backoff
from kubeless.core.ports import explain_bind_error
from kubeless.local.nats import lifeline

log = structlog.get_logger(__name__)

STOP_TIMEOUT = 8.0
"""Seconds for it to end; longer than `lifeline.GRACE`."""

_LIFELINE = str(Path(lifeline.__file__).resolve())


@asynccontextmanager
async def run_portal(kubeconfig: Path, log_file: Path, *, host: str, port: int) -> AsyncIterator[str]:
    """
    Run it while entered, with the account of `kubeconfig` and no sign-in; yields its URL.

    Raises:
        PortTaken: the port is in use.
    """
    with _listen(host, port) as listener:
        url = f"http://{host}:{listener.getsockname()[1]}"
        async with asyncio.TaskGroup() as group:
            supervising = group.create_task(_supervise(kubeconfig, log_file, listener, host), name="portal")
            yield url
            supervising.cancel()


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise explain_bind_error(error, host=host, port=port, purpose="portal") from error
    listener.listen(128)
    return listener


async def _supervise(kubeconfig: Path, log_file: Path, listener: socket.socket, host: str) -> None:
    backoff = Backoff()
    while True:
        code = await _run_once(kubeconfig, log_file, listener, host)
        log.error("the portal ended and is started again", exit_code=code, log=str(log_file))
        await asyncio.sleep(backoff.next())


async def _run_once(kubeconfig: Path, log_file: Path, listener: socket.socket, host: str) -> int:
    descriptor = str(listener.fileno())
    settings = {
        "KUBECONFIG": str(kubeconfig),
        "PORTAL_HOST": host,
        "PORTAL_SOCKET": descriptor,
        "PORTAL_SIGN_IN": "none",
        "ADMIN_HOST": host,
        "ADMIN_PORT": "0",
        lifeline.DESCRIPTORS: descriptor,
    }
    with log_file.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-E", _LIFELINE, sys.executable, "-m", "kubeless.portal"),
            env={**os.environ, **settings},
            pass_fds=(listener.fileno(),),
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
        )
    try:
        return await process.wait()
    finally:
        if process.returncode is None and process.stdin is not None:
            process.stdin.close()
            async with asyncio.timeout(STOP_TIMEOUT):
                await process.wait()
