"""
A control plane of Kubernetes on free loopback ports: the truth that the embedded API server is held to.

etcd, kube-apiserver with RBAC and admission as in a cluster, and kube-controller-manager where it is there. There are
no nodes: pods stay as they were written unless a test plays the kubelet.

`RealCluster` is blocking, for use from fixtures; a test in asyncio calls it in a thread, as in
`await asyncio.to_thread(cluster.kill_api_server)`. Should the tests be killed, the programs go too. Each logs to a file
of its name in the folder.
"""

import base64
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from kubeless.core.jsontypes import JsonObject
from support.certificates import CertificateAuthority
from support.clusterflags import AUDIENCE, Layout, api_server_flags, as_arguments, etcd_flags, manager_flags
from support.clusterprograms import find_programs
from support.realnats import free_ports
from support.tethered import Tethered

ADMINISTRATORS = "system:masters"

_START_TIMEOUT = 60.0


class ClusterFailed(Exception):
    """A program ended or did not become ready; the message has the end of its log."""


class RealCluster:
    """Runs while entered. `kubeconfig` is the administrator's."""

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        """
        Args:
            folder: its own, for data, keys, logs and kubeconfigs.
            settings: flags of kube-apiserver by name without dashes, over the ones for tests.

        Raises:
            ClusterUnavailable: this machine has no programs.
            NoOpenSsl: there is nothing to make certificates.
        """
        programs = find_programs()
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._authority = CertificateAuthority(folder / "keys")
        self._layout = layout = self._lay_out()
        self._tls = ssl.create_default_context(cafile=str(self._authority.certificate))
        signed = self._authority.sign("probe", organization=ADMINISTRATORS)
        self._tls.load_cert_chain(signed.certificate, signed.key)
        self.kubeconfig = self._write_kubeconfig("admin", self._certificate_user("admin", ADMINISTRATORS))
        api_flags = {**api_server_flags(layout), **(settings or {})}
        self._etcd = _part(programs.etcd, etcd_flags(layout), folder)
        self._api = _part(programs.api_server, api_flags, folder)
        self._manager: Tethered | None = None
        if programs.controller_manager is not None:
            self._write_kubeconfig("manager", self._certificate_user("system:kube-controller-manager"))
            self._manager = _part(programs.controller_manager, manager_flags(layout), folder)

    @property
    def server(self) -> str:
        """URL of the API server."""
        return f"https://127.0.0.1:{self._layout.api_port}"

    @property
    def audit_log(self) -> Path:
        """The record of every request, as a JSON object a line."""
        return self._layout.audit_log

    @property
    def has_controllers(self) -> bool:
        """Whether garbage is collected, and pods and endpoints are made."""
        return self._manager is not None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> float:
        """
        Start everything and wait until the API server is ready; returns the seconds that took.

        Raises:
            ClusterFailed: something ended or was not ready in time.
        """
        began = time.monotonic()
        self._etcd.start()
        self.start_api_server()
        if self._manager is not None:
            self._manager.start()
            self._until(self._manager, self._has_default_account)
        return time.monotonic() - began

    def start_api_server(self) -> None:
        """
        Start the API server alone, on the port and with the objects it had.

        Raises:
            ClusterFailed: it was not ready in time.
        """
        self._api.start()
        self._until(self._api, self._is_ready)

    def stop(self) -> None:
        """End everything in order, as an operator does."""
        for part in self._parts():
            part.stop()

    def kill(self) -> None:
        """End everything at once."""
        for part in self._parts():
            part.kill()

    def stop_api_server(self) -> None:
        """End the API server alone, in order."""
        self._api.stop()

    def kill_api_server(self) -> None:
        """End the API server alone, as a crash does."""
        self._api.kill()

    def account_kubeconfig(self, namespace: str, name: str) -> Path:
        """A kubeconfig with a token of a service account, which is made if need be; nothing is allowed to it yet."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        self.request("POST", path, {"metadata": {"name": name}}, allowed=(409,))
        spec = {"spec": {"audiences": [AUDIENCE], "expirationSeconds": 3600}}
        answer = self.request("POST", f"{path}/{name}/token", spec)
        return self._write_kubeconfig(f"{namespace}-{name}", {"token": answer["status"]["token"]}, namespace)

    def request(
        self, method: str, path: str, body: JsonObject | None = None, *, allowed: tuple[int, ...] = ()
    ) -> JsonObject:
        """
        One request of the administrator.

        Raises:
            ClusterFailed: it was refused with a status that is not in `allowed`.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.server + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, context=self._tls, timeout=10) as response:
                answer: JsonObject = json.loads(response.read())
        except urllib.error.HTTPError as error:
            answer = json.loads(error.read())
            if error.code not in allowed:
                raise ClusterFailed(f"{method} {path}: {answer}") from error
        return answer

    def _lay_out(self) -> Layout:
        keys = self._authority
        api_port, etcd_port, peer_port = free_ports(3)
        return Layout(
            self._folder,
            api_port,
            etcd_port,
            peer_port,
            authority=keys.certificate,
            serving=keys.sign("kube-apiserver"),
            accounts=keys.sign("service-accounts"),
            manager_kubeconfig=self._folder / "manager.kubeconfig",
        )

    def _certificate_user(self, name: str, group: str = "") -> JsonObject:
        signed = self._authority.sign(name, organization=group)
        return {"client-certificate-data": _encoded(signed.certificate), "client-key-data": _encoded(signed.key)}

    def _write_kubeconfig(self, name: str, user: JsonObject, namespace: str = "default") -> Path:
        cluster = {"server": self.server, "certificate-authority-data": _encoded(self._authority.certificate)}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "real", "cluster": cluster}],
            "users": [{"name": "real", "user": user}],
            "contexts": [{"name": "real", "context": {"cluster": "real", "user": "real", "namespace": namespace}}],
            "current-context": "real",
        }
        path = self._folder / f"{name}.kubeconfig"
        path.write_text(json.dumps(config))
        return path

    def _parts(self) -> list[Tethered]:
        return [part for part in (self._manager, self._api, self._etcd) if part is not None]

    def _until(self, part: Tethered, check: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        while not check():
            if part.ended or time.monotonic() > deadline:
                told = part.log_end()
                self.kill()
                raise ClusterFailed(told)
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.server}/readyz", context=self._tls, timeout=5) as response:
                return bool(response.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def _has_default_account(self) -> bool:
        """The controllers work: they gave the default namespace its service account, which pods need."""
        path = "/api/v1/namespaces/default/serviceaccounts/default"
        return bool(self.request("GET", path, allowed=(404,))["kind"] == "ServiceAccount")


def _part(program: Path, flags: dict[str, str], folder: Path) -> Tethered:
    return Tethered([str(program), *as_arguments(flags)], folder / f"{program.name}.log")


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
