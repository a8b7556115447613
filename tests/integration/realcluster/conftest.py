"""The services as processes on a real control plane: one for all tests here, and one confined to namespaces."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.clusterfixtures import real_cluster_or_skip
from support.clusterworld import Platform, World, make_world
from support.handkubelet import machine_address
from support.realnats import RealNats, has_nats

ADMISSION = {"enable-admission-plugins": "OwnerReferencesPermissionEnforcement"}
"""As strict as OpenShift: who makes an object depend on another must have the right to hold that other one."""

CONFINED = ("team-a", "team-b")
ELSEWHERE = "team-c"


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """All services at work; skips where a part is missing."""
    with running_platform(tmp_path_factory.mktemp("realcluster")) as platform:
        yield platform


@pytest.fixture
async def world(platform: Platform) -> AsyncIterator[World]:
    async with make_world(platform) as made:
        yield made


@pytest.fixture(scope="module")
def confined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The same, with the chart's `namespaces`; there is one more that is not among them."""
    options = {"values": {"namespaces": list(CONFINED)}, "namespaces": (*CONFINED, ELSEWHERE)}
    with running_platform(tmp_path_factory.mktemp("confined"), **options) as platform:
        yield platform


@contextmanager
def running_platform(folder: Path, **options: Any) -> Iterator[Platform]:
    """A control plane, a NATS, the chart and all services; `options` are those of `Platform`."""
    cluster = real_cluster_or_skip(folder / "cluster", ADMISSION)
    if not cluster.has_controllers:
        pytest.skip("no kube-controller-manager beside the real API server")
    address = machine_address()
    if address is None:
        pytest.skip("this machine has no address but loopback, which the API server takes for no pod")
    if not has_nats():
        pytest.skip("no nats-server")
    with cluster, RealNats(folder / "nats") as nats:
        platform = Platform(folder, cluster, nats_url=nats.url, address=address, **options)
        platform.install()
        with platform.running():
            yield platform
