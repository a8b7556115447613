"""Old manifests and objects in the form of today: what changes, what is only told, and what stays."""

from pathlib import Path

import pytest
import yaml

from kubeless.api.crds import custom_resource_definitions
from kubeless.cli.failure import Fatal
from kubeless.cli.main import main
from kubeless.cli.migrate.manifests import FILE_LIMIT, read_manifests
from kubeless.cli.migrate.modern import Modern, modernise, portable
from kubeless.core.jsontypes import JsonObject

V1BETA1 = "kubeless.io/v1beta1"


def function(**spec: object) -> JsonObject:
    labels = {"created-by": "kubeless", "function": "bill"}
    full = {"runtime": "python3.11", "handler": "app.run", "function": "x"} | spec
    return {"apiVersion": V1BETA1, "kind": "Function", "metadata": {"name": "bill", "labels": labels}, "spec": full}


def trigger(kind: str, **spec: object) -> JsonObject:
    metadata = {"name": "it", "labels": {"created-by": "kubeless"}}
    return {"apiVersion": V1BETA1, "kind": kind, "metadata": metadata, "spec": dict(spec)}


def old_autoscaler(metric: JsonObject) -> JsonObject:
    target = {"apiVersion": "apps/v1beta1", "kind": "Deployment", "name": "bill"}
    return {
        "apiVersion": "autoscaling/v2beta1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "bill", "creationTimestamp": None},
        "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3, "metrics": [metric]},
    }


CPU = {"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": 70}}
QPS = {
    "type": "Object",
    "object": {
        "metricName": "function_calls",
        "target": {"apiVersion": "v1", "kind": "Service", "name": "bill"},
        "targetValue": "10",
    },
}


def new_of(modern: Modern) -> JsonObject:
    assert modern.new is not None
    return modern.new


@pytest.mark.parametrize(
    "obj",
    [
        function(),
        trigger("KafkaTrigger", topic="orders", functionSelector={"matchLabels": {"a": "b"}}),
        trigger("CronJobTrigger", schedule="@daily", **{"function-name": "bill"}),
        trigger("HTTPTrigger", path="v1", gateway="nginx"),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}},
        {"apiVersion": "example.com/v1beta1", "kind": "Ingress", "spec": {}},
    ],
)
def test_what_is_modern_stays_as_it_is(obj: JsonObject) -> None:
    assert modernise(obj) == Modern(obj, obj, [], [])


@pytest.mark.parametrize("obj", [function(timeout=5), trigger("HTTPTrigger", path="/v1"), old_autoscaler(CPU)])
def test_to_migrate_twice_is_to_migrate_once(obj: JsonObject) -> None:
    once = new_of(modernise(obj))
    assert modernise(once) == Modern(once, once, [], [])


def test_what_is_read_is_never_changed_itself() -> None:
    obj = function(timeout=5)
    modernise(obj)
    assert obj == function(timeout=5)


def test_a_bare_function_of_the_oldest_group_gets_what_triggers_need() -> None:
    old = {"apiVersion": "k8s.io/v1", "kind": "Function", "metadata": {"name": "bill"}, "spec": {"timeout": 30}}
    new = new_of(modernise(old))
    assert new["apiVersion"] == V1BETA1
    assert new["metadata"]["labels"] == {"created-by": "kubeless", "function": "bill"}
    assert new["spec"]["timeout"] == "30"


@pytest.mark.parametrize(
    ("metric", "modern"),
    [
        (
            CPU,
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
            },
        ),
        (
            QPS,
            {
                "type": "Object",
                "object": {
                    "describedObject": {"apiVersion": "v1", "kind": "Service", "name": "bill"},
                    "metric": {"name": "function_calls"},
                    "target": {"type": "Value", "value": "10"},
                },
            },
        ),
    ],
)
def test_autoscaling_becomes_v2_in_functions_and_beside_them(metric: JsonObject, modern: JsonObject) -> None:
    inside = new_of(modernise(function(horizontalPodAutoscaler=old_autoscaler(metric))))
    beside = new_of(modernise(old_autoscaler(metric)))
    for autoscaler in (inside["spec"]["horizontalPodAutoscaler"], beside):
        assert autoscaler["apiVersion"] == "autoscaling/v2"
        assert autoscaler["spec"]["scaleTargetRef"]["apiVersion"] == "apps/v1"
        assert autoscaler["spec"]["metrics"] == [modern]


