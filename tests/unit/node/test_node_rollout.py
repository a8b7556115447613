"""Rollouts as arithmetic: bounds hold at every step, and every rollout comes to its end."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.deploymentplan import (
    HASH_LABEL,
    REVISION,
    expendable,
    make_replica_set,
    plan_deployment,
    template_hash,
)
from kubeless.local.node.deploymentstatus import deadline_in, deployment_status
from kubeless.local.node.rollout import Bounds, Replicas, bounds, recreate, roll, scale_paused

NOW = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (4, None, None, Bounds(1, 1)),
        (3, "25%", "25%", Bounds(1, 0)),
        (10, "30%", "0%", Bounds(3, 0)),
        (1, 0, 0, Bounds(0, 1)),
        (2, 0, "100%", Bounds(0, 2)),
        (0, "25%", 0, Bounds(0, 0)),
    ],
)
def test_percentages_are_rounded_as_kubernetes_does(
    replicas: int, surge: int | str | None, unavailable: int | str | None, expected: Bounds
) -> None:
    assert bounds(replicas, surge, unavailable) == expected


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "%", "²"])
def test_what_is_no_portion_is_refused(value: str) -> None:
    with pytest.raises(InvalidField, match="maxSurge"):
        bounds(1, value, 0)


@given(
    replicas=st.integers(0, 12),
    old=st.lists(st.integers(0, 8), max_size=3),
    surge=st.integers(0, 4),
    unavailable=st.integers(0, 4),
    broken=st.booleans(),
)
def test_a_rollout_keeps_its_bounds_and_ends(
    replicas: int, old: list[int], surge: int, unavailable: int, broken: bool
) -> None:
    limits = bounds(replicas, surge, unavailable)
    sizes = {"new": 0, **{f"old{number}": size for number, size in enumerate(old)}}
    available = {name: 0 if name == "old0" and broken else size for name, size in sizes.items()}
    most = max(replicas + limits.surge, sum(sizes.values()))
    least = min(replicas - limits.unavailable, sum(available.values()))
    for _ in range(100):
        sets = [Replicas(name=name, desired=size, available=available[name]) for name, size in sizes.items()]
        changes = roll(replicas, sets[0], sets[1:], limits)
        if not changes:
            break
        sizes |= changes
        for name, size in sizes.items():
            available[name] = min(available[name], size) if name != "new" else size
        assert sum(sizes.values()) <= most
        assert sum(available.values()) >= least
    assert sizes == {**dict.fromkeys(sizes, 0), "new": replicas}


def test_old_pods_stay_while_no_new_one_is_available() -> None:
    new = Replicas(name="new", desired=1, available=0)
    old = Replicas(name="old", desired=1, available=1)
    assert roll(1, new, [old], Bounds(1, 0)) == {}


def test_recreate_waits_until_the_last_old_pod_has_ended() -> None:
    new = Replicas(name="new", desired=0, available=0)
    assert recreate(2, new, [Replicas(name="old", desired=2, available=2, actual=2)]) == {"old": 0}
    assert recreate(2, new, [Replicas(name="old", desired=0, available=0, actual=1)]) == {}
    assert recreate(2, new, [Replicas(name="old", desired=0, available=0)]) == {"new": 2}


def test_a_paused_deployment_is_scaled_in_proportion() -> None:
    sets = [Replicas(name="a", desired=3, available=3), Replicas(name="b", desired=1, available=1)]
    assert scale_paused(8, sets) == {"a": 6, "b": 2}
    assert scale_paused(4, sets) == {}
    assert scale_paused(0, sets) == {"a": 0, "b": 0}


def make_deployment(*, replicas: int = 1, version: str = "1", **spec: Any) -> JsonObject:
    template = {"metadata": {"labels": {"app": "a"}, "annotations": {"v": version}}, "spec": {"containers": []}}
    return {
        "metadata": {"name": "a", "namespace": "n", "uid": "d", "generation": 3},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "a"}}, "template": template, **spec},
    }


def stored(deployment: JsonObject, *, revision: int = 1, replicas: int = 1, available: int | None = None) -> JsonObject:
    value = make_replica_set(deployment, replicas=replicas, revision=revision)
    count = replicas if available is None else available
    value["metadata"]["uid"] = value["metadata"]["name"]
    value["status"] = {"replicas": replicas, "readyReplicas": count, "availableReplicas": count}
    return value


def test_a_new_template_gets_a_replica_set_with_its_hash_and_the_next_revision() -> None:
    old = stored(make_deployment(version="1"), revision=4)
    plan = plan_deployment(make_deployment(version="2"), [old], {})
    assert plan.create is not None
    labels = plan.create["metadata"]["labels"]
    assert plan.create["metadata"]["name"] == f"a-{labels[HASH_LABEL]}"
    assert plan.create["metadata"]["annotations"][REVISION] == "5"
    assert plan.create["spec"]["replicas"] == 1
    assert (
        plan.create["spec"]["selector"]["matchLabels"]
        == labels
        == plan.create["spec"]["template"]["metadata"]["labels"]
    )


def test_without_room_for_a_surge_the_new_replica_set_starts_empty() -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    old = stored(make_deployment(version="1", replicas=2), replicas=2)
    plan = plan_deployment(make_deployment(version="2", replicas=2, strategy=strategy), [old], {})
    assert plan.create is not None
    assert plan.create["spec"]["replicas"] == 0


def test_a_rollback_takes_the_old_replica_set_under_a_new_revision() -> None:
    first, second = make_deployment(version="1"), make_deployment(version="2")
    plan = plan_deployment(first, [stored(first, revision=1, replicas=0), stored(second, revision=2)], {})
    assert plan.create is None
    assert plan.revision == 3


def test_the_hash_label_of_a_template_that_kubectl_rolls_back_does_not_change_its_hash() -> None:
    template = make_deployment()["spec"]["template"]
    marked = copy.deepcopy(template)
    marked["metadata"]["labels"][HASH_LABEL] = "abc"
    assert template_hash(marked) == template_hash(template)
    assert template_hash(make_deployment(version="2")["spec"]["template"]) != template_hash(template)


def test_a_paused_deployment_makes_no_replica_set() -> None:
    old = stored(make_deployment(version="1"))
    plan = plan_deployment(make_deployment(version="2", paused=True), [old], {})
    assert plan.create is None
    assert plan.scale == {}


def test_only_idle_replica_sets_beyond_the_history_limit_go_the_oldest_first() -> None:
    deployment = make_deployment(version="9", revisionHistoryLimit=1)
    old = [stored(make_deployment(version=str(number)), revision=number, replicas=0) for number in (1, 2, 3)]
    plan = plan_deployment(deployment, [*old, stored(deployment, revision=4)], {})
    names = [item["metadata"]["name"] for item in old]
    assert [item["metadata"]["name"] for item in expendable(deployment, plan, {})] == names[:2]
    assert [item["metadata"]["name"] for item in expendable(deployment, plan, {names[0]: 1})] == names[1:2]


def conditions(status: JsonObject) -> dict[str, tuple[str, str]]:
    return {item["type"]: (item["status"], item["reason"]) for item in status["conditions"]}


def test_the_status_tells_a_finished_rollout() -> None:
    deployment = make_deployment()
    status = deployment_status(deployment, stored(deployment), [], now=NOW)
    assert conditions(status) == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }
    assert status["observedGeneration"] == 3
    assert deployment_status({**deployment, "status": status}, stored(deployment), [], now=NOW + timedelta(1)) == status


def test_a_rollout_that_stands_still_times_out() -> None:
    deployment = make_deployment(progressDeadlineSeconds=60)
    new = stored(deployment, available=0)
    status = deployment_status(deployment, new, [], now=NOW)
    assert conditions(status)["Available"] == ("False", "MinimumReplicasUnavailable")
    assert conditions(status)["Progressing"] == ("True", "ReplicaSetUpdated")
    assert deadline_in(deployment, status, now=NOW) == 61.0
    later = deployment_status({**deployment, "status": status}, new, [], now=NOW + timedelta(seconds=61))
    assert conditions(later)["Progressing"] == ("False", "ProgressDeadlineExceeded")
    assert deadline_in(deployment, later, now=NOW) is None
    last = deployment_status({**deployment, "status": later}, stored(deployment), [], now=NOW + timedelta(seconds=90))
    assert conditions(last)["Progressing"] == ("True", "NewReplicaSetAvailable")


def test_a_crash_after_a_finished_rollout_is_no_new_rollout() -> None:
    deployment = make_deployment()
    status = deployment_status(deployment, stored(deployment), [], now=NOW)
    crashed = deployment_status(
        {**deployment, "status": status}, stored(deployment, available=0), [], now=NOW + timedelta(days=1)
    )
    assert conditions(crashed)["Progressing"] == ("True", "NewReplicaSetAvailable")
    assert conditions(crashed)["Available"] == ("False", "MinimumReplicasUnavailable")
