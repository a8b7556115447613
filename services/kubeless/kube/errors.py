"""
What can go wrong between us and the Kubernetes API, as our own errors.

The tables below are the one place where HTTP codes and reasons of the API (apimachinery `StatusReason`) get a meaning.
The message of a `Status` object is kept whole: it names the object, the field and the verb better than we could.
"""

from collections.abc import Mapping

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject


class KubeError(KubelessError):
    """The Kubernetes API refused a request."""

    def __init__(
        self,
        message: str | None = None,
        *,
        status: int = 0,
        reason: str = "",
        details: JsonObject | None = None,
        retry_after: float | None = None,
    ) -> None:
        """`status` is the HTTP code (0: no answer); `retry_after` is what the server asked for, in seconds."""
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.details: JsonObject = details or {}
        self.retry_after = retry_after


class NotFound(KubeError):
    """The object, or the kind of object, does not exist."""


class AlreadyExists(KubeError):
    """An object of this name exists."""


class Conflict(KubeError):
    """The object was changed by somebody else; read it again and repeat the change."""

    retriable = True


class Forbidden(KubeError):
    """The account in use may not do this."""


class Unauthorized(KubeError):
    """The server does not know who we are."""


class Invalid(KubeError):
    """The request or the object in it is malformed; repeating it does not help."""


class Gone(KubeError):
    """The version asked for is too old; list again."""

    retriable = True


class TooManyRequests(KubeError):
    """The server asks for fewer requests."""

    retriable = True


class ServerError(KubeError):
    """The server failed."""

    retriable = True


class Unreachable(KubeError):
    """There is no connection to the server."""

    retriable = True


class Timeout(KubeError):
    """The server did not answer in time."""

    retriable = True


class NotConfigured(KubelessError):
    """It is not known which cluster to talk to, or how."""


BY_REASON: Mapping[str, type[KubeError]] = {
    "AlreadyExists": AlreadyExists,
    "Expired": Gone,
    "ServerTimeout": Timeout,
    "Timeout": Timeout,
}
"""Reasons that say more than their code: 409 is two errors, 500 may be a timeout."""

BY_CODE: Mapping[int, type[KubeError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    408: Timeout,
    409: Conflict,
    410: Gone,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: TooManyRequests,
    504: Timeout,
}


def from_status(status: JsonObject, *, action: str, code: int = 0, retry_after: float | None = None) -> KubeError:
    """
    The error for a `Status` object of the API, or for whatever stood in its place (then `code` decides).

    `action` says what was tried, such as `list functions.kubeless.io in namespace default`.
    """
    details = status.get("details")
    details = details if isinstance(details, dict) else {}
    number = status.get("code")
    number = number if isinstance(number, int) else code
    reason = str(status.get("reason") or "")
    error_class = BY_REASON.get(reason) or BY_CODE.get(number) or (ServerError if number >= 500 else KubeError)
    seconds = details.get("retryAfterSeconds")
    if isinstance(seconds, int) and seconds > 0:
        retry_after = float(seconds)
    return error_class(
        _message(error_class, str(status.get("message") or ""), action, number),
        status=number,
        reason=reason,
        details=details,
        retry_after=retry_after,
    )


def _message(error_class: type[KubeError], message: str, action: str, code: int) -> str:
    if not message:
        message = f"cannot {action}: the server answered {code} without a message"
    if error_class is Forbidden:
        return f"{message} (tried to {action}); a Role or ClusterRole must allow it"
    if error_class is Unauthorized:
        return f"{message} (tried to {action}); log in again or renew the token in the kubeconfig"
    return message