def test_an_empty_autoscaler_of_go_goes_away() -> None:
    empty = {"metadata": {"creationTimestamp": None}, "spec": {"scaleTargetRef": {"kind": "", "name": ""}}}
    assert "horizontalPodAutoscaler" not in new_of(modernise(function(horizontalPodAutoscaler=empty)))["spec"]


def test_a_service_without_selector_or_target_port_gets_both() -> None:
    new = new_of(modernise(function(service={"ports": [{"port": 80, "nodePort": 0}]})))
    assert new["spec"]["service"] == {"ports": [{"port": 80, "targetPort": 80}], "selector": {"function": "bill"}}


def test_a_secret_that_was_mounted_twice_is_mounted_once() -> None:
    volume = {"name": "s-vol", "secret": {"secretName": "s"}}
    mount = {"name": "s-vol", "mountPath": "/s"}
    pod = {"volumes": [volume, volume], "containers": [{"name": "", "volumeMounts": [mount, mount]}]}
    old = function(deployment={"apiVersion": "extensions/v1beta1", "spec": {"template": {"spec": pod}}})
    deployment = new_of(modernise(old))["spec"]["deployment"]
    assert deployment["apiVersion"] == "apps/v1"
    assert deployment["spec"]["template"]["spec"]["volumes"] == [volume]
    assert deployment["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] == [mount]


def test_only_the_finalizers_of_the_old_controllers_go() -> None:
    old = function()
    old["metadata"]["finalizers"] = ["kubeless.io/function", "example.com/mine"]
    assert new_of(modernise(old))["metadata"]["finalizers"] == ["example.com/mine"]


def test_the_class_of_an_http_trigger_becomes_its_gateway() -> None:
    old = trigger("HTTPTrigger", path="/v1", **{"ingress-enabled": True})
    old["metadata"]["annotations"] = {"kubernetes.io/ingress.class": "traefik"}
    new = new_of(modernise(old))
    assert new["spec"] == {"path": "v1", "gateway": "traefik"}
    assert "annotations" not in new["metadata"]


@pytest.mark.parametrize(
    ("obj", "warning"),
    [
        (function(runtime="cobol85"), "cobol85 is not built in"),
        (trigger("HTTPTrigger", tls=True, **{"tls-secret": "s"}), "exclude each other"),
        (trigger("KafkaTrigger", topic="a", functionSelector={}), "selects every function"),
        (trigger("NATSTrigger", functionSelector={"matchLabels": {"a": "b"}}), "spec.topic is empty"),
        (trigger("CronJobTrigger", schedule="61 * * * *"), "spec.schedule cannot be used"),
        (trigger("CronJobTrigger", schedule="@daily", payload={}), "calls are POST"),
        (
            {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"ownerReferences": [{"kind": "Trigger"}]}},
            "delete it",
        ),
    ],
)
def test_what_a_person_has_to_decide_is_told_and_not_changed(obj: JsonObject, warning: str) -> None:
    modern = modernise(obj)
    assert (modern.new, modern.changes) == (obj, [])
    assert len(modern.warnings) == 1
    assert warning in modern.warnings[0]


def test_kinesis_is_left_out() -> None:
    assert modernise(trigger("KinesisTrigger")).new is None


