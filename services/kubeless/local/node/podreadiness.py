"""Is a pod active, ready, available: the words that controllers of pods share."""

from datetime import datetime, timedelta

from kubeless.api.metadata import parse_time
from kubeless.core.jsontypes import JsonObject


def is_active(pod: JsonObject) -> bool:
    """Whether the pod counts as a replica: not over and not being deleted."""
    over = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    return not over and not pod["metadata"].get("deletionTimestamp")


def ready_since(pod: JsonObject) -> datetime | None:
    """Since when the pod's Ready condition is true; None if it is not."""
    for condition in (pod.get("status") or {}).get("conditions") or []:
        if condition.get("type") == "Ready" and condition.get("status") == "True":
            return parse_time(condition.get("lastTransitionTime"))
    return None


def is_ready(pod: JsonObject) -> bool:
    """Whether the pod serves."""
    return ready_since(pod) is not None


def available_in(pod: JsonObject, min_ready_seconds: float, *, now: datetime) -> float | None:
    """Seconds until the pod counts as available, 0.0 if it does; None while it is not ready."""
    since = ready_since(pod)
    if since is None:
        return None
    return max(0.0, (since + timedelta(seconds=min_ready_seconds) - now).total_seconds())
