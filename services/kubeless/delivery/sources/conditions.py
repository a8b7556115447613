"""Conditions that triggers of every source have, decided from what is known about them."""

from collections.abc import Mapping

from kubeless.api.conditions import Condition


def suspended(suspend: bool, generation: int) -> Condition:
    """Whether the trigger takes in nothing since somebody wants it so."""
    if suspend:
        return Condition("Suspended", True, "Suspended", "set spec.suspend to false to go on", generation)
    return Condition("Suspended", False, "Active", "the trigger takes in events", generation)


def dead_letter_writable(disabled: bool, stuck: Mapping[str, str], generation: int) -> Condition:
    """
    Whether dead letters can be kept: known to be wrong, or not known to be.

    `stuck` says by function why its dead letters cannot be written; empty texts count as nothing.
    """
    kind = "DeadLetterWritable"
    if disabled:
        return Condition(kind, True, "Disabled", "dead letters are disabled; such events are dropped", generation)
    for function, why in sorted(stuck.items()):
        if why:
            message = f"events for {function} wait for their dead letter: {why}"
            return Condition(kind, False, "WriteFailed", message, generation)
    return Condition(kind, True, "Writable", "no dead letter has failed to be written", generation)
