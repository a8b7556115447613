"""
A runtime as processes of this machine.

In a cluster a runtime is a set of images. Here it is an interpreter or compiler that is already installed, so the exact
version may be missing; then the nearest one that works is taken, and said so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kubeless.core.errors import KubelessError

Which = Callable[[str], str | None]
"""Where a program lies, as `shutil.which` tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalRuntime:
    """
    How to run a runtime's functions as processes of this machine.

    Commands are argument lists without a shell. In them and in `env`, `{volume}` stands for the folder of the
    function and `{deps}` for the path of its dependency file.
    """

    interpreter: str
    version: str
    """The version that really runs."""
    run: tuple[str, ...]
    install: tuple[str, ...] | None = None
    compile: tuple[str, ...] | None = None
    warning: str | None = None
    """For people: in what this differs from what was asked for."""
    env: Mapping[str, str] = field(default_factory=dict)


class RuntimeNotAvailable(KubelessError):
    """This machine lacks what the runtime needs; the message names the package to install."""
