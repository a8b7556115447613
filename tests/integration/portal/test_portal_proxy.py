"""The portal behind a proxy that signs people in: whose word it takes, and as whom it then acts."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.portalgate import OWN, Gate, gated_api, kubeconfig_of
from support.realnats import free_ports
from support.serviceprocess import ServiceProcess


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with gated_api([]) as gate:
        gate.tokens.add(OWN)
        yield gate


@contextmanager
def portal_behind(proxies: str, gate: Gate, folder: Path) -> Iterator[int]:
    """A portal that believes these addresses; yields its port."""
    port, admin_port = free_ports(2)
    environment = {
        "PORTAL_HOST": "127.0.0.1",
        "PORTAL_PORT": str(port),
        "PORTAL_SIGN_IN": "proxy",
        "PORTAL_TRUSTED_PROXIES": proxies,
        "ADMIN_HOST": "127.0.0.1",
        "ADMIN_PORT": str(admin_port),
    }
    process = ServiceProcess(
        "kubeless.portal", folder, kubeconfig=kubeconfig_of(folder, gate.url), environment=environment
    )
    process.start()
    try:
        process.until_ready()
        yield port
    finally:
        assert process.stop() == 0


def ask(port: int, **headers: str) -> int:
    """The status of the first page; header names with _ for -."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/", headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def test_who_a_trusted_proxy_names_is_acted_as_and_nobody_else(gate: Gate, tmp_path: Path) -> None:
    gate.impersonated.clear()
    with portal_behind("127.0.0.1", gate, tmp_path) as port:
        assert ask(port, X_Forwarded_User="alice", X_Forwarded_Groups="team-a, team-b", Impersonate_User="root") == 200
        assert ask(port, Impersonate_User="root") == 403
    assert gate.impersonated == {("alice", ("team-a", "team-b"))}


def test_nobody_else_may_name_a_user(gate: Gate, tmp_path: Path) -> None:
    gate.impersonated.clear()
    with portal_behind("10.9.0.0/16,10.8.0.1", gate, tmp_path) as port:
        assert ask(port, X_Forwarded_User="alice") == 403
        assert ask(port, X_Forwarded_User="alice", X_Forwarded_For="10.8.0.1", Forwarded="for=10.8.0.1") == 403
    assert gate.impersonated == set()
