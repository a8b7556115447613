"""Servers that tests may kill: each test has its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.realnats import RealNats, has_nats


@pytest.fixture(autouse=True, scope="session")
def _needs_nats() -> None:
    if not has_nats():
        pytest.skip("there is no nats-server")


@pytest.fixture
def own_nats(tmp_path: Path) -> Iterator[RealNats]:
    with RealNats(tmp_path / "nats") as server:
        yield server
