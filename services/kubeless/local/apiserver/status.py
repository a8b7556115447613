"""
Errors as a Kubernetes API tells them: a code, a machine-readable reason, a message for people, and details.

Every refusal in this package is an `ApiError`; the server turns it into a `Status` object in one place. Reasons and the
wording of messages follow the real API server, since clients show the one and decide by the other.
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
"""

from collections.abc import Sequence

from kubeless.core.errors import KubelessError, shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.problems import FieldProblem, describe
from kubeless.local.apiserver.resources import ResourceType


class ApiError(KubelessError):
    """A request is refused."""

    def __init__(self, code: int, reason: str, message: str, details: JsonObject | None = None) -> None:
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        super().__init__(message)

    def status(self) -> JsonObject:
        """The `Status` object to answer with."""
        status: JsonObject = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }
        if self.details is not None:  # kubectl looks into the details of a 404, even if there is nothing in them
            status["details"] = self.details
        return status


def success(resource: ResourceType, name: str, uid: str) -> JsonObject:
    """The `Status` that answers a finished deletion."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": _object_details(resource, name) | {"uid": uid},
    }


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def forbidden(
    message: str, resource: ResourceType | None = None, name: str = "", causes: list[JsonObject] | None = None
) -> ApiError:
    details = _object_details(resource, name) if resource else {}
    return ApiError(403, "Forbidden", message, details | ({"causes": causes} if causes else {}))


def no_such_path() -> ApiError:
    """The path leads nowhere: the type itself is not served."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def not_found(resource: ResourceType, name: str) -> ApiError:
    message = f'{resource.qualified} "{name}" not found'
    return ApiError(404, "NotFound", message, _object_details(resource, name))


def method_not_allowed(message: str = "the server does not allow this method on the requested resource") -> ApiError:
    return ApiError(405, "MethodNotAllowed", message, {})


def not_acceptable(accepted: Sequence[str]) -> ApiError:
    message = f"only the following media types are accepted: {', '.join(accepted)}"
    return ApiError(406, "NotAcceptable", message)


def already_exists(resource: ResourceType, name: str) -> ApiError:
    message = f'{resource.qualified} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _object_details(resource, name))


def conflict(resource: ResourceType, name: str, problem: str, causes: list[JsonObject] | None = None) -> ApiError:
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {problem}'
    return ApiError(409, "Conflict", message, _object_details(resource, name) | ({"causes": causes} if causes else {}))


def modified(resource: ResourceType, name: str) -> ApiError:
    """The client's copy is older than what is stored."""
    return conflict(
        resource, name, "the object has been modified; please apply your changes to the latest version and try again"
    )


def expired(message: str) -> ApiError:
    """A resourceVersion or continue token is older than what the server remembers: list anew."""
    return ApiError(410, "Expired", message)


def too_large(limit: int) -> ApiError:
    return ApiError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}")


def unsupported_media_type(accepted: Sequence[str], given: str) -> ApiError:
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        f"{', '.join(accepted)}; got {shorten(given)}"
    )
    return ApiError(415, "UnsupportedMediaType", message)


def invalid(resource: ResourceType, name: str, problems: Sequence[FieldProblem]) -> ApiError:
    """The object is well-formed but breaks rules of its type; all problems at once."""
    subject = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    details: JsonObject = {"name": name, "kind": resource.kind, "causes": [problem.cause() for problem in problems]}
    if resource.group:
        details["group"] = resource.group
    return ApiError(422, "Invalid", f'{subject} "{name}" is invalid: {describe(problems)}', details)


def unprocessable(message: str) -> ApiError:
    """A patch that cannot be applied to the object as it is."""
    return ApiError(422, "Invalid", message)


def invalid_options(kind: str, problems: Sequence[FieldProblem]) -> ApiError:
    """The parameters of a request are wrong; `kind` is what they are of, such as `DeleteOptions`."""
    details: JsonObject = {
        "group": "meta.k8s.io",
        "kind": kind,
        "causes": [problem.cause() for problem in problems],
    }
    return ApiError(422, "Invalid", f'{kind}.meta.k8s.io "" is invalid: {describe(problems)}', details)


def internal(message: str) -> ApiError:
    return ApiError(500, "InternalError", message)


def unavailable(message: str) -> ApiError:
    return ApiError(503, "ServiceUnavailable", message)


def version_too_large(wanted: int, current: int) -> ApiError:
    """The client knows a later state than the server has: its state was reset, and the client must list anew."""
    message = f"Too large resource version: {wanted}, current: {current}"
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return ApiError(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})


def _object_details(resource: ResourceType, name: str) -> JsonObject:
    details: JsonObject = {"name": name, "kind": resource.plural}
    if resource.group:
        details["group"] = resource.group
    return details
