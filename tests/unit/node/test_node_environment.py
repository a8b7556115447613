"""The environment and the volumes of a container."""

from pathlib import Path
from typing import Any

import pytest

from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.configuration import (
    CONFIG_MAP,
    SECRET,
    Configuration,
    MissingConfiguration,
    contents_of,
    needed_by,
)
from kubeless.local.node.environment import PodFacts, container_environment, expand, inherited
from kubeless.local.node.folders import PodFolder
from kubeless.local.node.mounts import mounts_of
from kubeless.local.node.quantity import parse_quantity
from kubeless.local.node.volumes import plan_volumes, write_volumes

CONFIGURATION = Configuration(
    {(CONFIG_MAP, "settings"): {"color": b"blue", "size": b"9"}, (SECRET, "keys"): {"token": b"s3cret"}}
)


def make_pod(**spec: Any) -> JsonObject:
    metadata = {"name": "p", "namespace": "n", "uid": "u", "labels": {"app": "web"}}
    return {"metadata": metadata, "spec": {"nodeName": "local", **spec}}


def environment(*env: JsonObject, env_from: list[JsonObject] | None = None, **container: Any) -> dict[str, str]:
    facts = PodFacts(make_pod(), "127.1.2.3", "127.0.0.1")
    return container_environment({"env": list(env), "envFrom": env_from, **container}, facts, CONFIGURATION)


def test_references_see_the_variables_before_them() -> None:
    values = environment(
        {"name": "A", "value": "$(B)/$(C)"},
        {"name": "B", "value": "b"},
        {"name": "C", "value": "$(A)-$(B)-$$(B)"},
    )
    assert values == {"A": "$(B)/$(C)", "B": "b", "C": "$(B)/$(C)-b-$(B)"}


def test_double_dollars_are_one_and_unknown_names_stay() -> None:
    assert expand("cost: 5$$, $(NO), $HOME", {}) == "cost: 5$, $(NO), $HOME"


def test_values_come_from_config_maps_secrets_and_the_pod() -> None:
    values = environment(
        {"name": "COLOR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "color"}}},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "MIB", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
        env_from=[{"prefix": "S_", "configMapRef": {"name": "settings"}}],
        resources={"limits": {"memory": "1Gi"}},
    )
    assert values == {
        "S_color": "blue",
        "S_size": "9",
        "COLOR": "blue",
        "TOKEN": "s3cret",
        "IP": "127.1.2.3",
        "APP": "web",
        "MIB": "1024",
    }


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ({"configMapKeyRef": {"name": "gone", "key": "a"}}, 'configmap "gone" not found'),
        ({"secretKeyRef": {"name": "keys", "key": "a"}}, "couldn't find key a in secret keys"),
    ],
)
def test_what_is_missing_is_named_unless_it_is_optional(reference: JsonObject, message: str) -> None:
    with pytest.raises(MissingConfiguration, match=message):
        environment({"name": "A", "valueFrom": reference})
    optional = {kind: {**value, "optional": True} for kind, value in reference.items()}
    assert environment({"name": "A", "valueFrom": optional}) == {}


@pytest.mark.parametrize("name", ["", "A=B", "A\0"])
def test_names_that_no_process_can_have_are_refused(name: str) -> None:
    with pytest.raises(InvalidField):
        environment({"name": name, "value": "x"})


def test_a_value_with_a_null_byte_is_refused() -> None:
    with pytest.raises(InvalidField, match="null byte"):
        environment({"name": "A", "value": "a\0b"})


def test_pods_get_little_of_the_machines_environment() -> None:
    wanted = {"PATH": "/bin", "https_proxy": "p", "PIP_INDEX_URL": "i"}
    assert inherited({**wanted, "AWS_SECRET_ACCESS_KEY": "s", "KUBECONFIG": "k"}) == wanted


@pytest.mark.parametrize(("text", "value"), [("128Mi", 128 << 20), ("1e3", 1000), ("1.5k", 1500), ("2", 2)])
def test_quantities(text: str, value: int) -> None:
    assert parse_quantity(text) == value


