import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.runtimes_python.function_server import Serve


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    starter = Serve(tmp_path)
    yield starter
    starter.end_all()


@pytest.fixture(params=["3.9", "3.10", "3.11", "3.12", "3.13"])
def python(request: pytest.FixtureRequest) -> str:
    """Every supported interpreter that this machine has."""
    version = str(request.param)
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = shutil.which(f"python{version}")
    # A version manager may put stand-ins on the path for interpreters that it does not run.
    if not found or subprocess.run([found, "-c", ""], capture_output=True).returncode:
        pytest.skip(f"python{version} is not installed")
    return found
