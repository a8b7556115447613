import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    KubeError,
    NotFound,
    ServerError,
    Timeout,
    TooManyRequests,
    Unauthorized,
    from_status,
)


@pytest.mark.parametrize(
    ("code", "reason", "error", "retriable"),
    [
        (400, "BadRequest", Invalid, False),
        (401, "Unauthorized", Unauthorized, False),
        (403, "Forbidden", Forbidden, False),
        (404, "NotFound", NotFound, False),
        (405, "MethodNotAllowed", KubeError, False),
        (409, "AlreadyExists", AlreadyExists, False),
        (409, "Conflict", Conflict, True),
        (410, "Expired", Gone, True),
        (410, "Gone", Gone, True),
        (422, "Invalid", Invalid, False),
        (429, "TooManyRequests", TooManyRequests, True),
        (500, "InternalError", ServerError, True),
        (500, "ServerTimeout", Timeout, True),
        (503, "ServiceUnavailable", ServerError, True),
        (504, "Timeout", Timeout, True),
    ],
)
def test_code_and_reason_decide_what_an_error_is(
    code: int, reason: str, error: type[KubeError], retriable: bool
) -> None:
    raised = from_status({"code": code, "reason": reason, "message": "why"}, action="get pods")
    assert type(raised) is error
    assert raised.retriable is retriable
    assert (raised.status, raised.reason) == (code, reason)
    assert str(raised).startswith("why")


def test_a_refused_permission_says_what_was_tried_and_who_can_help() -> None:
    message = 'functions.kubeless.io is forbidden: User "dev" cannot list resource'
    error = from_status({"code": 403, "message": message}, action="list functions.kubeless.io in all namespaces")
    assert str(error) == (
        f"{message} (tried to list functions.kubeless.io in all namespaces); a Role or ClusterRole must allow it"
    )


def test_an_answer_without_a_message_still_says_what_failed() -> None:
    assert str(from_status({}, action="get pods", code=502)) == (
        "cannot get pods: the server answered 502 without a message"
    )


def test_the_pause_asked_for_in_the_status_beats_the_header() -> None:
    status: JsonObject = {"code": 429, "details": {"retryAfterSeconds": 3}}
    assert from_status(status, action="get pods", retry_after=9.0).retry_after == 3.0
    assert from_status({"code": 429}, action="get pods", retry_after=9.0).retry_after == 9.0


@pytest.mark.parametrize("status", [{"details": None}, {"details": "x", "code": "404"}, {"reason": None, "code": None}])
def test_a_status_with_nonsense_in_it_gives_an_error_all_the_same(status: JsonObject) -> None:
    assert type(from_status(status, action="get pods", code=500)) is ServerError
