"""All that an explanation depends on, as it was read from the cluster."""

from collections.abc import Sequence
from dataclasses import dataclass

from kubeless.cli.trigger.kind import TriggerKind
from kubeless.core.jsontypes import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionFacts:
    """One function and what runs it. None is "there is none", unless it says otherwise."""

    name: str
    flag: str = ""
    """What names the namespace on the command line: empty, or ` -n <namespace>`."""
    function: JsonObject | None
    runtimes: Sequence[str] | None = None
    """Those that the server knows; None: it did not tell."""
    service: JsonObject | None = None
    endpoints: int | None = None
    """Addresses that are ready; None: not known."""
    pods: Sequence[JsonObject] = ()
    log: Sequence[str] = ()
    """The last lines of a pod that is not ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerFacts:
    """One trigger and the functions that it means."""

    kind: TriggerKind
    command: str
    """How the command line calls the kind: http, kafka, nats or cronjob."""
    name: str
    flag: str = ""
    """As for a function."""
    trigger: JsonObject
    functions: Sequence[FunctionFacts] = ()
    others: Sequence[JsonObject] = ()
    """Functions of the namespace that it does not mean."""
