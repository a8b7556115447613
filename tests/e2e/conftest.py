"""Local platforms for the tests that go through the front door."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.localplatform import LocalPlatform


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    """One platform for all tests of a module that do not stop it; each test uses names of its own."""
    local = LocalPlatform(tmp_path_factory.mktemp("platform"))
    local.up()
    yield local
    local.down()


@pytest.fixture
def own_platform(tmp_path: Path) -> Iterator[LocalPlatform]:
    """A platform of the test's own, not started yet."""
    local = LocalPlatform(tmp_path)
    yield local
    local.down()
