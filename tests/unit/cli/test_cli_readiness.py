"""What a function's status means for somebody who waits."""

from kubeless.cli.function.steps import pod_step
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.readiness import readiness


def with_condition(**condition: object) -> JsonObject:
    return {"status": {"conditions": [{"type": "Deployed", "status": "True"}, {"type": "Ready", **condition}]}}


def test_nothing_is_known_before_the_controller_has_looked() -> None:
    assert readiness({}, generation=1).step == "submitted"


def test_an_older_generation_does_not_count() -> None:
    older = with_condition(status="True", reason="Ready", observedGeneration=1)
    assert readiness(older, generation=2).state == "waiting"
    assert readiness(older, generation=1).state == "ready"


def test_the_generation_of_the_status_stands_in_for_that_of_the_condition() -> None:
    function = with_condition(status="True", reason="Ready")
    function["status"]["observedGeneration"] = 2
    assert readiness(function, generation=2).state == "ready"


def test_what_may_pass_is_waited_for() -> None:
    seen = readiness(with_condition(status="False", reason="PodsNotCreated", observedGeneration=1), generation=1)
    assert (seen.state, seen.step) == ("waiting", "pods not created")


def test_what_nobody_mends_ends_the_wait() -> None:
    for reason in ("UnknownRuntime", "InvalidHandler", "InvalidFunction", "PrepareFailed", "CrashLoopBackOff"):
        seen = readiness(with_condition(status="False", reason=reason, message="m", observedGeneration=1), generation=1)
        assert (seen.state, seen.describe()) == ("failed", f"{reason}: m")


def pod(*, ready: bool = False, leaving: bool = False, init: str = "", running: bool = False) -> JsonObject:
    state = {"running": {"startedAt": "now"}} if running else {"waiting": {"reason": "PodInitializing"}}
    return {
        "metadata": {"name": "p", "deletionTimestamp": "now" if leaving else None},
        "status": {
            "initContainerStatuses": [{"name": init, "state": {"running": {"startedAt": "now"}}}] if init else [],
            "containerStatuses": [{"name": "bill", "ready": ready, "state": state}],
        },
    }


def test_the_step_is_that_of_the_pod_that_comes_up() -> None:
    assert pod_step([pod(ready=True), pod(init="install")]) == "installing dependencies"
    assert pod_step([pod(leaving=True, init="prepare"), pod(running=True)]) == "starting"


def test_pods_that_are_ready_leave_or_wait_are_at_no_step() -> None:
    assert pod_step([pod(ready=True), pod(leaving=True), pod()]) is None


def test_a_ready_function_passes_on_what_its_node_finds_odd() -> None:
    seen = readiness(
        with_condition(status="True", reason="Ready", message="1 of 1 pods answer; old", observedGeneration=1),
        generation=1,
    )
    assert seen.step == "ready: 1 of 1 pods answer; old"
