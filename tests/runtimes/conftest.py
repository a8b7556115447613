"""Fixtures of the suite; with KUBELESS_WRITE_DOCS=1 a full run writes its matrix into docs/runtimes.md."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtimes.matrix import Matrix, write_matrix
from runtimes.server import Workshop

PAGE = Path(__file__).parents[2] / "docs" / "runtimes.md"
_MATRIX = pytest.StashKey[Matrix]()


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("runtimes"))


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_MATRIX] = Matrix()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:  # the hook's own result passes through
    report: pytest.TestReport = yield  # type: ignore[assignment] # what a wrapper is sent is not in its type
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    if report.when == "call" and "case" in parameters:
        item.config.stash[_MATRIX].record(parameters["language"], parameters["case"], report.outcome)
    return report  # type: ignore[return-value] # nor is what it returns


def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get("KUBELESS_WRITE_DOCS") == "1":
        write_matrix(PAGE, session.config.stash[_MATRIX])
