"""Repositories of packages in a folder, for languages whose own ones the tests do not ask for anything."""

import shutil
import subprocess
from pathlib import Path

from kubeless.runtimes.catalog import resolve
from kubeless.runtimes.locate import locate

PACKAGES = Path(__file__).parent / "packages"


def make_gems(folder: Path) -> None:
    """
    A repository of gems, with `kubeless_used` in it.

    Raises:
        RuntimeNotAvailable: Ruby is not installed.
    """
    ruby = locate(resolve("ruby3.1")).interpreter
    subprocess.run([ruby, str(PACKAGES / "gems.rb"), str(folder)], check=True, timeout=60)


def make_composer_packages(folder: Path) -> None:
    """A repository of PHP packages, with `kubeless/used` in it."""
    shutil.copytree(PACKAGES / "composer", folder, dirs_exist_ok=True)
