"""ReplicaSets, endpoints and pod status as pure functions of what is known."""

from datetime import UTC, datetime
from typing import Any

import pytest

from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.addresses import PORTS_ANNOTATION, PodAddress
from kubeless.local.node.containerstate import ContainerRecord, Running, Terminated, Waiting, recover
from kubeless.local.node.endpointslices import make_endpoints, make_slices, selects
from kubeless.local.node.expectations import EXPIRES_AFTER, Expectations
from kubeless.local.node.maincontainer import RestartPauses, wants_restart
from kubeless.local.node.podstatus import PodRecord, pod_status
from kubeless.local.node.probes import Tally, judge_status_line, parse_probe
from kubeless.local.node.replicasets import decide

NOW = datetime(2024, 1, 1, 0, 1, tzinfo=UTC)


def make_pod(name: str, *, ready: str = "", phase: str = "Running", deleting: bool = False, **more: Any) -> JsonObject:
    """A pod on a node; `ready` is since when."""
    conditions = [{"type": "Ready", "status": "True", "lastTransitionTime": ready}] if ready else []
    return {
        "metadata": {
            "name": name,
            "namespace": "n",
            "uid": name,
            "labels": {"app": "a"},
            "creationTimestamp": more.get("created", "2024-01-01T00:00:00Z"),
            "annotations": more.get("annotations", {}),
            **({"deletionTimestamp": "2024-01-01T00:00:50Z"} if deleting else {}),
        },
        "spec": {
            "nodeName": more.get("node", "local"),
            "containers": [{"name": "c", "ports": [{"name": "web", "containerPort": 80}]}],
        },
        "status": {
            "phase": phase,
            "podIP": more.get("ip", "127.1.1.1"),
            "conditions": conditions,
            "containerStatuses": [{"restartCount": more.get("restarts", 0)}],
        },
    }


SINCE = "2024-01-01T00:00:30Z"


def make_set(replicas: int, **spec: Any) -> JsonObject:
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {}}
    return {
        "metadata": {"name": "s", "namespace": "n", "uid": "s", "generation": 2},
        "spec": {"replicas": replicas, "template": template, **spec},
    }


def test_missing_pods_are_counted_without_those_that_end_or_are_over() -> None:
    pods = [make_pod("a", ready=SINCE), make_pod("b", deleting=True), make_pod("c", phase="Failed")]
    plan = decide(make_set(3), pods, now=NOW)
    assert plan.create == 2
    assert plan.delete == ()
    assert plan.status == {
        "replicas": 1,
        "fullyLabeledReplicas": 1,
        "readyReplicas": 1,
        "availableReplicas": 1,
        "observedGeneration": 2,
    }


def test_pods_that_are_the_least_loss_go_first() -> None:
    pods = [
        make_pod("old", ready=SINCE),
        make_pod("young", ready=SINCE, created="2024-01-01T00:00:40Z"),
        make_pod("crashing", ready=SINCE, restarts=3),
        make_pod("unready"),
        make_pod("pending", phase="Pending"),
        make_pod("homeless", phase="Pending", node=""),
    ]
    gone = [pod["metadata"]["name"] for pod in decide(make_set(1), pods, now=NOW).delete]
    assert gone == ["homeless", "pending", "unready", "crashing", "young"]


def test_a_pod_is_available_once_it_was_ready_long_enough() -> None:
    plan = decide(make_set(1, minReadySeconds=40), [make_pod("a", ready=SINCE)], now=NOW)
    assert (plan.status["readyReplicas"], plan.status["availableReplicas"]) == (1, 0)
    assert plan.look_again_in == 10.0


def test_nothing_is_done_twice_while_the_cache_is_behind() -> None:
    expectations = Expectations()
    expectations.created("s", "a", now=0.0)
    expectations.deleted("s", "b", now=0.0)
    assert not expectations.fulfilled("s", known=["b"], alive=["b"], now=1.0)
    assert not expectations.fulfilled("s", known=["a", "b"], alive=["a", "b"], now=1.0)
    assert expectations.fulfilled("s", known=["a", "b"], alive=["a"], now=1.0)


def test_an_object_that_never_shows_up_does_not_stop_work_for_ever() -> None:
    expectations = Expectations()
    expectations.created("s", "a", now=0.0)
    assert expectations.fulfilled("s", known=[], alive=[], now=EXPIRES_AFTER)


def make_service(**spec: Any) -> JsonObject:
    ports = [{"name": "http", "port": 8080, "targetPort": 80}]
    labels = {"created-by": "kubeless"}
    return {
        "metadata": {"name": "svc", "namespace": "n", "uid": "u", "labels": labels},
        "spec": {"selector": {"app": "a"}, "ports": ports, **spec},
    }


def test_a_service_without_selector_selects_nothing() -> None:
    assert selects(make_service(), make_pod("a"))
    assert not selects(make_service(selector={}), make_pod("a"))
    assert not selects(make_service(selector={"app": "a", "x": "y"}), make_pod("a"))


def test_endpoints_say_whether_they_serve_and_whether_they_end() -> None:
    pods = [make_pod("a", ready=SINCE), make_pod("b"), make_pod("c", ready=SINCE, deleting=True)]
    [item] = make_slices(make_service(), pods)
    found = [tuple(endpoint["conditions"].values()) for endpoint in item["endpoints"]]
    assert found == [(True, True, False), (False, False, False), (False, True, True)]
    assert item["metadata"]["labels"].items() >= {"created-by": "kubeless", "kubernetes.io/service-name": "svc"}.items()
    assert item["ports"] == [{"name": "http", "port": 80, "protocol": "TCP"}]
    [subset] = make_endpoints(make_service(), pods)["subsets"]
    assert [len(subset["addresses"]), len(subset["notReadyAddresses"])] == [1, 1]


