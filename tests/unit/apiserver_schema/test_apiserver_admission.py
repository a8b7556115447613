"""Defaults and rules of built-in objects."""

from copy import deepcopy
from typing import Any

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.admission import default_builtin, validate_builtin
from kubeless.local.apiserver.cluster_ip import ClusterAddresses
from kubeless.local.apiserver.resources import BUILTIN, ResourceType

TYPES = {resource.kind: resource for resource in BUILTIN}
CUSTOM = ResourceType("kubeless.io", "v1beta1", "functions", "Function", custom=True)


def made(kind: str, *, metadata: JsonObject | None = None, **fields: Any) -> JsonObject:
    resource = TYPES[kind]
    obj = {"apiVersion": resource.api_version, "kind": kind, "metadata": {"name": "x", **(metadata or {})}, **fields}
    before = deepcopy(obj)
    result = default_builtin(obj, resource)
    assert obj == before
    return result


def problems(obj: JsonObject, old: JsonObject | None = None) -> list[str]:
    return [str(problem) for problem in validate_builtin(obj, old, TYPES[obj["kind"]])]


def template(**container: Any) -> JsonObject:
    return {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": "i:1", **container}]}}


def deployment(**spec: Any) -> JsonObject:
    return made("Deployment", spec={"selector": {"matchLabels": {"app": "x"}}, "template": template(), **spec})


def pod(**container: Any) -> JsonObject:
    return made("Pod", spec=template(**container)["spec"])


def test_a_deployment_gets_the_defaults_of_a_real_server() -> None:
    spec = deployment()["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}}
    assert (spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (10, 600)
    pod_spec = spec["template"]["spec"]
    assert pod_spec["restartPolicy"] == "Always"
    assert pod_spec["terminationGracePeriodSeconds"] == 30
    assert pod_spec["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert pod_spec["containers"][0]["terminationMessagePath"] == "/dev/termination-log"
    assert problems(deployment()) == []


def test_defaulting_twice_changes_nothing() -> None:
    once = deployment()
    assert default_builtin(once, TYPES["Deployment"]) == once


def test_probes_ports_and_images_get_defaults() -> None:
    probe = {"httpGet": {"port": 8080}, "timeoutSeconds": 0}
    container = pod(image="reg:5000/app", ports=[{"containerPort": 80}], livenessProbe=probe)["spec"]["containers"][0]
    assert container["imagePullPolicy"] == "Always"
    assert container["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert container["livenessProbe"] == {
        "httpGet": {"port": 8080, "path": "/", "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def test_limits_of_a_pod_are_its_requests_by_default() -> None:
    resources = pod(resources={"limits": {"cpu": 1, "memory": "1Gi"}, "requests": {"memory": "1Mi"}})["spec"][
        "containers"
    ][0]
    assert resources["resources"]["requests"] == {"cpu": "1", "memory": "1Mi"}


def test_nulls_and_empty_strings_count_as_missing() -> None:
    assert deployment(replicas=None, paused=None)["spec"]["replicas"] == 1
    assert made("Service", spec={"type": "", "ports": [{"port": 1, "name": None}]})["spec"]["type"] == "ClusterIP"
    assert made("ConfigMap", data={"a": None})["data"] == {"a": ""}


def test_a_service_gets_the_defaults_of_a_real_server() -> None:
    spec = made("Service", spec={"ports": [{"port": 80}, {"port": 81, "targetPort": "web"}]})["spec"]
    assert spec["ports"][0] == {"port": 80, "protocol": "TCP", "targetPort": 80}
    assert spec["ports"][1]["targetPort"] == "web"
    assert (spec["type"], spec["sessionAffinity"], spec["internalTrafficPolicy"]) == ("ClusterIP", "None", "Cluster")


def test_string_data_of_a_secret_is_folded_into_its_data() -> None:
    secret = made("Secret", data={"a": "eA==", "b": "eA=="}, stringData={"b": "ö"})
    assert secret["data"] == {"a": "eA==", "b": "w7Y="}
    assert "stringData" not in secret
    assert secret["type"] == "Opaque"


def test_a_job_selects_its_own_pods() -> None:
    spec = {"template": {"spec": {**template()["spec"], "restartPolicy": "Never"}}}
    job = made("Job", metadata={"uid": "u-1"}, spec=spec)
    assert job["spec"]["selector"]["matchLabels"] == {"batch.kubernetes.io/controller-uid": "u-1"}
    assert job["spec"]["template"]["metadata"]["labels"]["batch.kubernetes.io/controller-uid"] == "u-1"
    assert (job["spec"]["completions"], job["spec"]["parallelism"], job["spec"]["backoffLimit"]) == (1, 1, 6)
    assert problems(job) == []


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"replicas": -1}, "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        ({"selector": None}, "spec.selector: Required value"),
        ({"selector": {}}, "spec.selector: Invalid value: {}: empty selector is invalid for deployment"),
        (
            {"selector": {"matchLabels": {"app": "y"}}},
            'spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`',
        ),
        (
            {"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}},
            "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
        ),
        (
            {"strategy": {"type": "Recreate", "rollingUpdate": {}}},
            "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
        ),
        (
            {"strategy": {"type": "Slow"}},
            'spec.strategy.type: Unsupported value: "Slow": supported values: "Recreate", "RollingUpdate"',
        ),
        (
            {"template": {**template(), "spec": {**template()["spec"], "restartPolicy": "Never"}}},
            'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        ),
        (
            {"replicas": "two"},
            'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
        ),
    ],
)
def test_wrong_deployments_are_refused_in_the_words_of_kubernetes(spec: JsonObject, message: str) -> None:
    assert problems(deployment(**spec)) == [message]


def test_the_selector_of_a_deployment_never_changes() -> None:
    new = deployment(selector={"matchExpressions": [{"key": "app", "operator": "Exists"}]})
    assert "spec.selector: Invalid value:" in problems(new, deployment())[0]
    assert problems(new, deployment())[0].endswith("field is immutable")


@pytest.mark.parametrize(
    ("container", "message"),
    [
        ({"name": ""}, "spec.containers[0].name: Required value"),
        ({"name": "A"}, 'spec.containers[0].name: Invalid value: "A": a lowercase RFC 1123 label'),
        ({"image": ""}, "spec.containers[0].image: Required value"),
        ({"ports": [{"containerPort": 70000}]}, "spec.containers[0].ports[0].containerPort: Invalid value: 70000"),
        ({"ports": [{}]}, "spec.containers[0].ports[0].containerPort: Required value"),
        ({"env": [{"name": "A=B"}]}, "spec.containers[0].env[0].name: Invalid value"),
        ({"env": [{"name": "A", "valueFrom": {}}]}, "spec.containers[0].env[0].valueFrom: Invalid value"),
        (
            {"volumeMounts": [{"name": "v", "mountPath": "/x"}]},
            'spec.containers[0].volumeMounts[0].name: Not found: "v"',
        ),
        ({"livenessProbe": {}}, "spec.containers[0].livenessProbe: Required value: must specify a handler type"),
        ({"readinessProbe": {"httpGet": {}}}, "spec.containers[0].readinessProbe.httpGet.port: Invalid value"),
        ({"resources": {"limits": {"cpu": "much"}}}, "spec.containers[0].resources.limits[cpu]: Invalid value"),
        ({"imagePullPolicy": "Often"}, "spec.containers[0].imagePullPolicy: Unsupported value"),
        ({"args": "x"}, 'spec.containers[0].args: Invalid value: "string"'),
    ],
)
def test_wrong_containers_are_refused(container: JsonObject, message: str) -> None:
    found = problems(pod(**container))
    assert found
    assert found[0].startswith(message)


def test_a_pod_may_be_bound_to_a_node_once_but_not_changed_otherwise() -> None:
    bound = pod()
    bound["spec"] = {**bound["spec"], "nodeName": "local"}
    assert problems(bound, pod()) == []
    moved = {**bound, "spec": {**bound["spec"], "nodeName": "other"}}
    assert problems(moved, bound)[0].startswith("spec: Forbidden: pod updates may not change fields")
    assert problems(pod(image="i:2"), pod()) == []
    assert problems(pod(args=["a"]), pod())


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "spec.ports: Required value"),
        ({"ports": [{"port": 0}]}, "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"),
        ({"ports": [{"port": 1, "name": "a"}, {"port": 2}]}, "spec.ports[1].name: Required value"),
        ({"ports": [{"port": 1, "name": "a"}, {"port": 1, "name": "b"}]}, "spec.ports[1]: Duplicate value"),
        ({"ports": [{"port": 1}], "type": "Magic"}, 'spec.type: Unsupported value: "Magic"'),
        ({"ports": [{"port": 1}], "clusterIP": "x"}, "spec.clusterIPs[0]: Invalid value"),
        ({"type": "ExternalName"}, "spec.externalName: Required value"),
    ],
)
def test_wrong_services_are_refused(spec: JsonObject, message: str) -> None:
    assert problems(made("Service", spec=spec))[0].startswith(message)


def test_the_cluster_address_of_a_service_never_changes() -> None:
    old = made("Service", spec={"ports": [{"port": 1}], "clusterIP": "10.96.0.2"})
    new = made("Service", spec={"ports": [{"port": 1}], "clusterIP": "10.96.0.3"})
    assert problems(new, old)[0].startswith("spec.clusterIPs[0]: Invalid value")


@pytest.mark.parametrize(
    ("kind", "name", "fits"),
    [
        ("ConfigMap", "a.b-c", True),
        ("ConfigMap", "1a", True),
        ("ConfigMap", "a_b", False),
        ("ConfigMap", "a" * 254, False),
        ("ConfigMap", "../etc", False),
        ("Namespace", "a.b", False),
        ("Service", "1a", False),
        ("Service", "a-b", True),
    ],
)
def test_names_follow_the_rule_of_their_kind(kind: str, name: str, fits: bool) -> None:
    obj = made(kind, metadata={"name": name}, spec={"ports": [{"port": 1}]} if kind == "Service" else {})
    obj = {key: value for key, value in obj.items() if kind == "Service" or key != "spec"}
    assert (problems(obj) == []) is fits


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"labels": {"a b": ""}}, "metadata.labels: Invalid value"),
        ({"labels": {"a": "x" * 64}}, "metadata.labels: Invalid value"),
        ({"labels": {"a": 1}}, "metadata.labels[a]: Invalid value"),
        ({"labels": []}, "metadata.labels: Invalid value"),
        ({"annotations": {"/x": ""}}, "metadata.annotations: Invalid value"),
        ({"annotations": {"x": "y" * 300_000}}, "metadata.annotations: Too long"),
        ({"finalizers": ["a b"]}, "metadata.finalizers: Invalid value"),
        ({"ownerReferences": [{"kind": "A"}]}, "metadata.ownerReferences.apiVersion: Invalid value"),
        ({"name": "", "generateName": "A-"}, "metadata.generateName: Invalid value"),
    ],
)
def test_wrong_metadata_is_refused_for_custom_resources_too(metadata: JsonObject, message: str) -> None:
    obj = {"metadata": {"name": "x", **metadata}}
    assert str(validate_builtin(obj, None, CUSTOM)[0]).startswith(message)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("ConfigMap", {"data": {"a/b": ""}}, "data[a/b]: Invalid value"),
        ("ConfigMap", {"data": {"a": "x"}, "binaryData": {"a": "eA=="}}, "data[a]: Invalid value"),
        ("Secret", {"data": {"a": "not base64!"}}, "data[a]: Invalid value"),
        ("Secret", {"type": "kubernetes.io/tls", "data": {}}, "data[tls.crt]: Required value"),
        ("Lease", {"spec": {"leaseDurationSeconds": 0}}, "spec.leaseDurationSeconds: Invalid value: 0"),
        ("Ingress", {"spec": {}}, "spec: Invalid value: {}: either `defaultBackend` or `rules` must be specified"),
        ("HorizontalPodAutoscaler", {"spec": {"maxReplicas": 0}}, "spec.maxReplicas: Invalid value: 0"),
        ("EndpointSlice", {"addressType": "IPv4", "endpoints": [{"addresses": ["::1"]}]}, "endpoints[0].addresses[0]"),
        ("CronJob", {"spec": {"schedule": "* *"}}, 'spec.schedule: Invalid value: "* *": expected exactly 5 fields'),
        ("Job", {"spec": {"template": {"spec": {"containers": []}}}}, "spec.template.spec.containers: Required value"),
    ],
)
def test_wrong_objects_of_other_kinds_are_refused(kind: str, fields: JsonObject, message: str) -> None:
    assert problems(made(kind, **fields))[0].startswith(message)


def test_an_immutable_config_map_stays_as_it_is() -> None:
    old = made("ConfigMap", data={"a": "1"}, immutable=True)
    assert problems(made("ConfigMap", data={"a": "2"}, immutable=True), old) == [
        "data: Forbidden: field is immutable when `immutable` is set"
    ]


def test_cluster_addresses_are_given_once() -> None:
    addresses = ClusterAddresses()
    first = addresses.take(lambda: ["10.96.0.3"])
    addresses.reserve("10.96.0.4")
    assert (first, addresses.take(lambda: [])) == ("10.96.0.2", "10.96.0.5")
