"""
An address for each pod.

On Linux the whole of 127.0.0.0/8 is the loopback interface, so each pod gets an address of its own there and keeps the
ports it declares, as in a cluster. Elsewhere pods share 127.0.0.1 and each declared port becomes a free one; the pod
then carries the annotation `PORTS_ANNOTATION`, which whoever looks for its ports must apply.
"""

import hashlib
import ipaddress
import json
import socket
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject

PORTS_ANNOTATION = "kubeless.io/local-ports"
SHARED = "127.0.0.1"
_CANDIDATES = 256


class NoAddress(KubelessError):
    """There is no loopback address left on which the pod's ports are free."""

    retriable = True


@dataclass(frozen=True, slots=True)
class PodAddress:
    """Where a pod listens. `ports` says which port stands in for a declared one; those not in it stay."""

    host: str
    ports: Mapping[int, int] = field(default_factory=dict)

    def port(self, declared: int) -> int:
        """The port to use for a declared one."""
        return self.ports.get(declared, declared)


class AddressPool:
    """The addresses of one node's pods."""

    def __init__(self, *, data_dir: Path, subnet: str = "", own_addresses: bool | None = None) -> None:
        network = ipaddress.IPv4Network(subnet or _subnet_for(data_dir))
        self._hosts = [str(host) for host in _usable_hosts(network)]
        self._own = sys.platform == "linux" if own_addresses is None else own_addresses
        self._taken: dict[str, str] = {}
        self._next = 0

    def take(self, uid: str, ports: Iterable[int], *, wanted: str = "") -> PodAddress:
        """
        An address for the pod `uid` on which all its ports are free; `wanted` is preferred, as it had that before.

        Raises:
            NoAddress: none of many addresses would do.
        """
        declared = sorted(set(ports))
        if not self._own:
            return PodAddress(SHARED, {port: _free_port() for port in declared})
        if wanted in self._hosts and self._can_use(wanted, declared):
            self._taken[wanted] = uid
            return PodAddress(wanted)
        for _ in range(min(_CANDIDATES, len(self._hosts))):
            host = self._hosts[self._next % len(self._hosts)]
            self._next += 1
            if self._can_use(host, declared):
                self._taken[host] = uid
                return PodAddress(host)
        raise NoAddress(
            f"ports {declared} are taken on {_CANDIDATES} loopback addresses; stop what listens on all addresses"
        )

    def give_back(self, uid: str) -> None:
        """The pod has ended: its address may be used again, the longest unused first."""
        self._taken = {host: owner for host, owner in self._taken.items() if owner != uid}

    def _can_use(self, host: str, ports: list[int]) -> bool:
        return host not in self._taken and all(_can_bind(host, port) for port in ports or [0])


def ports_annotation(address: PodAddress) -> str | None:
    """The value of `PORTS_ANNOTATION` for a pod, None if its ports stay."""
    return json.dumps({str(declared): port for declared, port in address.ports.items()}) if address.ports else None


def annotated_ports(pod: JsonObject) -> dict[int, int]:
    """What `ports_annotation` wrote; empty for a pod without it."""
    text = (pod["metadata"].get("annotations") or {}).get(PORTS_ANNOTATION)
    try:
        return {int(declared): int(port) for declared, port in json.loads(text or "{}").items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _subnet_for(data_dir: Path) -> str:
    digest = hashlib.sha256(str(data_dir.resolve()).encode()).digest()
    return f"127.{64 + digest[0] % 128}.{digest[1]}.0/24"


def _usable_hosts(network: ipaddress.IPv4Network) -> list[ipaddress.IPv4Address]:
    if not network.is_loopback:
        raise NoAddress(f"subnet {network} is not part of 127.0.0.0/8; choose one that is")
    hosts = network.hosts()
    return [host for host, _ in zip(hosts, range(4096), strict=False)]


def _can_bind(host: str, port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a connection of an ended pod that still lingers must not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((SHARED, 0))
        return int(probe.getsockname()[1])
