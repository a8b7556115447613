"""The call of a schedule as an event, with what Kubeless has always said in it."""

import pytest

from kubeless.cron_scheduler.call import call_event

MOMENT = 1_767_576_600  # 2026-01-05T01:30:00Z


def test_without_a_payload_it_is_a_get_and_with_one_a_post() -> None:
    event = call_event("nightly", None, MOMENT)
    assert (event.method, event.data) == ("GET", b"")
    event = call_event("nightly", {"a": [1, None]}, MOMENT)
    assert (event.method, event.data) == ("POST", b'{"a":[1,null]}')


@pytest.mark.parametrize("payload", [{}, [], 0, False, ""])
def test_an_empty_payload_is_one(payload: object) -> None:
    assert call_event("nightly", payload, MOMENT).method == "POST"


def test_it_is_told_apart_by_trigger_and_time() -> None:
    event = call_event("nightly", None, MOMENT)
    assert event.id == "nightly/2026-01-05T01:30:00Z"
    assert event.time_text == "2026-01-05 01:30:00+00:00"
    assert (event.source, event.type) == ("cronjobtrigger.kubeless.io", "application/json")
    assert call_event("nightly", None, MOMENT + 0.25, suffix="/on-demand").id == (
        "nightly/2026-01-05T01:30:00.250000Z/on-demand"
    )
