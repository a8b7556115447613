"""A nats-server for all tests of a file that share nothing but the server, and a world around it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from nats.aio.client import Client

from support.natsworld import World, connected, make_world
from support.realnats import RealNats, has_nats


@pytest.fixture(autouse=True, scope="session")
def _needs_nats() -> None:
    if not has_nats():
        pytest.skip("there is no nats-server")


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealNats]:
    with RealNats(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
def plain_nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealNats]:
    """Without JetStream."""
    with RealNats(tmp_path_factory.mktemp("nats"), jetstream=False) as server:
        yield server


@pytest.fixture
async def world(nats: RealNats) -> AsyncIterator[World]:
    async with make_world(nats.url) as made:
        yield made


@pytest.fixture
async def client(nats: RealNats) -> AsyncIterator[Client]:
    async with connected(nats.url) as made:
        yield made
