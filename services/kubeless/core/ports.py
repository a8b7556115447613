"""Who listens on a port: a message that names the process saves its reader the search."""

import errno
import os
from pathlib import Path

from kubeless.core.errors import KubelessError

_LISTEN = "0A"  # the state of a listening socket in /proc/net/tcp, see proc(5)


class PortTaken(KubelessError):
    """The port is in use by another process."""


def explain_bind_error(error: OSError, *, host: str, port: int, purpose: str) -> KubelessError:
    """Turn the failure to listen on an address into an error that names the address, the owner and the remedy."""
    where = f"{purpose} {host}:{port}"
    if error.errno == errno.EADDRINUSE:
        owner = port_owner(port)
        by = f"by the process with PID {owner} ({_command_of(owner)})" if owner else "by another process"
        return PortTaken(f"{where}: already taken {by}; stop that process or choose another port")
    if error.errno == errno.EACCES:
        return KubelessError(f"{where}: no right to listen there; choose a port from 1024 up")
    return KubelessError(f"{where}: cannot listen there: {error.strerror or error}; choose another address")


def port_owner(port: int) -> int | None:
    """The PID of a process that listens on TCP `port`, where the system tells (Linux, processes of the same user)."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        if _open_sockets(process) & inodes:
            return int(process.name)
    return None


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes


def _open_sockets(process: Path) -> set[str]:
    sockets = set()
    try:
        for descriptor in (process / "fd").iterdir():
            target = os.readlink(descriptor)
            if target.startswith("socket:["):
                sockets.add(target[len("socket:[") : -1])
    except OSError:  # the process ended meanwhile, or belongs to someone else
        pass
    return sockets


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()[:80]
    except OSError:
        return "ended meanwhile"
