"""What is written on a dead letter, and the line in the log."""

from dataclasses import replace

import pytest

from kubeless.delivery import deadletter
from kubeless.delivery.deadletter import DeadLetter
from kubeless.delivery.outcome import MAX_ERROR, Answer, Exhausted, Refused
from support.deliveries import FUNCTION, TRIGGER, make_event


def letter(headers: tuple[tuple[str, bytes], ...] = (), *, error: str = "status 404") -> DeadLetter:
    event = replace(make_event("orders/0/1"), headers=headers)
    return DeadLetter(event, TRIGGER, FUNCTION, Refused(Answer(404, error), 1, 0.5), 1.5, 2.0)


def test_the_headers_of_the_event_stay_as_they_are_doubles_included() -> None:
    theirs = (("a", b"\x00\xff"), ("a", b""), ("Content-Type", b"x"))
    assert tuple(letter(theirs).headers()[:3]) == theirs


def test_what_an_earlier_life_left_is_replaced() -> None:
    headers = letter(((deadletter.ATTEMPTS, b"5"), ("Kubeless-Error", b"old"), ("kept", b"1"))).headers()
    names = [name.lower() for name, _ in headers]
    assert len(set(names)) == len(names)
    assert dict(headers)[deadletter.ATTEMPTS] == b"1"
    assert dict(headers)["kept"] == b"1"


@pytest.mark.parametrize("seconds", [0.0, -0.001, 1_700_000_000.123, 4_102_444_799.999])
def test_a_letter_tells_when_its_event_happened_to_the_millisecond(seconds: float) -> None:
    event = replace(make_event("orders/0/1"), time=seconds)
    told = dict(replace(letter(), event=event).headers())[deadletter.EVENT_TIME].decode()
    assert told.endswith("Z")
    assert deadletter.read_time(told) == seconds


def test_a_time_beyond_the_calendar_does_not_keep_a_letter_from_being_written() -> None:
    event = replace(make_event("orders/0/1"), time=2.0**62)
    assert dict(replace(letter(), event=event).headers())[deadletter.EVENT_TIME] == b"1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z"])
def test_what_is_no_moment_is_none(text: str) -> None:
    assert deadletter.read_time(text) is None


def test_an_error_is_bounded_and_cannot_control_a_terminal() -> None:
    text = dict(letter(error="\x1b[2J\r\n\u202e" + "é" * 5000).headers())[deadletter.ERROR].decode()
    assert text.isprintable()
    assert len(text) == MAX_ERROR


def test_there_is_no_status_where_there_was_no_response() -> None:
    silent = replace(letter(), outcome=Exhausted(Answer(None, "connection refused"), 5, 1.0))
    assert deadletter.STATUS not in dict(silent.headers())