@pytest.mark.parametrize(
    ("version", "kind", "modern"),
    [
        ("extensions/v1beta1", "Deployment", "apps/v1"),
        ("apps/v1beta1", "StatefulSet", "apps/v1"),
        ("batch/v1beta1", "CronJob", "batch/v1"),
        ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding", "rbac.authorization.k8s.io/v1"),
        ("v1", "ClusterRole", "rbac.authorization.k8s.io/v1"),
        ("apiregistration.k8s.io/v1beta1", "APIService", "apiregistration.k8s.io/v1"),
        ("monitoring.coreos.com/v1alpha1", "ServiceMonitor", "monitoring.coreos.com/v1"),
        ("autoscaling/v2alpha1", "HorizontalPodAutoscaler", "autoscaling/v2"),
    ],
)
def test_api_versions_are_those_that_clusters_serve(version: str, kind: str, modern: str) -> None:
    migrated = modernise({"apiVersion": version, "kind": kind, "metadata": {"name": "a"}})
    assert new_of(migrated)["apiVersion"] == modern
    assert f"apiVersion {version} becomes {modern}" in migrated.changes


def test_an_ingress_becomes_one_of_today() -> None:
    old = {
        "apiVersion": "extensions/v1beta1",
        "kind": "Ingress",
        "metadata": {"name": "a", "annotations": {"kubernetes.io/ingress.class": "nginx"}},
        "spec": {
            "backend": {"serviceName": "rest", "servicePort": "http"},
            "rules": [{"http": {"paths": [{"path": "/", "backend": {"serviceName": "bill", "servicePort": 8080}}]}}],
        },
    }
    new = new_of(modernise(old))
    assert new["metadata"] == {"name": "a"}
    backend = {"service": {"name": "bill", "port": {"number": 8080}}}
    assert new["spec"] == {
        "ingressClassName": "nginx",
        "defaultBackend": {"service": {"name": "rest", "port": {"name": "http"}}},
        "rules": [{"http": {"paths": [{"path": "/", "backend": backend, "pathType": "ImplementationSpecific"}]}}],
    }


def test_a_deployment_gets_the_selector_that_was_implied() -> None:
    template = {"metadata": {"labels": {"app": "a"}}}
    old = {
        "apiVersion": "apps/v1beta1",
        "kind": "Deployment",
        "metadata": {"name": "a"},
        "spec": {"template": template},
    }
    assert new_of(modernise(old))["spec"]["selector"] == {"matchLabels": {"app": "a"}}


def test_definitions_of_kubeless_are_those_of_today() -> None:
    current = custom_resource_definitions()[0]
    old = {
        "apiVersion": "apiextensions.k8s.io/v1beta1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": current["metadata"]["name"]},
        "spec": {"group": "kubeless.io", "version": "v1beta1"},
    }
    assert modernise(old).new == current
    gone = modernise(old | {"metadata": {"name": "kinesistriggers.kubeless.io"}})
    assert (gone.new, len(gone.warnings)) == (None, 1)
    foreign = modernise(old | {"spec": {"group": "example.com"}})
    assert (foreign.changes, len(foreign.warnings)) == ([], 1)


@pytest.mark.parametrize(
    "obj",
    [
        {"apiVersion": V1BETA1, "kind": "Function", "metadata": "bill"},
        {"apiVersion": V1BETA1, "kind": "Function", "metadata": {"name": "a"}, "spec": ["x"]},
        function(service={"ports": "8080"}),
        function(horizontalPodAutoscaler={"metadata": {"name": "a"}, "spec": [1]}),
        {"apiVersion": "extensions/v1beta1", "kind": "Ingress", "spec": {"rules": [7]}},
    ],
)
def test_what_makes_no_sense_is_left_as_it_is(obj: JsonObject) -> None:
    modern = modernise(obj)
    assert (modern.new, modern.changes) == (obj, [])
    assert "left as it is" in modern.warnings[0]


