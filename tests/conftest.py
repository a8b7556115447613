"""Says at the top of a run which real parts the tests found; those that lack one are skipped with a word."""

import shutil

import pytest

REAL_PARTS = ("kubectl", "java", "mvn", *(f"python3.{minor}" for minor in range(9, 15)))
"""Programs that some tests use when they are on PATH."""


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Two lines: what is there, and what is missed."""
    found = [name for name in REAL_PARTS if shutil.which(name)]
    missing = [name for name in REAL_PARTS if name not in found]
    return [f"real parts found: {', '.join(found)}", f"real parts missing: {', '.join(missing) or 'none'}"]