@pytest.mark.parametrize("text", ["", "x", "1e999", "12Qi", "--1"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(InvalidField):
        parse_quantity(text)


def test_a_secret_that_is_not_base64_counts_as_not_there() -> None:
    assert contents_of({"data": {"good": "YQ==", "bad": "no base64!"}}, kind=SECRET) == {"good": b"a"}


def test_a_pod_names_what_it_needs() -> None:
    pod = make_pod(
        volumes=[{"name": "v", "configMap": {"name": "files"}}],
        initContainers=[{"name": "i", "envFrom": [{"secretRef": {"name": "keys"}}]}],
        containers=[{"name": "c", "env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings"}}}]}],
    )
    assert needed_by(pod) == {(CONFIG_MAP, "files"), (SECRET, "keys"), (CONFIG_MAP, "settings")}


def test_volumes_become_folders_with_files(tmp_path: Path) -> None:
    folder = PodFolder(tmp_path)
    folder.create([])
    items = [{"key": "color", "path": "deep/color.txt"}]
    volumes = [
        {"name": "empty", "emptyDir": {}},
        {"name": "config", "configMap": {"name": "settings", "items": items}},
        {"name": "secret", "secret": {"secretName": "keys"}},
    ]
    write_volumes(folder, plan_volumes(make_pod(volumes=volumes), CONFIGURATION))
    assert (folder.volume("config") / "deep/color.txt").read_text() == "blue"
    assert (folder.volume("secret") / "token").read_text() == "s3cret"
    assert list(folder.volume("empty").iterdir()) == []


@pytest.mark.parametrize(
    "volume",
    [
        {"name": "v", "hostPath": {"path": "/"}},
        {"name": "v", "configMap": {"name": "settings", "items": [{"key": "color", "path": "../../x"}]}},
        {"name": "v", "configMap": {"name": "settings", "items": [{"key": "color", "path": "/etc/x"}]}},
    ],
)
def test_volumes_that_reach_elsewhere_are_refused(volume: JsonObject) -> None:
    with pytest.raises(InvalidField):
        plan_volumes(make_pod(volumes=[volume]), CONFIGURATION)


def test_paths_below_a_mount_are_rewritten_and_others_are_not(tmp_path: Path) -> None:
    folder = PodFolder(tmp_path)
    container = {
        "volumeMounts": [
            {"name": "code", "mountPath": "/kubeless"},
            {"name": "lib", "mountPath": "/kubeless/lib/", "subPath": "x"},
        ]
    }
    mounts = mounts_of(container, folder)
    assert mounts.rewrite("/kubeless/a:/kubeless/lib/b:/usr/lib") == (
        f"{folder.volume('code')}/a:{folder.volume('lib')}/x/b:/usr/lib"
    )
    assert mounts.rewrite("http://host/kubeless") == "http://host/kubeless"
    script = "ls /kubeless/lib; cat --file=/kubeless/lib:/kubeless x/kubeless /kubelessness /kubeless.d"
    code, lib = mounts.rewrite("/kubeless"), mounts.rewrite("/kubeless/lib")
    assert mounts.rewrite_words(script) == f"ls {lib}; cat --file={lib}:{code} x/kubeless /kubelessness /kubeless.d"
    assert mounts.real("/kubeless/../etc/passwd") is None
    assert mounts.real("/kubelessness") is None


@pytest.mark.parametrize("mount", [{"mountPath": "rel"}, {"mountPath": "/"}, {"mountPath": "/a", "subPath": "../b"}])
def test_mounts_out_of_the_pod_are_refused(tmp_path: Path, mount: JsonObject) -> None:
    with pytest.raises(InvalidField):
        mounts_of({"volumeMounts": [{"name": "v", **mount}]}, PodFolder(tmp_path))


@pytest.mark.parametrize("name", ["..", ".", "a/b", "", "/", "a\0"])
def test_names_that_are_no_file_names_never_become_paths(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidField):
        PodFolder(tmp_path).volume(name)
