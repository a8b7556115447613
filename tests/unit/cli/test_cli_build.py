"""The Function objects that deploy and update send."""

import hashlib
from typing import Any

import pytest

from kubeless.cli.failure import Fatal
from kubeless.cli.function.settings import check_complete, check_flags
from kubeless.cli.mergepatch import merge_patch
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.functionobject import changed_function, new_function, schedule_trigger
from kubeless.manage.functionsettings import FunctionSettings
from kubeless.manage.source import stored_source

CODE = b"def run(event, context):\n    return event['data']\n"
SOURCE = stored_source(CODE, name="app.py")


def deployed(**settings: Any) -> JsonObject:
    return new_function("bill", "default", FunctionSettings(runtime="python3.11", handler="app.run", **settings))


def pod_of(function: JsonObject) -> JsonObject:
    pod: JsonObject = function["spec"]["deployment"]["spec"]["template"]["spec"]
    return pod


def test_a_plain_deployment_is_the_object_that_kubeless_always_wrote() -> None:
    assert deployed(source=SOURCE, deps="requests\n", env=(("A", "1"),)) == {
        "apiVersion": "kubeless.io/v1beta1",
        "kind": "Function",
        "metadata": {
            "name": "bill",
            "namespace": "default",
            "labels": {"created-by": "kubeless", "function": "bill"},
        },
        "spec": {
            "handler": "app.run",
            "runtime": "python3.11",
            "timeout": "180",
            "deps": "requests\n",
            "function": CODE.decode(),
            "function-content-type": "text",
            "checksum": f"sha256:{hashlib.sha256(CODE).hexdigest()}",
            "deployment": {
                "spec": {
                    "template": {
                        "spec": {
                            "containers": [
                                {"name": "", "imagePullPolicy": "Always", "env": [{"name": "A", "value": "1"}]}
                            ]
                        }
                    }
                }
            },
            "service": {
                "ports": [{"name": "http-function-port", "protocol": "TCP", "port": 8080, "targetPort": 8080}],
                "selector": {"created-by": "kubeless", "function": "bill"},
                "type": "ClusterIP",
            },
        },
    }


def test_every_flag_about_pods_has_its_place() -> None:
    function = deployed(
        labels=(("tier", "billing"),),
        secrets=("creds",),
        node_selectors=(("disk", "ssd"),),
        service_account="biller",
        memory="128Mi",
        image="registry/own:1",
        image_pull_policy="Never",
    )
    assert function["metadata"]["labels"] == {"created-by": "kubeless", "function": "bill", "tier": "billing"}
    assert function["spec"]["service"]["selector"] == function["metadata"]["labels"]
    assert pod_of(function) == {
        "containers": [
            {
                "name": "",
                "imagePullPolicy": "Never",
                "image": "registry/own:1",
                "resources": {
                    "limits": {"memory": "128Mi", "cpu": "0"},
                    "requests": {"memory": "128Mi", "cpu": "0"},
                },
                "volumeMounts": [{"name": "creds-vol", "mountPath": "/creds"}],
            }
        ],
        "volumes": [{"name": "creds-vol", "secret": {"secretName": "creds"}}],
        "serviceAccountName": "biller",
        "nodeSelector": {"disk": "ssd"},
    }


def test_order_and_duplicates_of_the_environment_are_kept() -> None:
    env = pod_of(deployed(env=(("B", "1"), ("A", "2"), ("B", "3"))))["containers"][0]["env"]
    assert [(each["name"], each["value"]) for each in env] == [("B", "1"), ("A", "2"), ("B", "3")]


def test_a_headless_service_may_have_a_port_of_its_own() -> None:
    service = deployed(port=8081, service_port=80, headless=True)["spec"]["service"]
    assert service["clusterIP"] == "None"
    assert [(port["port"], port["targetPort"]) for port in service["ports"]] == [(80, 8081)]


def test_a_scheduled_call_has_no_payload() -> None:
    assert schedule_trigger("bill", "prod", "0 2 * * *") == {
        "apiVersion": "kubeless.io/v1beta1",
        "kind": "CronJobTrigger",
        "metadata": {
            "name": "bill",
            "namespace": "prod",
            "labels": {"created-by": "kubeless", "function": "bill"},
        },
        "spec": {"function-name": "bill", "schedule": "0 2 * * *"},
    }


def test_an_update_keeps_what_is_not_given() -> None:
    current = deployed(source=SOURCE, timeout="10", port=8081, headless=True, image_pull_policy="Never")
    newer = stored_source(b"def run(): pass\n", name="app.py")
    patch = merge_patch(current, changed_function(current, FunctionSettings(source=newer)))
    assert patch == {"spec": {"function": newer.function, "checksum": newer.checksum}}


def test_an_update_without_flags_changes_nothing() -> None:
    current = deployed(source=SOURCE)
    assert changed_function(current, FunctionSettings()) == current


def test_a_secret_given_again_is_not_mounted_twice() -> None:
    current = deployed(secrets=("creds",))
    pod = pod_of(changed_function(current, FunctionSettings(secrets=("creds", "more"))))
    assert [volume["name"] for volume in pod["volumes"]] == ["creds-vol", "more-vol"]
    assert [mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]] == ["/creds", "/more"]


