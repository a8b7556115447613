"""What a module of this package says about its language, and what all of them share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from kubeless.runtimes.localruntime import LocalRuntime, RuntimeNotAvailable, Which
from kubeless.runtimes.runtime import Runtime
from kubeless.runtimes.toolchain import Toolchain, find

Locate = Callable[[Runtime, Which], LocalRuntime]
"""Finds what runs a runtime here; raises RuntimeNotAvailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """The runtimes of one language."""

    runtimes: Callable[[str], list[Runtime]]
    """All of them, oldest first, with images of functions' servers below a registry such as `kubeless`."""
    locate: Mapping[str, Locate]
    """By the part of the id before the version, such as `nodejs` and `nodejs_distroless`."""


def ends(versions: Mapping[str, str], version: str) -> date | None:
    """The day after which its authors mend a version no more, out of a table of ISO dates; None if none is known."""
    day = versions[version]
    return date.fromisoformat(day) if day else None


def cluster_only(toolchain: Toolchain, versions: Mapping[str, str]) -> Locate:
    """The locator of a language whose functions are served by images alone; it says so, after what to install."""

    def locate(runtime: Runtime, which: Which) -> LocalRuntime:
        find(toolchain, runtime, versions=tuple(versions), which=which)
        raise RuntimeNotAvailable(f"{runtime.id}: functions for {toolchain.title} run in a cluster only")

    return locate
