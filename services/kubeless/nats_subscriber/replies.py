"""
What somebody who waits for a reply gets: the function's response, or why there is none.

The status and the headers of the response stand in headers that begin with `kubeless-`; a failure is also told in the
headers of the NATS service protocol (ADR-32), which its clients know.
"""

from kubeless.delivery.outcome import MAX_ERROR, Delivered, Outcome
from kubeless.nats_subscriber.outbox import Note

PREFIX = "kubeless-"
STATUS = "kubeless-status"
ERROR = "kubeless-error"
SERVICE_ERROR = "Nats-Service-Error"
SERVICE_ERROR_CODE = "Nats-Service-Error-Code"

MAX_HEADERS = 16 * 1024
"""Bytes of a response's headers that a reply carries; the rest is left out."""

_FRAMING = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "upgrade"})
"""Headers that speak of the HTTP connection, not of the response."""

UNAVAILABLE = 503
TOO_LARGE = 502


def reply(subject: str, outcome: Outcome, *, limit: int) -> Note:
    """What to send to `subject`; `limit` is bytes of body that a reply may have."""
    body = outcome.answer.body
    if len(body) > limit:
        return failure(subject, TOO_LARGE, f"the response of the function has more than {limit} bytes")
    if isinstance(outcome, Delivered):
        return Note(subject, body, {STATUS: str(outcome.status), **_response_headers(outcome)})
    refusal = failure(subject, outcome.status or UNAVAILABLE, outcome.error)
    return refusal._replace(data=body, headers={**_response_headers(outcome), **(refusal.headers or {})})


def failure(subject: str, status: int, error: str) -> Note:
    """What to send to `subject` if there is no response."""
    text = _header_text(error) or "failed"
    code = str(status)
    return Note(subject, b"", {STATUS: code, ERROR: text, SERVICE_ERROR_CODE: code, SERVICE_ERROR: text})


def _response_headers(outcome: Outcome) -> dict[str, str]:
    found: dict[str, str] = {}
    room = MAX_HEADERS
    for raw_name, raw_value in outcome.answer.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        room -= len(name) + len(value)
        if room < 0:
            break
        if name not in _FRAMING:
            found[name if name.startswith(PREFIX) else PREFIX + name] = _header_text(value)
    # What a function calls its status is not the status.
    return {name: value for name, value in found.items() if name not in (STATUS, ERROR)}


def _header_text(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text[:MAX_ERROR])
