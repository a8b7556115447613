"""How long a function asks to be left alone: the header `Retry-After` in both of its forms (RFC 9110 10.2.3)."""

from collections.abc import Iterable
from datetime import UTC
from email.utils import parsedate_to_datetime


def retry_after(headers: Iterable[tuple[bytes, bytes]], *, now: float) -> float | None:
    """Seconds from `now` (since the Unix epoch) on, never negative; None if the function says nothing, or nonsense."""
    for name, value in headers:
        if len(name) == 11 and name.lower() == b"retry-after":
            return _parse(value.decode("latin-1").strip(), now)
    return None


def _parse(text: str, now: float) -> float | None:
    if text.isascii() and text.isdigit():
        # More digits than any time has are no number but an attack.
        return float(text[:18])
    try:
        moment = parsedate_to_datetime(text[:64])
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - now)
