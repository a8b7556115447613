"""What the status of a trigger says about how it is doing, whatever its kind."""

from kubeless.core.jsontypes import JsonObject


def hint(trigger: JsonObject, *, title: str) -> str:
    """What to do where the status says nothing, or nothing current; empty if it is current."""
    if not (trigger.get("status") or {}).get("conditions"):
        return f"No status yet: is the {title} trigger controller running?"
    return "" if is_observed(trigger) else "The status is older than the last change of the trigger"


def ready_word(trigger: JsonObject) -> str:
    """`True`, `False` or `Unknown`, with the reason unless it is ready."""
    for condition in (trigger.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "Ready":
            word, why = str(condition.get("status")), str(condition.get("reason") or "")
            return word if word == "True" or not why else f"{word} ({why})"
    return "Unknown"


def condition_rows(trigger: JsonObject) -> list[tuple[str, str]]:
    """A label and a text per condition, behind the last error if there is one."""
    status = trigger.get("status") or {}
    rows = [("Last error:", str(status["lastError"]))] if status.get("lastError") else []
    return rows + [_row(condition) for condition in status.get("conditions") or ()]


def is_observed(trigger: JsonObject) -> bool:
    """Whether the status speaks of the trigger as it is."""
    observed = (trigger.get("status") or {}).get("observedGeneration", 0)
    return bool(observed >= trigger["metadata"].get("generation", 0))


def _row(condition: JsonObject) -> tuple[str, str]:
    words = [str(condition.get("status")), str(condition.get("reason") or ""), str(condition.get("message") or "")]
    return f"{condition.get('type')}:", " ".join(word for word in words if word)
