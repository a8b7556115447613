"""
Answers of the admin operations that are no success: `{"reason": "…", "message": "…"}`.

`reason` is for programs and never changes; `message` names the remedy. What the errors of a broker mean is a table of
the service that knows the broker.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from kubeless.core.errors import InvalidInput, KubelessError


class AdminError(KubelessError):
    """An operation failed."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        """`status` is the HTTP status of the answer."""
        super().__init__(message)
        self.status = status
        self.reason = reason


class Meaning(NamedTuple):
    """What an error of a broker means to a person who typed a command."""

    kind: type[Exception]
    status: int
    reason: str
    text: str
    """`{error}` stands for the name of the error's class."""


Explain = Callable[[Exception, str], AdminError]
"""From an error, and what to tell it about, such as `topic "bills"`. Raises a defect again."""


def _said(error: Exception) -> str:
    return "; ".join(str(part) for part in error.args if part)


def explain(
    error: Exception,
    subject: str,
    meanings: Sequence[Meaning] = (),
    *,
    said: Callable[[Exception], str] = _said,
) -> AdminError:
    """
    The answer to an error, told about `subject`; the first of `meanings` that fits counts. `said(error)` is what the
    broker itself says about it.

    An error that nobody foresaw is raised again: it is a defect.
    """
    if isinstance(error, AdminError):
        return error
    if isinstance(error, InvalidInput):
        return AdminError(400, "Invalid", str(error))
    for kind, status, reason, text in meanings:
        if isinstance(error, kind):
            detail = said(error)[:300]
            told = text.format(error=type(error).__name__) + (f" ({detail})" if detail else "")
            return AdminError(status, reason, f"{subject}: {told}")
    if isinstance(error, KubelessError):
        return AdminError(503 if error.retriable else 500, type(error).__name__, f"{subject}: {error}")
    raise error
