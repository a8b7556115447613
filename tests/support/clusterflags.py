"""How the programs of a control plane are started for tests: small, on loopback, and as strict as in a cluster."""

from dataclasses import dataclass
from pathlib import Path

from support.certificates import Certificate

AUDIENCE = "https://kubernetes.default.svc"
"""Issuer and audience of the tokens of service accounts."""

AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
"""
"""One line for each request: who asked for what, and the answer's code. No bodies, as they may hold secrets."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the programs share: their ports on 127.0.0.1 and the files in their folder."""

    folder: Path
    api_port: int
    etcd_port: int
    peer_port: int
    authority: Path
    serving: Certificate
    accounts: Certificate
    """Its key signs the tokens of service accounts."""
    manager_kubeconfig: Path

    @property
    def audit_log(self) -> Path:
        """Where each request is recorded, as a JSON object a line."""
        return self.folder / "audit.log"


def etcd_flags(layout: Layout) -> dict[str, str]:
    """One member. What a crash of the machine would lose, tests do not need."""
    clients, peers = f"http://127.0.0.1:{layout.etcd_port}", f"http://127.0.0.1:{layout.peer_port}"
    return {
        "data-dir": str(layout.folder / "etcd"),
        "listen-client-urls": clients,
        "advertise-client-urls": clients,
        "listen-peer-urls": peers,
        "initial-advertise-peer-urls": peers,
        "initial-cluster": f"default={peers}",
        "unsafe-no-fsync": "true",
        "log-level": "warn",
    }


def api_server_flags(layout: Layout) -> dict[str, str]:
    """RBAC, the default admission plugins, tokens of service accounts, and a record of every request."""
    policy = layout.folder / "audit-policy.yaml"
    policy.write_text(AUDIT_POLICY)
    return {
        "bind-address": "127.0.0.1",
        "advertise-address": "127.0.0.1",
        "secure-port": str(layout.api_port),
        "etcd-servers": f"http://127.0.0.1:{layout.etcd_port}",
        "cert-dir": str(layout.folder),
        "tls-cert-file": str(layout.serving.certificate),
        "tls-private-key-file": str(layout.serving.key),
        "client-ca-file": str(layout.authority),
        "authorization-mode": "RBAC",
        "service-cluster-ip-range": "10.0.0.0/24",
        "service-account-issuer": AUDIENCE,
        "service-account-key-file": str(layout.accounts.certificate),
        "service-account-signing-key-file": str(layout.accounts.key),
        "audit-policy-file": str(policy),
        "audit-log-path": str(layout.audit_log),
        "audit-log-mode": "blocking",
        # Its own endpoints would be on loopback, which it refuses; nobody asks for them here.
        "endpoint-reconciler-type": "none",
        "shutdown-delay-duration": "0s",
        "v": "1",
    }


def manager_flags(layout: Layout) -> dict[str, str]:
    """All controllers, no port, no competition; gone nodes and pods are none of its business here."""
    return {
        "kubeconfig": str(layout.manager_kubeconfig),
        "leader-elect": "false",
        "secure-port": "0",
        "root-ca-file": str(layout.authority),
        "service-account-private-key-file": str(layout.accounts.key),
        "use-service-account-credentials": "true",
        "controllers": "*,-node-lifecycle-controller,-node-ipam-controller,-cloud-node-lifecycle-controller",
        "v": "1",
    }


def as_arguments(flags: dict[str, str]) -> list[str]:
    """Flags as a command line has them."""
    return [f"--{name}={value}" for name, value in flags.items()]
