"""
What it takes to run functions of one language and version.

A function passes through phases: its dependencies are installed, its source is compiled, and its server runs. Which
of these a runtime has, and with which image and command, is data; nothing else in this project knows a language by
name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from kubeless.core.errors import InvalidInput
from kubeless.core.jsontypes import JsonObject


@dataclass(frozen=True, slots=True)
class Phase:
    """One container of a function pod."""

    image: str
    command: str = ""
    """For `sh -c`; empty runs what the image runs. Reads its paths from the environment and names nothing itself."""
    env: Mapping[str, str] = field(default_factory=dict)
    """May refer to other variables as `$(NAME)`, as in a Kubernetes container."""
    secrets: tuple[str, ...] = ()
    """Secrets to mount below /var/run/secrets/kubeless.io."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime id, resolved."""

    id: str
    """Language and version as in `spec.runtime`, such as `python3.11`."""
    language: str
    version: str
    dep_name: str
    """Name of the dependency file, such as `requirements.txt`; empty when the runtime has none."""
    suffix: str
    """Of source files, with the dot."""
    run: Phase
    install: Phase | None = None
    compile: Phase | None = None
    liveness_probe: JsonObject | None = None
    """A core/v1 Probe to use in place of the usual one."""
    image_pull_secrets: tuple[str, ...] = ()
    end_of_life: date | None = None
    """The day after which the language's authors mend this version no more; None if none is known."""

    def has_ended(self, today: date) -> bool:
        """Whether the version gets no more security fixes."""
        return self.end_of_life is not None and self.end_of_life < today


class UnknownRuntime(InvalidInput):
    """No runtime has this id. The message names the ids there are, in the words of the Go CLI."""

    def __init__(self, runtime_id: str, known: list[str]) -> None:
        self.runtime_id = runtime_id
        self.known = known
        super().__init__(f"Invalid runtime: {runtime_id[:63]}. Supported runtimes are: {', '.join(known)}")
