"""Says at the top of a run which real parts the tests found; those that lack one are skipped with a word."""

import shutil

import pytest

from support.clusterprograms import API_SERVER, has_programs

REAL_PARTS = ("kubectl", API_SERVER, "java", "mvn", *(f"python3.{minor}" for minor in range(9, 15)))
"""Programs that some tests use when they are here: on PATH, but for the API server, see `support.clusterprograms`."""


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Two lines: what is there, and what is missed."""
    found = [name for name in REAL_PARTS if _is_here(name)]
    missing = [name for name in REAL_PARTS if name not in found]
    return [f"real parts found: {', '.join(found)}", f"real parts missing: {', '.join(missing) or 'none'}"]


def _is_here(name: str) -> bool:
    return has_programs() if name == API_SERVER else shutil.which(name) is not None