def test_what_a_server_wrote_is_not_taken_elsewhere() -> None:
    live = function() | {"status": {"conditions": []}}
    live["metadata"] |= {"uid": "1", "resourceVersion": "2", "managedFields": [], "creationTimestamp": "2020-01-01"}
    live["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
    assert portable(live) == function()


def test_lists_are_taken_apart_and_dates_stay_texts(tmp_path: Path) -> None:
    listed = {"kind": "List", "items": [function(), {"kind": "FunctionList", "items": [function(env="2020-01-01")]}]}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(listed).replace("'2020-01-01'", "2020-01-01") + "---\n---\n7\n")
    (manifest,) = read_manifests(tmp_path)
    assert manifest.objects == [function(), function(env="2020-01-01")]


def test_a_folder_becomes_another_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "below").mkdir(parents=True)
    (old / "below" / "bill.json").write_text('{"apiVersion":"k8s.io/v1","kind":"Function","metadata":{"name":"bill"}}')
    (old / "template.yaml").write_text("name: {{ .Values.name }\n")
    (old / "notes.txt").write_text("kind: Function\n")
    assert main(["migrate", "-f", str(old), "-o", str(new)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "below/bill.json: Function/bill: apiVersion k8s.io/v1 becomes kubeless.io/v1beta1" in told.err
    assert "template.yaml: is not YAML" in told.err
    assert [path.relative_to(new).as_posix() for path in new.rglob("*.*")] == ["below/bill.yaml"]
    assert yaml.safe_load((new / "below" / "bill.yaml").read_text())["apiVersion"] == V1BETA1


def test_what_is_there_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bill.yaml").write_text(yaml.safe_dump(function(timeout=5)))
    assert main(["migrate", "-f", str(tmp_path), "-o", str(tmp_path)]) == 1
    assert "exists; name a new or empty folder" in capsys.readouterr().err
    assert yaml.safe_load((tmp_path / "bill.yaml").read_text())["spec"]["timeout"] == 5


def test_without_a_folder_a_stream_goes_to_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bill.yaml").write_text(yaml.safe_dump(function(timeout=5)))
    assert main(["migrate", "-f", str(tmp_path / "bill.yaml")]) == 0
    assert list(yaml.safe_load_all(capsys.readouterr().out)) == [function(timeout="5")]


def test_a_place_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="is neither a file nor a folder"):
        list(read_manifests(tmp_path / "none"))


@pytest.mark.parametrize(
    "args", [[], ["-f", "x", "--cluster"], ["-f", "x", "--apply"], ["--cluster", "-A", "-n", "team"]]
)
def test_flags_that_contradict_each_other_are_refused(args: list[str]) -> None:
    assert main(["migrate", *args]) == 1


HOSTILE = {
    "deep.yaml": ("[" * 100_000, "is nested too deeply"),
    "selfish.yaml": ("kind: List\nitems: &a\n- {kind: List, items: *a}\n", "is nested too deeply"),
    "code.yaml": ("!!python/object/apply:os.mkdir [owned]\n", "is not YAML"),
    "template.yaml": ("kind: {{ .Values.kind }}\n", "is not YAML"),
    "long.yaml": ("# " + "x" * FILE_LIMIT, "has more than"),
}


def test_hostile_files_are_told_and_do_not_keep_others_from_being_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "old"
    folder.mkdir()
    for name, (text, _) in HOSTILE.items():
        (folder / name).write_text(text)
    (folder / "loop").symlink_to(folder)
    levels = [f"  l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 10)}]" for level in range(1, 9)]
    bomb = "\n".join(["kind: Function", "apiVersion: kubeless.io/v1beta1", "metadata: {name: bomb}", "spec:"])
    (folder / "zz-bomb.yaml").write_text("\n".join([bomb, "  l0: &l0 [x]", *levels]))
    assert main(["migrate", "-f", str(folder)]) == 1
    shown = capsys.readouterr()
    for name, (_, problem) in HOSTILE.items():
        assert f"{name}: {problem}" in shown.err
    assert "Unexpected" not in shown.err
    assert "name: bomb" in shown.out
    assert len(shown.out) < 10_000
    assert not (tmp_path / "owned").exists()
