"""Tables, ages and the JSONPath of printer columns."""

from datetime import UTC, datetime
from typing import Any

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.printed.age import age, human_duration
from kubeless.local.apiserver.printed.json_path import JSONPathError, find
from kubeless.local.apiserver.printed.pods import pod_status
from kubeless.local.apiserver.resources import BUILTIN, ResourceType
from kubeless.local.apiserver.table import table

NOW = datetime(2024, 1, 1, 12, 0, 0, tzinfo=UTC)
TYPES = {resource.plural: resource for resource in BUILTIN}


def printed(obj: JsonObject, resource: ResourceType, *, wide: bool = False, **options: Any) -> dict[str, Any]:
    result = table([obj], resource, resource_version="7", include="None", now=NOW, **options)
    cells = result["rows"][0]["cells"]
    columns = result["columnDefinitions"]
    assert len(cells) == len(columns)
    return {c["name"]: cell for c, cell in zip(columns, cells, strict=True) if wide or not c["priority"]}


def meta(name: str = "x") -> JsonObject:
    return {"name": name, "creationTimestamp": "2024-01-01T11:55:00Z"}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-0.5, "0s"),
        (5, "5s"),
        (119, "119s"),
        (182, "3m2s"),
        (180, "3m"),
        (3599, "59m"),
        (4 * 3600, "4h"),
        (4 * 3600 + 120, "4h2m"),
        (47 * 3600, "47h"),
        (2 * 86400, "2d"),
        (3 * 86400 + 7200, "3d2h"),
        (100 * 86400, "100d"),
        (3 * 365 * 86400, "3y"),
        (20 * 365 * 86400, "20y"),
    ],
)
def test_durations_read_as_in_kubectl(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


@pytest.mark.parametrize("timestamp", [None, "", "yesterday", 5, "2024-01-01T11:55:00"])
def test_the_age_of_what_is_no_time_is_unknown(timestamp: Any) -> None:
    assert age(timestamp, NOW) == "<unknown>"


def test_a_running_pod() -> None:
    statuses = [
        {
            "ready": True,
            "state": {"running": {}},
            "restartCount": 2,
            "lastState": {"terminated": {"finishedAt": "2024-01-01T11:59:00Z"}},
        },
        {"ready": False, "state": {"running": {}}, "restartCount": 0},
    ]
    status = {"phase": "Running", "podIP": "127.1.0.1", "containerStatuses": statuses}
    pod = {"metadata": meta(), "spec": {"nodeName": "local", "containers": [{}, {}]}, "status": status}
    cells = printed(pod, TYPES["pods"], wide=True)
    assert list(cells)[:5] == ["Name", "Ready", "Status", "Restarts", "Age"]
    assert list(cells.values())[:7] == ["x", "1/2", "Running", "2 (60s ago)", "5m", "127.1.0.1", "local"]


def waiting(reason: str) -> JsonObject:
    return {"state": {"waiting": {"reason": reason}}}


def ended(**how: Any) -> JsonObject:
    return {"state": {"terminated": how}}


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ({}, "Unknown"),
        ({"phase": "Pending"}, "Pending"),
        ({"phase": "Running", "containerStatuses": [waiting("CrashLoopBackOff")]}, "CrashLoopBackOff"),
        ({"phase": "Succeeded", "containerStatuses": [ended(exitCode=0, reason="Completed")]}, "Completed"),
        ({"phase": "Failed", "containerStatuses": [ended(exitCode=3)]}, "ExitCode:3"),
        ({"phase": "Pending", "initContainerStatuses": [{"state": {"running": {}}}]}, "Init:0/2"),
        ({"phase": "Pending", "initContainerStatuses": [ended(exitCode=1, reason="Error")]}, "Init:Error"),
        ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
    ],
)
def test_the_word_for_a_pod(status: JsonObject, word: str) -> None:
    assert pod_status({"metadata": {}, "spec": {"initContainers": [{}, {}]}, "status": status}) == word


def test_a_pod_on_its_way_out_is_terminating() -> None:
    metadata = {"deletionTimestamp": "2024-01-01T12:00:00Z"}
    assert pod_status({"metadata": metadata, "spec": {}, "status": {"phase": "Running"}}) == "Terminating"


