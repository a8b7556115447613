"""Conditions say what is the matter and what to do about it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from kubeless.api.errors import InvalidObject
from kubeless.api.function import parse_function
from kubeless.controller.pods import FunctionPod, read_pod
from kubeless.controller.problem import ForeignObject, Problem, problem_of
from kubeless.controller.status import NO_ROLLOUT, Rollout, desired_status, read_rollout, ready_condition
from kubeless.core.errors import InvalidField, KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import Forbidden, Invalid
from kubeless.runtimes.runtime import UnknownRuntime

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DONE = Rollout(wanted=1, pods=1, updated=1, ready=1, observed=True, failure="", stuck="")


def pod(*, init: JsonObject | None = None, server: JsonObject | None = None, **metadata: Any) -> FunctionPod:
    found = read_pod(
        {
            "metadata": {"name": "p", "namespace": "shop", "labels": {"function": "echo"}, **metadata},
            "status": {
                "initContainerStatuses": [init] if init else [],
                "containerStatuses": [server] if server else [],
                "conditions": [{"type": "Ready", "status": "False"}],
            },
        }
    )
    assert found is not None
    return found


def terminated(code: int, message: str = "", reason: str = "Error") -> JsonObject:
    return {"terminated": {"exitCode": code, "message": message, "reason": reason}}


BACKOFF = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}}
READY_POD = replace(pod(), ready=True)


@pytest.mark.parametrize(
    ("found", "reason", "message"),
    [
        (
            pod(
                init={
                    "name": "prepare",
                    "state": BACKOFF,
                    "lastState": terminated(1, "x\nchecksum mismatch: the source is y\n"),
                }
            ),
            "PrepareFailed",
            "checksum mismatch: the source is y",
        ),
        (
            pod(init={"name": "install", "state": terminated(1, "ERROR: No matching distribution")}),
            "InstallFailed",
            "No matching",
        ),
        (pod(init={"name": "compile", "state": terminated(2)}), "CompileFailed", "exit code 2"),
        (
            pod(init={"name": "prepare", "state": {"waiting": {"reason": "PrepareFailed", "message": "bad zip"}}}),
            "PrepareFailed",
            "bad zip",
        ),
        (
            pod(
                server={
                    "name": "echo",
                    "state": BACKOFF,
                    "restartCount": 3,
                    "lastState": terminated(1, "Traceback:\n  x\nImportError: no six\n"),
                }
            ),
            "CrashLoopBackOff",
            "ended 4 times: ImportError: no six",
        ),
        (pod(server={"name": "echo", "state": terminated(1, "boom")}), "CrashLoopBackOff", "boom"),
        (
            pod(server={"name": "echo", "state": terminated(137, reason="OOMKilled")}),
            "CrashLoopBackOff",
            "raise the limit",
        ),
        (
            pod(server={"name": "echo", "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}),
            "ErrImagePull",
            "the image cannot be run: not found",
        ),
        (
            pod(
                server={
                    "name": "echo",
                    "state": {"waiting": {"reason": "RuntimeNotAvailable", "message": "install python3.9"}},
                }
            ),
            "RuntimeNotAvailable",
            "install python3.9",
        ),
        (
            pod(server={"name": "echo", "state": {"waiting": {"reason": "ContainerCreating"}}}),
            "Progressing",
            "waiting for them",
        ),
        (
            pod(server={"name": "echo", "state": {"running": {}}, "lastState": terminated(1, "x")}),
            "Progressing",
            "waiting",
        ),
    ],
)
def test_a_pod_that_does_not_run_says_why(found: FunctionPod, reason: str, message: str) -> None:
    condition = ready_condition(None, replace(DONE, ready=0), [found], 1)
    assert (condition.status, condition.reason) == (False, reason)
    assert message in condition.message


def test_a_function_is_ready_when_the_version_wanted_answers_alone() -> None:
    assert ready_condition(None, DONE, [READY_POD], 1).status is True
    assert ready_condition(None, replace(DONE, pods=2), [READY_POD], 1).status is False
    assert ready_condition(None, replace(DONE, observed=False), [READY_POD], 1).status is False
    assert ready_condition(None, DONE, [], 1).status is False
    assert ready_condition(None, DONE, [replace(READY_POD, leaving=True)], 1).status is False


def test_scaling_up_leaves_a_function_ready() -> None:
    growing = Rollout(wanted=3, pods=3, updated=3, ready=1, observed=True, failure="", stuck="")
    condition = ready_condition(None, growing, [READY_POD, pod(), pod()], 1)
    assert (condition.status, condition.message) == (True, "1 of 3 pods answer")


def test_an_older_version_that_still_answers_is_mentioned() -> None:
    crashed = pod(server={"name": "echo", "state": terminated(1, "boom")})
    condition = ready_condition(None, Rollout(1, 2, 1, 1, observed=True, failure="", stuck=""), [crashed], 1)
    assert (
        condition.message
        == "the function ended: boom; `kubeless function logs` shows more; the version before still answers"
    )


@pytest.mark.parametrize(
    ("rollout", "reason"),
    [
        (NO_ROLLOUT, "Progressing"),
        (replace(DONE, wanted=0, pods=0, updated=0, ready=0), "ScaledToZero"),
        (replace(DONE, ready=0, failure='pods "x" is forbidden: exceeded quota: q'), "QuotaExceeded"),
        (replace(DONE, ready=0, failure="serviceaccount x not found"), "PodsNotCreated"),
        (replace(DONE, ready=0, stuck="deadline"), "ProgressDeadlineExceeded"),
    ],
)
def test_a_rollout_that_does_not_end_says_why(rollout: Rollout, reason: str) -> None:
    assert ready_condition(None, rollout, [], 1).reason == reason


def test_a_node_s_warning_is_repeated() -> None:
    warned = replace(READY_POD, warning="runs on Python 3.11.7")
    assert ready_condition(None, DONE, [warned, warned], 1).message == "1 of 1 pods answer; runs on Python 3.11.7"


def invalid_function(**spec: object) -> KubelessError:
    with pytest.raises(InvalidObject) as caught:
        parse_function({"metadata": {"name": "echo"}, "spec": spec})
    return caught.value


@pytest.mark.parametrize(
    ("error", "reason", "message"),
    [
        (
            UnknownRuntime("cobol", ["python3.11"]),
            "UnknownRuntime",
            "Unable to find cobol as runtime. Supported: python3.11",
        ),
        (
            invalid_function(handler="nodot"),
            "InvalidHandler",
            "incorrect handler format. It should be module_name.handler_name",
        ),
        (invalid_function(checksum="x"), "InvalidSpec", "spec.checksum"),
        (InvalidField("spec.handler", "", problem="is empty", remedy="r"), "InvalidHandler", "is empty"),
        (
            ForeignObject("service", "shop", "echo", owner="function"),
            "Conflict",
            "Found a conflicting service object shop/echo. Aborting",
        ),
        (Forbidden("exceeded quota: q", status=403), "QuotaExceeded", "exceeded quota"),
        (Forbidden("may not create services", status=403), "Forbidden", "may not create services"),
        (Invalid("too large", reason="Invalid"), "Invalid", "too large"),
    ],
)
def test_errors_become_reasons(error: KubelessError, reason: str, message: str) -> None:
    found = problem_of(error)
    assert found.reason == reason
    assert message in found.message


def test_a_status_that_says_the_same_is_equal() -> None:
    def status(current: JsonObject) -> JsonObject:
        return desired_status(
            current, generation=2, problem=None, rollout=DONE, pods=[READY_POD], selector="a=b", now=NOW
        )

    first = status({})
    assert status(first) == first
    assert (first["observedGeneration"], first["replicas"], first["selector"]) == (2, 1, "a=b")
    assert [(item["type"], item["status"]) for item in first["conditions"]] == [("Deployed", "True"), ("Ready", "True")]


def test_a_problem_is_told_in_both_conditions() -> None:
    status = desired_status(
        {}, generation=1, problem=Problem("Conflict", "m"), rollout=NO_ROLLOUT, pods=[], selector="", now=NOW
    )
    assert {item["reason"] for item in status["conditions"]} == {"Conflict"}


def test_a_deployment_without_status_has_not_begun() -> None:
    rollout = read_rollout({"metadata": {"generation": 1}, "spec": {"replicas": 2}})
    assert (rollout.observed, rollout.wanted, rollout.ready) == (False, 2, 0)
