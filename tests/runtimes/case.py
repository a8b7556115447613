"""The table of contract cases: each a name, the function it calls, and what must be so."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from runtimes.languages import Language
from runtimes.server import Server

Check = Callable[[Server, Language], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of the matrix. `check` gets a server that is ready."""

    name: str
    group: str
    function: str
    check: Check
    env: Mapping[str, str] = field(default_factory=dict)
    needs_deps: bool = False


class Table:
    """Cases of one group, added by decorating their checks."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.cases: list[Case] = []

    def case(self, function: str, name: str, *, needs_deps: bool = False, **env: str) -> Callable[[Check], Check]:
        """Add the decorated check; `env` are variables of the server."""

        def add(check: Check) -> Check:
            case = Case(name=name, group=self.group, function=function, check=check, env=env, needs_deps=needs_deps)
            self.cases.append(case)
            return check

        return add
