from datetime import UTC, datetime

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.lease import Leadership, Sighting, Step, claim, decide, see


def make_lease(holder: str, *, renewed: str = "2026-01-01T00:00:00.000000Z", version: int = 1) -> JsonObject:
    return {
        "metadata": {"name": "cron", "resourceVersion": str(version)},
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": 15,
            "acquireTime": "2026-01-01T00:00:00.000000Z",
            "renewTime": renewed,
            "leaseTransitions": 3,
        },
    }


@pytest.mark.parametrize(
    ("sighting", "now", "step"),
    [
        (None, 0.0, Step.CREATE),
        (Sighting(make_lease("me"), since=0.0), 100.0, Step.RENEW),
        (Sighting(make_lease("other"), since=0.0), 14.9, Step.WAIT),
        (Sighting(make_lease("other"), since=0.0), 15.0, Step.TAKE),
        (Sighting(make_lease(""), since=0.0), 0.0, Step.TAKE),
        (Sighting({"metadata": {}, "spec": None}, since=0.0), 0.0, Step.TAKE),
    ],
)
def test_a_lease_is_taken_only_when_it_is_free_or_was_not_renewed(
    sighting: Sighting | None, now: float, step: Step
) -> None:
    assert decide(sighting, identity="me", now=now) is step


def test_waiting_is_counted_from_the_last_change_seen_whatever_the_times_in_the_lease_say() -> None:
    """The holder's clock may be a year off."""
    first = see(make_lease("other", renewed="2020-01-01T00:00:00.000000Z"), None, now=100.0)
    assert decide(first, identity="me", now=114.0) is Step.WAIT
    again = see(make_lease("other", renewed="2020-01-01T00:00:00.000000Z", version=2), first, now=110.0)
    assert again.since == 100.0
    renewed = see(make_lease("other", renewed="2020-01-01T00:00:02.000000Z", version=3), again, now=112.0)
    assert decide(renewed, identity="me", now=126.0) is Step.WAIT
    assert decide(renewed, identity="me", now=127.0) is Step.TAKE


MOMENT = datetime(2026, 5, 4, 3, 2, 1, 5, tzinfo=UTC)
STAMP = "2026-05-04T03:02:01.000005Z"


def test_renewing_moves_nothing_but_the_renew_time() -> None:
    sighting = Sighting(make_lease("me"), since=0.0)
    spec = claim(Step.RENEW, sighting, identity="me", duration=15.0, moment=MOMENT)
    assert spec == {**sighting.lease["spec"], "renewTime": STAMP}


def test_taking_over_counts_a_transition() -> None:
    spec = claim(Step.TAKE, Sighting(make_lease("other"), since=0.0), identity="me", duration=14.5, moment=MOMENT)
    assert spec == {
        "holderIdentity": "me",
        "leaseDurationSeconds": 15,
        "acquireTime": STAMP,
        "renewTime": STAMP,
        "leaseTransitions": 4,
    }


def test_times_that_would_allow_two_leaders_are_refused() -> None:
    with pytest.raises(ValueError, match="renew_deadline < duration"):
        Leadership(
            KubeClient.__new__(KubeClient), namespace="a", name="b", identity="c", duration=10, renew_deadline=10
        )
