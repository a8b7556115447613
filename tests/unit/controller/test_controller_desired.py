"""What a function's objects look like."""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kubeless.api.function import Function
from kubeless.controller.config import Config, parse_config
from kubeless.controller.desired.objects import Desired, desired_objects
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.runtimes.runtime import UnknownRuntime

MakeFunction = Callable[..., Function]


def desire(function: Function, config: Config | None = None) -> Desired:
    return desired_objects(function, config or Config())


def pod_spec(desired: Desired) -> JsonObject:
    spec: JsonObject = desired.deployment["spec"]["template"]["spec"]
    return spec


def env_of(container: JsonObject) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in container["env"]}


def deployment_with(container: JsonObject, **pod: Any) -> JsonObject:
    return {"spec": {"template": {"spec": {"containers": [container], **pod}}}}


def test_the_objects_of_the_worked_example(make_function: MakeFunction) -> None:
    """The example of the Go controller: a Python file with dependencies and a variable."""
    container = {"name": "", "image": "", "imagePullPolicy": "Always", "env": [{"name": "A", "value": "1"}]}
    desired = desire(
        make_function(
            handler="app.run",
            function="CODE",
            deps="six",
            checksum="sha256:" + "0" * 64,
            timeout="180",
            deployment=deployment_with(container),
            **{"function-content-type": "text"},
        )
    )

    assert desired.config_map["data"] == {"handler": "app.run", "app.py": "CODE", "requirements.txt": "six"}
    assert desired.service["spec"] == {
        "ports": [{"name": "http-function-port", "protocol": "TCP", "port": 8080, "targetPort": 8080}],
        "selector": {"created-by": "kubeless", "function": "echo"},
        "type": "ClusterIP",
    }
    spec = desired.deployment["spec"]
    assert spec["selector"] == {"matchLabels": {"created-by": "kubeless", "function": "echo"}}
    assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0}
    assert "replicas" not in spec
    pod = pod_spec(desired)
    assert [(volume["name"], [*volume][1]) for volume in pod["volumes"]] == [
        ("echo", "emptyDir"),
        ("echo-deps", "configMap"),
    ]
    prepare, install = pod["initContainers"]
    assert (prepare["name"], install["name"], install["image"]) == ("prepare", "install", "python:3.11")
    assert env_of(prepare) == {
        "FUNC_CONTENT_TYPE": "text",
        "FUNC_CHECKSUM": "sha256:" + "0" * 64,
        "FUNC_SOURCE": "/src/app.py",
        "FUNC_TARGET": "/kubeless/app.py",
        "FUNC_DEPS": "/src/requirements.txt",
        "KUBELESS_INSTALL_VOLUME": "/kubeless",
    }
    assert env_of(install)["KUBELESS_DEPS_FILE"] == "/kubeless/requirements.txt"
    assert env_of(install)["A"] == "1"
    (server,) = pod["containers"]
    assert (server["name"], server["image"], server["imagePullPolicy"]) == ("echo", "kubeless/python:3.11", "Always")
    assert list(env_of(server).items()) == [
        ("A", "1"),
        ("FUNC_HANDLER", "run"),
        ("MOD_NAME", "app"),
        ("FUNC_TIMEOUT", "180"),
        ("FUNC_RUNTIME", "python3.11"),
        ("FUNC_MEMORY_LIMIT", "0"),
        ("FUNC_PORT", "8080"),
        ("KUBELESS_INSTALL_VOLUME", "/kubeless"),
        ("PYTHONPATH", "$(KUBELESS_INSTALL_VOLUME)/lib/python3.11/site-packages:$(KUBELESS_INSTALL_VOLUME)"),
    ]
    assert server["readinessProbe"] == {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1}
    assert server["livenessProbe"]["initialDelaySeconds"] == 3


def test_every_child_is_owned_labelled_and_named_alike(make_function: MakeFunction) -> None:
    desired = desire(make_function(labels={"team": "a"}, annotations={"note": "x"}))
    for child in (desired.config_map, desired.service, desired.deployment):
        metadata = child["metadata"]
        assert (metadata["name"], metadata["namespace"]) == ("echo", "shop")
        assert metadata["labels"] == {"team": "a", "created-by": "kubeless", "function": "echo"}
        assert metadata["annotations"] == {"note": "x"}
        assert metadata["ownerReferences"] == [
            {
                "apiVersion": "kubeless.io/v1beta1",
                "kind": "Function",
                "name": "echo",
                "uid": "uid-1",
                "controller": True,
            }
        ]


def test_kubectl_s_copy_of_the_function_is_not_carried_along(make_function: MakeFunction) -> None:
    kubectl = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
    assert desire(make_function(annotations=kubectl)).deployment == desire(make_function()).deployment


