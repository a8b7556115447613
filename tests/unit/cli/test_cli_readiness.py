"""What a function's status means for somebody who waits."""

from kubeless.cli.function.readiness import readiness
from kubeless.core.jsontypes import JsonObject


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
