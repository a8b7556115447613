"""Says at the top of a run which real parts the tests found; those that lack one are skipped with a word."""

import shutil

import pytest

from support.clusterprograms import API_SERVER, has_programs
from support.realnats import NATS_SERVER, has_nats

REAL_PARTS = ("kubectl", API_SERVER, NATS_SERVER, "java", "mvn", *(f"python3.{minor}" for minor in range(9, 15)))
"""Programs that some tests use when they are here."""

_ELSEWHERE = {API_SERVER: has_programs, NATS_SERVER: has_nats}
"""Whether those are here that need not be on PATH."""


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Two lines: what is there, and what is missed."""
    found = [name for name in REAL_PARTS if _is_here(name)]
    missing = [name for name in REAL_PARTS if name not in found]
    return [f"real parts found: {', '.join(found)}", f"real parts missing: {', '.join(missing) or 'none'}"]


def _is_here(name: str) -> bool:
    look = _ELSEWHERE.get(name)
    return shutil.which(name) is not None if look is None else look()