def test_a_deployment_shows_its_template_when_wide() -> None:
    template = {"spec": {"containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "j"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "x"}}, "template": template}
    obj = {
        "metadata": meta(),
        "spec": spec,
        "status": {"readyReplicas": 1, "updatedReplicas": 2, "availableReplicas": 1},
    }
    cells = printed(obj, TYPES["deployments"], wide=True)
    assert list(cells.values()) == ["x", "1/2", 2, 1, "5m", "a,b", "i,j", "app=x"]
    assert len(printed(obj, TYPES["deployments"])) == 5


def test_a_service_and_its_ports() -> None:
    spec = {
        "type": "ClusterIP",
        "clusterIP": "10.96.0.2",
        "ports": [{"port": 80}, {"port": 81, "nodePort": 3, "protocol": "UDP"}],
    }
    cells = printed({"metadata": meta(), "spec": spec}, TYPES["services"])
    assert list(cells.values()) == ["x", "ClusterIP", "10.96.0.2", "<none>", "80/TCP,81:3/UDP", "5m"]


def test_a_repeated_event() -> None:
    event = {
        "metadata": meta("e"),
        "involvedObject": {"kind": "Pod", "name": "p"},
        "type": "Warning",
        "reason": "BackOff",
        "message": "again\n",
        "count": 3,
        "firstTimestamp": "2024-01-01T11:50:00Z",
        "lastTimestamp": "2024-01-01T11:59:50Z",
    }
    cells = printed(event, TYPES["events"])
    assert list(cells.values()) == ["10s (x3 over 10m)", "Warning", "BackOff", "pod/p", "again"]


@pytest.mark.parametrize(
    "resource", [resource for resource in BUILTIN if "list" in resource.verbs], ids=lambda r: r.plural
)
def test_every_built_in_type_prints_an_object_that_has_nothing(resource: ResourceType) -> None:
    assert printed({"metadata": meta()}, resource, wide=True)["Name"] == "x"


def custom(*columns: JsonObject) -> ResourceType:
    return ResourceType("example.com", "v1", "things", "Thing", columns=columns, custom=True)


def test_custom_types_print_the_columns_of_their_definition() -> None:
    ready = '.status.conditions[?(@.type=="Ready")].status'
    columns: list[JsonObject] = [
        {"name": "Runtime", "type": "string", "jsonPath": ".spec.runtime"},
        {"name": "Ready", "type": "string", "jsonPath": ready},
        {"name": "Count", "type": "integer", "jsonPath": ".spec.count", "priority": 1},
        {"name": "Wrong", "type": "integer", "jsonPath": ".spec.runtime"},
        {"name": "Missing", "type": "string", "jsonPath": ".spec.nope"},
        {"name": "Odd", "type": "string", "jsonPath": ".spec[("},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    status = {"conditions": [{"type": "A", "status": "False"}, {"type": "Ready", "status": "True"}]}
    obj = {"metadata": meta(), "spec": {"runtime": "python", "count": 3}, "status": status}
    cells = printed(obj, custom(*columns), wide=True)
    assert list(cells.values()) == ["x", "python", "True", 3, None, None, None, "5m"]


def test_custom_types_without_columns_print_name_and_age() -> None:
    assert printed({"metadata": meta()}, custom()) == {"Name": "x", "Age": "5m"}


def test_rows_carry_what_the_client_asked_for() -> None:
    obj = {"metadata": meta(), "data": {"a": "b"}}
    rows = {
        include: table([obj], TYPES["configmaps"], resource_version="7", include=include, now=NOW)["rows"][0]
        for include in ("None", "Metadata", "Object")
    }
    assert "object" not in rows["None"]
    assert rows["Metadata"]["object"] == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": obj["metadata"],
    }
    assert rows["Object"]["object"] == obj


def test_later_events_of_a_watch_have_no_headers() -> None:
    result = table([], TYPES["pods"], resource_version="7", include="None", now=NOW, headers=False)
    assert result["columnDefinitions"] == []


VALUE = {"a": {"b.c": 1, "d e": 2}, "l": [{"k": "x", "n": True}, {"k": "y", "v": [1, 2]}]}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (r".a.b\.c", [1]),
        (".a['d e']", [2]),
        ('.a["d e"]', [2]),
        ("{.a.nope}", []),
        (".l[0].k", ["x"]),
        (".l[-1].k", ["y"]),
        (".l[9].k", []),
        (".l[*].k", ["x", "y"]),
        ('.l[?(@.k=="y")].v[*]', [1, 2]),
        (".l[?(@.n==true)].k", ["x"]),
        (".l[?(@.k!='x')].k", ["y"]),
    ],
)
def test_json_paths(path: str, values: list[Any]) -> None:
    assert find(VALUE, path) == values


@pytest.mark.parametrize("path", ["", "a", ".a..b", ".l[?(@.k=~1)]", ".l[", "." + "a" * 2000])
def test_json_paths_that_are_not_supported_are_refused(path: str) -> None:
    with pytest.raises(JSONPathError):
        find(VALUE, path)