def test_pods_run_under_the_restricted_standard(make_function: MakeFunction) -> None:
    pod = pod_spec(desire(make_function(deps="six")))
    assert pod["securityContext"] == {
        "runAsUser": 1000,
        "fsGroup": 1000,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    for container in pod["initContainers"] + pod["containers"]:
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_a_security_context_that_is_given_stays_even_if_empty(make_function: MakeFunction) -> None:
    pod = pod_spec(desire(make_function(deployment=deployment_with({}, securityContext={}))))
    assert pod["securityContext"] == {}


@pytest.mark.parametrize(
    "change",
    [
        {"function": "other"},
        {"deps": "six"},
        {"runtime": "python3.12"},
        {"handler": "app.other"},
        {"timeout": "5"},
        {"labels": {"tier": "new"}},
        {"annotations": {"note": "new"}},
    ],
)
def test_every_change_of_what_runs_is_a_new_checksum(make_function: MakeFunction, change: dict[str, Any]) -> None:
    assert desire(make_function(**change)).checksum != desire(make_function()).checksum


def test_the_same_function_gives_the_same_objects(make_function: MakeFunction) -> None:
    deployment = deployment_with({"env": [{"name": "A", "value": "1"}]})
    assert desire(make_function(deployment=deployment)) == desire(make_function(deployment=deployment))
    assert deployment == deployment_with({"env": [{"name": "A", "value": "1"}]})


@pytest.mark.parametrize(
    ("content_type", "key", "source", "deps"),
    [
        ("", "app.py", "/src/app.py", "/src/requirements.txt"),
        ("base64", "app.py", "/src/app.py", "/src/requirements.txt"),
        ("base64+zip", "app", "/src/app", "/src/requirements.txt"),
        ("base64+compressedtar+deps", "app", "/src/app", ""),
        ("url", "app.py", "https://example.com/$$(id)", "/src/requirements.txt"),
    ],
)
def test_content_types_decide_where_the_source_comes_from(
    make_function: MakeFunction, content_type: str, key: str, source: str, deps: str
) -> None:
    text = "https://example.com/$(id)\n" if content_type == "url" else base64.b64encode(b"x").decode()
    desired = desire(make_function(function=text, **{"function-content-type": content_type}))
    prepare = pod_spec(desired)["initContainers"][0]
    assert key in desired.config_map["data"]
    assert (env_of(prepare)["FUNC_SOURCE"], env_of(prepare)["FUNC_DEPS"]) == (source, deps)


def test_dependencies_in_an_archive_are_installed_without_a_checksum(make_function: MakeFunction) -> None:
    function = make_function(function="x", deps="ignored", **{"function-content-type": "base64+zip+deps"})
    _, install = pod_spec(desire(function))["initContainers"]
    assert env_of(install)["FUNC_DEPS_CHECKSUM"] == ""


def test_an_image_of_one_s_own_with_a_handler_gets_the_variables_and_no_steps(make_function: MakeFunction) -> None:
    pod = pod_spec(desire(make_function(runtime="cobol85", deployment=deployment_with({"image": "mine:1"}))))
    assert "initContainers" not in pod
    assert "volumes" not in pod
    assert pod["containers"][0]["image"] == "mine:1"
    assert list(env_of(pod["containers"][0])) == [
        "FUNC_HANDLER", "MOD_NAME", "FUNC_TIMEOUT", "FUNC_RUNTIME", "FUNC_MEMORY_LIMIT", "FUNC_PORT",
    ]  # fmt: skip


def test_an_image_alone_gets_its_port_only(make_function: MakeFunction) -> None:
    desired = desire(
        make_function(runtime="", handler="", function="", deployment=deployment_with({"image": "mine:1"}))
    )
    assert env_of(pod_spec(desired)["containers"][0]) == {"FUNC_PORT": "8080"}
    assert desired.config_map["data"] == {}


def test_a_port_is_used_everywhere(make_function: MakeFunction) -> None:
    desired = desire(make_function(service={"ports": [{"port": 80, "targetPort": 8081, "nodePort": 0}]}))
    template = desired.deployment["spec"]["template"]
    server = template["spec"]["containers"][0]
    assert desired.service["spec"]["ports"] == [{"port": 80, "targetPort": 8081}]
    assert desired.service["spec"]["selector"] == {"created-by": "kubeless", "function": "echo"}
    assert env_of(server)["FUNC_PORT"] == "8081"
    assert server["ports"] == [{"containerPort": 8081}]
    assert server["livenessProbe"]["httpGet"]["port"] == 8081
    assert template["metadata"]["annotations"]["prometheus.io/port"] == "8081"


@pytest.mark.parametrize(
    ("ports", "number"),
    [([{"port": 9000}], 9000), ([{"port": "9000"}], 9000), ([{"port": 80, "targetPort": "web"}], 80)],
)
def test_a_port_without_a_numeric_target_still_is_one(
    make_function: MakeFunction, ports: list[JsonObject], number: int
) -> None:
    server = pod_spec(desire(make_function(service={"ports": ports})))["containers"][0]
    assert server["ports"][0]["containerPort"] == number


@pytest.mark.parametrize("port", [0, 65_536, -1, "x", True, None, [8080]])
def test_a_port_that_is_none_is_refused(make_function: MakeFunction, port: object) -> None:
    with pytest.raises(InvalidField, match=r"spec\.service\.ports\[0\]"):
        desire(make_function(service={"ports": [{"port": port}]}))


def test_a_selector_of_the_cli_does_not_break_when_a_label_changes(make_function: MakeFunction) -> None:
    written_by_cli = {"created-by": "kubeless", "function": "echo", "tier": "old"}
    desired = desire(make_function(labels={"tier": "new"}, service={"selector": written_by_cli}))
    assert desired.service["spec"]["selector"] == {"created-by": "kubeless", "function": "echo"}


def test_a_selector_of_one_s_own_is_kept(make_function: MakeFunction) -> None:
    desired = desire(make_function(service={"selector": {"app": "proxy"}}))
    assert desired.service["spec"]["selector"] == {"app": "proxy"}


def test_the_number_of_pods_is_set_only_when_the_function_says_one(make_function: MakeFunction) -> None:
    autoscaler = {"metadata": {"name": "echo"}, "spec": {"scaleTargetRef": {"name": "echo"}, "maxReplicas": 3}}
    assert desire(make_function(replicas=3)).deployment["spec"]["replicas"] == 3
    assert desire(make_function(replicas=0)).deployment["spec"]["replicas"] == 0
    scaled = desire(make_function(replicas=3, horizontalPodAutoscaler=autoscaler))
    assert "replicas" not in scaled.deployment["spec"]


def test_the_memory_limit_is_told_to_the_runtime(make_function: MakeFunction) -> None:
    container = {"resources": {"limits": {"memory": "128Mi"}}}
    server = pod_spec(desire(make_function(deployment=deployment_with(container))))["containers"][0]
    assert env_of(server)["FUNC_MEMORY_LIMIT"] == "128Mi"


def test_a_function_without_image_and_known_runtime_is_refused(make_function: MakeFunction) -> None:
    with pytest.raises(UnknownRuntime):
        desire(make_function(runtime="cobol85"))


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"handler": ""}, "spec.handler"),
        ({"function": ""}, "spec.function"),
        ({"function-content-type": "zip"}, "spec.function-content-type"),
        ({"deployment": {"spec": "x"}}, "spec.deployment.spec"),
        ({"deployment": {"spec": {"template": []}}}, "spec.deployment.spec.template"),
        ({"deployment": deployment_with({}, volumes={})}, "spec.deployment.spec.template.spec.volumes"),
        ({"deployment": deployment_with({"env": "A=1"})}, "spec.deployment.spec.template.spec.containers[0].env"),
        (
            {"deployment": {"spec": {"template": {"spec": {"containers": ["x"]}}}}},
            "spec.deployment.spec.template.spec.containers",
        ),
        ({"deployment": {"metadata": {"labels": {"a": 1}}}}, "spec.deployment.metadata.labels.a"),
        ({"service": {"selector": {"a": 1}}}, "spec.service.selector.a"),
    ],
)
def test_parts_that_cannot_be_used_are_named(make_function: MakeFunction, spec: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        desire(make_function(**spec))
    assert caught.value.field == field


def test_absurd_nesting_is_refused_and_does_not_exhaust_the_stack(make_function: MakeFunction) -> None:
    nested: JsonObject = {}
    for _ in range(500):
        nested = {"a": nested}
    with pytest.raises(InvalidField, match="nested too deeply"):
        desire(make_function(deployment=nested))


def test_names_stay_within_what_kubernetes_allows(make_function: MakeFunction) -> None:
    function = make_function()
    longest = replace(function, metadata=replace(function.metadata, name="f" * 63))
    for volume in pod_spec(desire(longest))["volumes"]:
        assert len(volume["name"]) <= 63


CONFIG = """
spec:
  template:
    spec:
      priorityClassName: low
      nodeSelector: {zone: a}
      containers:
      - resources: {limits: {memory: 1Gi, cpu: 1}}
        env: [{name: A, value: common}, {name: B, value: common}]
      - {name: sidecar, image: side}
"""


def test_the_configuration_fills_in_what_a_function_leaves_open(make_function: MakeFunction) -> None:
    container = {"resources": {"limits": {"memory": "2Gi"}}, "env": [{"name": "A", "value": "own"}]}
    function = make_function(deployment=deployment_with(container, nodeSelector={"disk": "ssd"}))
    pod = pod_spec(desire(function, parse_config({"deployment": CONFIG, "provision-image-secret": "pull"})))
    server, sidecar = pod["containers"]
    assert pod["nodeSelector"] == {"disk": "ssd", "zone": "a"}
    assert pod["priorityClassName"] == "low"
    assert server["resources"]["limits"] == {"memory": "2Gi", "cpu": 1}
    assert (env_of(server)["A"], env_of(server)["B"]) == ("own", "common")
    assert sidecar["name"] == "sidecar"
    assert pod["imagePullSecrets"] == [{"name": "pull"}]


@pytest.mark.parametrize(
    "text",
    ["[1]", "{", "{replicas: 3}", "{spec: 3}", "{spec: {template: {spec: {containers: {image: x}}}}}"],
)
def test_a_configuration_that_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(InvalidField, match=r"^deployment"):
        parse_config({"deployment": text})


def test_secrets_of_a_phase_are_mounted_in_its_step(make_function: MakeFunction) -> None:
    images = """[{ID: cob, depName: deps, fileNameSuffix: .cob, versions: [{version: "1", images: [
      {phase: installation, image: i, command: fetch, secrets: [{name: team.index}]},
      {phase: compilation, image: c, command: make, env: {LEVEL: "2"}},
      {phase: runtime, image: r}]}]}]"""
    pod = pod_spec(desire(make_function(runtime="cob1", deps="x"), parse_config({"runtime-images": images})))
    _, install, compiling = pod["initContainers"]
    mount = install["volumeMounts"][-1]
    assert mount == {**mount, "mountPath": "/var/run/secrets/kubeless.io/team.index", "readOnly": True}
    volume = {item["name"]: item for item in pod["volumes"]}[mount["name"]]
    assert volume["secret"] == {"secretName": "team.index"}
    assert "." not in mount["name"], "a volume's name is a DNS label"
    assert env_of(compiling) == {"KUBELESS_INSTALL_VOLUME": "/kubeless", "KUBELESS_FUNC_NAME": "run", "LEVEL": "2"}


@pytest.mark.parametrize(
    ("service", "expected"),
    [({}, "NodePort"), ({"type": "LoadBalancer"}, "LoadBalancer"), ({"clusterIP": "None"}, "ClusterIP")],
)
def test_the_configuration_gives_services_their_type(
    make_function: MakeFunction, service: JsonObject, expected: str
) -> None:
    config = parse_config({"service-type": "NodePort"})
    assert desire(make_function(service=service), config).service["spec"]["type"] == expected
    with pytest.raises(InvalidField, match=r"^service-type: "):
        parse_config({"service-type": "ExternalName"})


def test_a_source_that_fits_in_no_config_map_is_told_with_what_to_do(make_function: MakeFunction) -> None:
    half = "é" * (1 << 18)
    desire(make_function(function=half))
    with pytest.raises(InvalidField, match=r"^spec\.function: .*url\+zip"):
        desire(make_function(function=half, deps=half))


def test_an_autoscaler_keeps_labels_and_annotations_of_its_own(make_function: MakeFunction) -> None:
    metadata = {"name": "echo", "labels": {"tier": "web", "function": "other"}, "annotations": {"note": "mine"}}
    autoscaler = desire(make_function(horizontalPodAutoscaler={**hpa(), "metadata": metadata})).autoscaler
    assert autoscaler is not None
    assert autoscaler["metadata"]["labels"] == {"created-by": "kubeless", "function": "echo", "tier": "web"}
    assert autoscaler["metadata"]["annotations"] == {"note": "mine"}


def hpa(*metrics: JsonObject, **spec: Any) -> JsonObject:
    target = {"apiVersion": "apps/v1beta1", "kind": "Deployment", "name": "echo"}
    return {
        "metadata": {"name": "echo", "creationTimestamp": None},
        "spec": {"scaleTargetRef": target, "maxReplicas": 3, "metrics": [*metrics], **spec},
        "status": {"conditions": None},
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            {"type": "Resource", "resource": {"name": "cpu", "targetAverageUtilization": 70}},
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
            },
        ),
        (
            {
                "type": "Object",
                "object": {"metricName": "qps", "target": {"kind": "Service", "name": "echo"}, "targetValue": 5},
            },
            {
                "type": "Object",
                "object": {
                    "describedObject": {"kind": "Service", "name": "echo"},
                    "metric": {"name": "qps"},
                    "target": {"type": "Value", "value": 5},
                },
            },
        ),
        (
            {"type": "Pods", "pods": {"metricName": "calls", "targetAverageValue": "10"}},
            {
                "type": "Pods",
                "pods": {"metric": {"name": "calls"}, "target": {"type": "AverageValue", "averageValue": "10"}},
            },
        ),
        (
            {
                "type": "External",
                "external": {
                    "metricName": "calls",
                    "metricSelector": {"matchLabels": {"function": "echo"}},
                    "targetAverageValue": "10",
                },
            },
            {
                "type": "External",
                "external": {
                    "metric": {"name": "calls", "selector": {"matchLabels": {"function": "echo"}}},
                    "target": {"type": "AverageValue", "averageValue": "10"},
                },
            },
        ),
        (
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 5}},
            },
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 5}},
            },
        ),
    ],
    ids=["cpu", "object", "pods", "external", "already new"],
)
def test_autoscalers_of_old_become_those_of_today(
    make_function: MakeFunction, old: JsonObject, new: JsonObject
) -> None:
    autoscaler = desire(make_function(horizontalPodAutoscaler=hpa(old))).autoscaler
    assert autoscaler is not None
    assert autoscaler["apiVersion"] == "autoscaling/v2"
    assert autoscaler["spec"]["scaleTargetRef"]["apiVersion"] == "apps/v1"
    assert autoscaler["spec"]["metrics"] == [new]