def test_ports_are_found_by_name_and_stand_ins_applied() -> None:
    service = make_service(ports=[{"port": 8080, "targetPort": "web"}])
    own = make_pod("b", annotations={PORTS_ANNOTATION: '{"80": 4711}'})
    slices = make_slices(service, [make_pod("a"), own])
    assert [item["ports"][0]["port"] for item in slices] == [80, 4711]
    assert len({item["metadata"]["name"] for item in slices}) == 2


def test_a_service_without_pods_has_an_empty_slice_that_is_filled_later() -> None:
    [empty] = make_slices(make_service(), [])
    [filled] = make_slices(make_service(), [make_pod("a")])
    assert empty["endpoints"] == []
    assert empty["metadata"]["name"] == filled["metadata"]["name"]


def record(*states: ContainerRecord, initialized: bool = True) -> PodRecord:
    return PodRecord(init=[], main=list(states), started=NOW, initialized=initialized)


def running(*, ready: bool) -> ContainerRecord:
    return ContainerRecord("c", "i", state=Running(NOW), ready=ready)


def ended(code: int) -> ContainerRecord:
    return ContainerRecord("c", "i", state=Terminated(code=code, started=NOW, finished=NOW))


@pytest.mark.parametrize(
    ("known", "policy", "phase", "ready"),
    [
        (record(running(ready=True)), "Always", "Running", "True"),
        (record(running(ready=False)), "Always", "Running", "False"),
        (record(running(ready=True), initialized=False), "Always", "Pending", "False"),
        (record(ContainerRecord("c", "i", state=Waiting("ErrImagePull"))), "Always", "Pending", "False"),
        (record(ended(0)), "Always", "Running", "False"),
        (record(ended(0)), "Never", "Succeeded", "False"),
        (record(ended(1)), "OnFailure", "Failed", "False"),
    ],
)
def test_phase_and_readiness_follow_from_the_containers(known: PodRecord, policy: str, phase: str, ready: str) -> None:
    pod = {"metadata": {"uid": "u"}, "spec": {"restartPolicy": policy}}
    status = pod_status(pod, known, now=NOW)
    conditions = {condition["type"]: condition["status"] for condition in status["conditions"]}
    assert (status["phase"], conditions["Ready"]) == (phase, ready)


def test_a_signal_is_reported_as_shells_do() -> None:
    value = ended(-9).to_json("u")["state"]["terminated"]
    assert (value["exitCode"], value["signal"], value["reason"]) == (137, 9, "Error")


def test_what_an_earlier_platform_ran_counts_as_a_restart_once() -> None:
    first = ContainerRecord("c", "i", state=Running(NOW), restarts=2).to_json("u")
    after = recover("c", "i", first, now=NOW)
    assert after.restarts == 3
    assert after.last is not None
    assert after.last.message == "the platform stopped"
    assert recover("c", "i", after.to_json("u"), now=NOW).restarts == 3


def test_restart_pauses_double_up_to_a_minute_and_start_again_after_a_long_run() -> None:
    pauses = RestartPauses(1.0, 60.0)
    assert [pauses.after(0.1) for _ in range(8)] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert pauses.after(61.0) == 1.0


def test_restart_policies() -> None:
    assert [wants_restart(policy, 0) for policy in ("Always", "OnFailure", "Never")] == [True, False, False]
    assert [wants_restart(policy, 1) for policy in ("Always", "OnFailure", "Never")] == [True, True, False]


def test_a_probe_counts_results_in_a_row() -> None:
    tally = Tally(successes=1, failures=3)
    assert [tally.count(ok) for ok in (False, False, True, False, False, False)] == [
        None,
        None,
        True,
        None,
        None,
        False,
    ]


@pytest.mark.parametrize(
    ("line", "well"),
    [(b"HTTP/1.1 200 OK", True), (b"HTTP/1.0 302 Found", True), (b"HTTP/1.1 500 No", False), (b"SSH-2.0", False)],
)
def test_a_probe_takes_200_to_399_for_well(line: bytes, well: bool) -> None:
    assert (judge_status_line(line) == "") == well


@pytest.mark.parametrize(
    "probe",
    [
        {"grpc": {"port": 80}},
        {"httpGet": {"path": "/a b", "port": 80}},
        {"httpGet": {"path": "/\r\nX: y", "port": 80}},
        {"httpGet": {"port": "missing"}},
        {"tcpSocket": {"port": 70000}},
    ],
)
def test_probes_that_cannot_work_are_refused(probe: JsonObject) -> None:
    with pytest.raises(InvalidField):
        parse_probe(probe, {"ports": []}, PodAddress("127.0.0.1"))


def test_named_ports_of_probes_are_found_where_the_pod_listens() -> None:
    container = {"ports": [{"name": "web", "containerPort": 80}]}
    probe = parse_probe({"httpGet": {"port": "web"}}, container, PodAddress("127.0.0.1", {80: 4711}))
    assert (probe.host, probe.port, probe.path, probe.timeout) == ("127.0.0.1", 4711, "/", 1.0)
