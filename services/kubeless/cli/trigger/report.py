"""
What `status` says of a trigger, from its spec and the status that its service writes.

Every kind says the same things in the same order: what it is called, where its events come from and whom they reach,
whether it is suspended, how it is doing, and what is wrong.
"""

from collections.abc import Sequence

from kubeless.cli.trigger.conditions import condition_rows, is_observed
from kubeless.core.jsontypes import JsonObject

Rows = Sequence[tuple[str, str]]
"""A label and a text per row."""


def report_object(trigger: JsonObject, *, source: JsonObject, state: JsonObject) -> JsonObject:
    """The report for programs; `source` and `state` are what the kind adds."""
    metadata, status = trigger["metadata"], trigger.get("status") or {}
    told = {name: status[name] for name in ("lastError", "conditions") if name in status}
    return {
        "name": metadata["name"],
        "namespace": metadata.get("namespace"),
        **source,
        "suspend": bool((trigger.get("spec") or {}).get("suspend")),
        "observed": is_observed(trigger),
        **state,
        **told,
    }


def report_rows(trigger: JsonObject, *, source: Rows, state: Rows) -> list[tuple[str, str]]:
    """The report for people."""
    metadata, spec = trigger["metadata"], trigger.get("spec") or {}
    return [
        ("Name:", str(metadata["name"])),
        ("Namespace:", str(metadata.get("namespace"))),
        *source,
        ("Suspended:", "yes" if spec.get("suspend") else "no"),
        *state,
        *condition_rows(trigger),
    ]