@pytest.mark.parametrize(
    ("ports", "endpoint"),
    [
        ([{"name": "web", "port": 80, "targetPort": 9000}], {"port": "web"}),
        ([{"port": 80, "targetPort": 9000}], {"targetPort": 9000}),
    ],
)
def test_calls_are_collected_at_the_port_of_the_function(
    make_function: MakeFunction, ports: list[JsonObject], endpoint: JsonObject
) -> None:
    calls = {"type": "External", "external": {"metricName": "calls", "targetValue": "10"}}
    function = make_function(horizontalPodAutoscaler=hpa(calls), service={"ports": ports})
    monitor = desire(function).monitor
    assert monitor is not None
    assert monitor["spec"]["endpoints"] == [{**endpoint, "path": "/metrics"}]
    assert desire(make_function(horizontalPodAutoscaler=hpa())).monitor is None
    assert desire(make_function()).monitor is None


def test_an_autoscaler_without_metrics_is_left_to_the_default(make_function: MakeFunction) -> None:
    autoscaler = desire(make_function(horizontalPodAutoscaler=hpa())).autoscaler
    assert autoscaler is not None
    assert "metrics" not in autoscaler["spec"]


def test_an_empty_autoscaler_of_the_go_cli_is_none(make_function: MakeFunction) -> None:
    empty = {
        "metadata": {"creationTimestamp": None},
        "spec": {"scaleTargetRef": {"kind": "", "name": ""}},
        "status": {},
    }
    assert desire(make_function(horizontalPodAutoscaler=empty)).autoscaler is None


