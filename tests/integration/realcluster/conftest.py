"""The services as processes on a real control plane, one for all tests here."""

from collections.abc import AsyncIterator, Iterator

import pytest

from support.clusterfixtures import real_cluster_or_skip
from support.clusterworld import Platform, World, make_world
from support.handkubelet import machine_address
from support.realnats import RealNats, has_nats


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """All services at work; skips where a part is missing."""
    folder = tmp_path_factory.mktemp("realcluster")
    cluster = real_cluster_or_skip(folder / "cluster")
    if not cluster.has_controllers:
        pytest.skip("no kube-controller-manager beside the real API server")
    address = machine_address()
    if address is None:
        pytest.skip("this machine has no address but loopback, which the API server takes for no pod")
    if not has_nats():
        pytest.skip("no nats-server")
    with cluster, RealNats(folder / "nats") as nats:
        platform = Platform(folder, cluster, nats_url=nats.url, address=address)
        platform.install()
        with platform.running():
            yield platform


@pytest.fixture
async def world(platform: Platform) -> AsyncIterator[World]:
    async with make_world(platform) as made:
        yield made
