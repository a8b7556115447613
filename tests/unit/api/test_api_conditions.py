"""Conditions follow the Kubernetes API conventions."""

from datetime import UTC, datetime, timedelta, timezone

from kubeless.api.conditions import Condition, merge_conditions

MORNING = datetime(2026, 1, 2, 9, 41, tzinfo=UTC)
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def ready(status: bool | None, message: str = "") -> Condition:
    return Condition("Ready", status, "Because", message, observed_generation=3)


def test_the_transition_time_moves_only_with_the_status() -> None:
    first = merge_conditions([], [ready(False, "starting")], now=MORNING)
    reworded = merge_conditions(first, [ready(False, "still starting")], now=NOON)
    turned = merge_conditions(reworded, [ready(True)], now=NOON)

    assert reworded[0]["message"] == "still starting"
    assert reworded[0]["lastTransitionTime"] == "2026-01-02T09:41:00Z"
    assert turned[0]["lastTransitionTime"] == "2026-01-02T12:00:00Z"


def test_conditions_of_others_are_kept_in_place() -> None:
    foreign = {"type": "Audited", "status": "True", "reason": "R", "message": "", "lastTransitionTime": "x"}
    merged = merge_conditions([foreign], [ready(None)], now=NOON)
    assert [(item["type"], item["status"]) for item in merged] == [("Audited", "True"), ("Ready", "Unknown")]
    assert merged[0] == foreign


def test_times_are_written_in_utc() -> None:
    local = datetime(2026, 1, 2, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    assert merge_conditions([], [ready(True)], now=local)[0]["lastTransitionTime"] == "2026-01-02T10:00:00Z"


def test_a_message_longer_than_the_api_allows_is_cut() -> None:
    assert len(merge_conditions([], [ready(False, "x" * 50_000)], now=NOON)[0]["message"]) == 32768