def test_pods_prefer_different_nodes_unless_an_affinity_is_given(make_function: MakeFunction) -> None:
    (term,) = pod_spec(desire(make_function()))["affinity"]["podAntiAffinity"][
        "preferredDuringSchedulingIgnoredDuringExecution"
    ]
    assert term["weight"] == 100
    assert term["podAffinityTerm"]["topologyKey"] == "kubernetes.io/hostname"
    assert term["podAffinityTerm"]["labelSelector"]["matchLabels"] == {"created-by": "kubeless", "function": "echo"}
    own: JsonObject = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}
    assert pod_spec(desire(make_function(deployment=deployment_with({}, affinity=own))))["affinity"] == own


def test_images_are_pulled_with_all_secrets_there_are_each_once(make_function: MakeFunction) -> None:
    images = """[{ID: cob, versions: [{version: "1", imagePullSecrets: [{imageSecret: runtime}, {imageSecret: common}],
      images: [{phase: runtime, image: "r:1"}]}]}]"""
    data = {"runtime-images": images, "provision-image-secret": "common", "builder-image-secret": "builder"}
    function = make_function(runtime="cob1", deployment=deployment_with({}, imagePullSecrets=[{"name": "own"}]))
    secrets = pod_spec(desire(function, parse_config(data)))["imagePullSecrets"]
    assert [secret["name"] for secret in secrets] == ["own", "common", "builder", "runtime"]
