"""The header Retry-After in both forms, and in none."""

import pytest

from kubeless.delivery.retryafter import retry_after

NOW = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"120", 120.0),
        (b" 0 ", 0.0),
        (b"Sun, 06 Nov 1994 08:50:07 GMT", 30.0),
        (b"Sunday, 06-Nov-94 08:50:07 GMT", 30.0),
        (b"Sun Nov  6 08:50:07 1994", 30.0),
        (b"Sun, 06 Nov 1994 08:00:00 GMT", 0.0),
    ],
)
def test_both_forms_are_understood_and_the_past_is_now(value: bytes, seconds: float) -> None:
    assert retry_after([(b"X-Other", b"1"), (b"Retry-After", value)], now=NOW) == seconds


@pytest.mark.parametrize("value", [b"", b"-5", b"1.5", b"soon", b"\xff\xfe", b"\xb2", b"Sun, 99 Nov 1994 08:50:07 GMT"])
def test_nonsense_is_ignored(value: bytes) -> None:
    assert retry_after([(b"retry-after", value)], now=NOW) is None


def test_a_number_without_end_stays_a_number() -> None:
    seconds = retry_after([(b"retry-after", b"9" * 100_000)], now=NOW)
    assert seconds is not None
    assert seconds < 1e19


def test_silence_is_nothing() -> None:
    assert retry_after([(b"Content-Type", b"text/plain")], now=NOW) is None