def test_updating_the_cpu_keeps_the_memory() -> None:
    changed = changed_function(deployed(memory="128Mi"), FunctionSettings(cpu="500m"))
    amounts = {"memory": "128Mi", "cpu": "500m"}
    assert pod_of(changed)["containers"][0]["resources"] == {"limits": amounts, "requests": amounts}


@pytest.mark.parametrize(
    ("deployed_with", "given", "expected"),
    [
        pytest.param({}, {"port": 9000}, (9000, 9000), id="the service port follows the port"),
        pytest.param({"service_port": 80}, {"port": 9000}, (80, 9000), id="a service port of its own stays"),
        pytest.param({"port": 9000}, {"service_port": 80}, (80, 9000), id="the port stays"),
        pytest.param({"service_port": 80}, {"service_port": 0}, (8080, 8080), id="0 is the port"),
    ],
)
def test_ports_change_one_by_one(
    deployed_with: dict[str, int], given: dict[str, int], expected: tuple[int, int]
) -> None:
    changed = changed_function(deployed(**deployed_with), FunctionSettings(**given))  # type: ignore[arg-type] # of a table
    port = changed["spec"]["service"]["ports"][0]
    assert (port["port"], port["targetPort"]) == expected


def test_a_function_without_a_service_gets_a_whole_one() -> None:
    bare: JsonObject = {"metadata": {"name": "bill"}, "spec": {"handler": "app.run", "service": None}}
    assert changed_function(bare, FunctionSettings(port=8081))["spec"]["service"] == {
        "type": "ClusterIP",
        "selector": {"created-by": "kubeless", "function": "bill"},
        "ports": [{"name": "http-function-port", "protocol": "TCP", "port": 8081, "targetPort": 8081}],
    }


def test_a_new_label_is_not_selected_by_and_a_changed_one_is() -> None:
    current = deployed(labels=(("tier", "a"),))
    changed = changed_function(current, FunctionSettings(labels=(("tier", "b"), ("fresh", "1"))))
    assert changed["metadata"]["labels"] == {
        "created-by": "kubeless",
        "function": "bill",
        "tier": "b",
        "fresh": "1",
    }
    assert changed["spec"]["service"]["selector"] == {"created-by": "kubeless", "function": "bill", "tier": "b"}


def test_an_update_does_not_touch_the_object_it_was_given() -> None:
    current = deployed(env=(("A", "1"),))
    changed_function(current, FunctionSettings(env=(("A", "2"),), labels=(("tier", "b"),)))
    assert current == deployed(env=(("A", "1"),))


def test_empty_parts_written_by_go_can_be_updated() -> None:
    current: JsonObject = {
        "metadata": {"name": "old", "creationTimestamp": None},
        "spec": {"deployment": {"spec": {"template": {"spec": {"containers": None}}}}, "service": {}},
    }
    assert pod_of(changed_function(current, FunctionSettings(env=(("A", "1"),)))) == {
        "containers": [{"name": "", "env": [{"name": "A", "value": "1"}]}]
    }


def test_a_merge_patch_removes_by_null_and_replaces_lists() -> None:
    old = {"a": {"b": 1, "c": 2}, "list": [1, 2], "same": {"x": 1}}
    new = {"a": {"c": 2, "d": None}, "list": [2], "same": {"x": 1}}
    assert merge_patch(old, new) == {"a": {"b": None, "d": None}, "list": [2]}


FLAGS: dict[str, Any] = {
    "image_pull_policy": None,
    "port": None,
    "service_port": None,
    "memory": None,
    "cpu": None,
    "timeout": None,
}


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("schedule", "* * *", "Invalid value for --schedule. "),
        ("image_pull_policy", "Sometimes", "image-pull-policy must be {IfNotPresent|Always|Never}"),
        ("port", 0, "Invalid port number 0 specified"),
        ("port", 65536, "Invalid port number 65536 specified"),
        ("service_port", 70000, "Invalid servicePort number 70000 specified"),
        ("memory", "much", "Wrong format of the memory value: "),
        ("memory", "-1Mi", "Wrong format of the memory value: "),
        ("cpu", "1 core", "Wrong format for cpu value: "),
        ("timeout", "3m", "Invalid timeout "),
        ("timeout", "0", "Invalid timeout "),
    ],
)
def test_impossible_values_are_refused_in_the_words_that_scripts_know(flag: str, value: object, message: str) -> None:
    with pytest.raises(Fatal) as refused:
        check_flags(FLAGS | {flag: value})
    assert str(refused.value).startswith(message)


def test_possible_values_are_accepted() -> None:
    check_flags(FLAGS | {"port": 65535, "service_port": 0, "memory": "1.5Gi", "cpu": "500m", "timeout": "20"})


def test_a_function_needs_a_runtime_or_an_image() -> None:
    with pytest.raises(Fatal, match=r"^Either `--runtime` or `--runtime-image` flag must be specified\.$"):
        check_complete(runtime=None, image=None, handler="a.b")
    with pytest.raises(Fatal, match=r"^You must specify handler for the runtime\.$"):
        check_complete(runtime="python3.11", image=None, handler=None)
    check_complete(runtime=None, image="own:1", handler=None)
