"""axe-core, which looks for what keeps people from using a page: fetched once from npm into a cache."""

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

VERSION = "4.10.3"
CACHE = Path.home() / ".cache" / "kubeless-tests" / "axe-core"


def axe_core() -> str:
    """The source of the library; skips the test where it cannot be had."""
    script = CACHE / f"axe-{VERSION}.js"
    if not script.is_file():
        _fetch(script)
    return script.read_text()


def _fetch(script: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("axe-core is not in the cache, and npm is not on PATH")
    CACHE.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", f"axe-core@{VERSION}", "--pack-destination", str(CACHE), "--silent"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=CACHE)
    if result.returncode != 0:
        pytest.skip(f"axe-core cannot be fetched from npm: {result.stderr[-200:]}")
    with tarfile.open(CACHE / f"axe-core-{VERSION}.tgz") as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        script.write_bytes(member.read())
