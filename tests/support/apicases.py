"""
Requests that the embedded API server must answer as the real one does.

A case is a list of requests, sent in order to a namespace of its own, which is `{ns}` in paths and bodies. What is in
the contract tests is not repeated here: these are the many small rules that nobody would write a test for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubeless.core.jsontypes import JsonObject

JSON = "application/json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"


@dataclass(frozen=True, slots=True)
class Step:
    """One request."""

    method: str
    path: str
    body: object = None
    query: Mapping[str, str | int] = field(default_factory=dict)
    content_type: str = JSON
    accept: str = JSON


def get(path: str, *, accept: str = JSON, **query: str | int) -> Step:
    return Step("GET", path, query=query, accept=accept)


def create(path: str, body: object, **query: str | int) -> Step:
    return Step("POST", path, body, query)


def put(path: str, body: object, **query: str | int) -> Step:
    return Step("PUT", path, body, query)


def delete(path: str, body: object = None, **query: str | int) -> Step:
    return Step("DELETE", path, body, query)


def patch(path: str, body: object, content_type: str = MERGE, **query: str | int) -> Step:
    return Step("PATCH", path, body, query, content_type)


def apply(path: str, body: object, manager: str = "one", **query: str | int) -> Step:
    return Step("PATCH", path, body, {"fieldManager": manager, **query}, APPLY)


CONFIG_MAPS = "/api/v1/namespaces/{ns}/configmaps"
SECRETS = "/api/v1/namespaces/{ns}/secrets"
SERVICES = "/api/v1/namespaces/{ns}/services"
PODS = "/api/v1/namespaces/{ns}/pods"
EVENTS = "/api/v1/namespaces/{ns}/events"
DEPLOYMENTS = "/apis/apps/v1/namespaces/{ns}/deployments"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{ns}/leases"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices"
INGRESSES = "/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses"
SCALERS = "/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers"
CRON_JOBS = "/apis/batch/v1/namespaces/{ns}/cronjobs"
FUNCTIONS = "/apis/kubeless.io/v1beta1/namespaces/{ns}/functions"
HTTP_TRIGGERS = "/apis/kubeless.io/v1beta1/namespaces/{ns}/httptriggers"
CRON_TRIGGERS = "/apis/kubeless.io/v1beta1/namespaces/{ns}/cronjobtriggers"
NATS_TRIGGERS = "/apis/kubeless.io/v1beta1/namespaces/{ns}/natstriggers"


def named(name: str, /, **more: object) -> JsonObject:
    return {"metadata": {"name": name}, **more}


def meta(**metadata: object) -> JsonObject:
    return {"metadata": metadata}


def ours(kind: str, name: str, /, **spec: object) -> JsonObject:
    return {"apiVersion": "kubeless.io/v1beta1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def function(name: str = "f", /, **spec: object) -> JsonObject:
    return ours("Function", name, **{"runtime": "python3.11", "handler": "a.b", "function": "x", **spec})


def deployment(name: str = "d", /, **container: object) -> JsonObject:
    pod = {"containers": [{"name": "c", "image": "registry.invalid/c", **container}]}
    template = {"metadata": {"labels": {"app": "a"}}, "spec": pod}
    return named(name, spec={"replicas": 0, "selector": {"matchLabels": {"app": "a"}}, "template": template})


def service(name: str = "s", /, **spec: object) -> JsonObject:
    return named(name, spec={"ports": [{"port": 80}], **spec})


def endpoints(name: str = "e", /, *addresses: str, **more: object) -> JsonObject:
    return {
        **named(name),
        "addressType": "IPv4",
        "endpoints": [{"addresses": list(addresses)}],
        "ports": [{"name": "http", "port": 80}],
        **more,
    }


def ingress(name: str = "i", /, path: JsonObject | None = None, **rule: object) -> JsonObject:
    backend = {"service": {"name": "s", "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend, **(path or {})}]
    return named(name, spec={"rules": [{"host": "a.test", "http": {"paths": paths}, **rule}]})


def scaler(name: str = "h", /, **spec: object) -> JsonObject:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
    return named(name, spec={"maxReplicas": 3, "scaleTargetRef": target, **spec})


CASES: dict[str, list[Step]] = {
    "names": [
        create(CONFIG_MAPS, named("UPPER")),
        create(CONFIG_MAPS, named("a" * 254)),
        create(CONFIG_MAPS, {"metadata": {}}),
        create(CONFIG_MAPS, {}),
        create(CONFIG_MAPS, meta(generateName="gen-")),
        create(CONFIG_MAPS, meta(generateName="Gen-")),
        create(CONFIG_MAPS, meta(name="a", namespace="other")),
        create(SERVICES, service("1s")),
        create(SERVICES, service("a.b")),
        create(DEPLOYMENTS, deployment("UPPER")),
        create(FUNCTIONS, function("UPPER")),
        create(FUNCTIONS, function("1f")),
        create(FUNCTIONS, function("f" * 64)),
        put(f"{CONFIG_MAPS}/a", named("b")),
        put(f"{CONFIG_MAPS}/none", named("none")),
    ],
    "metadata": [
        create(CONFIG_MAPS, meta(name="a", labels={"bad key": "x"})),
        create(CONFIG_MAPS, meta(name="a", labels={"a": "bad value!"})),
        create(CONFIG_MAPS, meta(name="a", labels={"a": 1})),
        create(CONFIG_MAPS, meta(name="a", annotations={"bad key": "x"})),
        create(CONFIG_MAPS, meta(name="a", annotations={"a": "x" * 300_000})),
        create(CONFIG_MAPS, meta(name="a", finalizers=["bad"])),
        create(CONFIG_MAPS, meta(name="a", ownerReferences=[{"kind": "X"}])),
        create(CONFIG_MAPS, meta(name="b", uid="mine", creationTimestamp="2001-01-01T00:00:00Z", generation=7)),
        create(CONFIG_MAPS, meta(name="c", deletionTimestamp="2001-01-01T00:00:00Z", selfLink="x")),
        create(CONFIG_MAPS, meta(name="d", unknown=1), fieldValidation="Strict"),
        create(CONFIG_MAPS, meta(name="d", unknown=1), fieldValidation="Ignore"),
        create(CONFIG_MAPS, meta(name="e", unknown=1), fieldValidation="Sometimes"),
        create(CONFIG_MAPS, meta(name="e", creationTimestamp="yesterday")),
        patch(f"{CONFIG_MAPS}/d", meta(uid="other")),
        patch(f"{CONFIG_MAPS}/d", meta(name="other")),
        patch(f"{CONFIG_MAPS}/d", meta(namespace="other")),
        patch(f"{CONFIG_MAPS}/d", meta(creationTimestamp="2001-01-01T00:00:00Z")),
        patch(f"{CONFIG_MAPS}/d", meta(resourceVersion="1")),
        patch(f"{CONFIG_MAPS}/d", meta(labels={"a": None, "b": "1"})),
        patch(f"{CONFIG_MAPS}/d", {"kind": "Secret"}),
        patch(f"{CONFIG_MAPS}/d", {"apiVersion": "v2"}),
    ],
    "configmaps and secrets": [
        create(CONFIG_MAPS, named("a", data={"bad key": "x"})),
        create(CONFIG_MAPS, named("a", data={"a": 1})),
        create(CONFIG_MAPS, named("a", data={"a": "x"}, binaryData={"a": "eA=="})),
        create(CONFIG_MAPS, named("a", binaryData={"a": "not base64"})),
        create(CONFIG_MAPS, named("a", data={"a": "x"}, immutable=True)),
        patch(f"{CONFIG_MAPS}/a", {"data": {"a": "y"}}),
        patch(f"{CONFIG_MAPS}/a", {"immutable": False}),
        patch(f"{CONFIG_MAPS}/a", meta(labels={"a": "b"})),
        create(SECRETS, named("a", stringData={"a": "x"}, data={"b": "eA=="})),
        create(SECRETS, named("b", data={"b": "not base64"})),
        create(SECRETS, named("c", type="kubernetes.io/tls")),
        create(SECRETS, named("c", type="kubernetes.io/basic-auth")),
        create(SECRETS, named("c", type="kubernetes.io/dockerconfigjson", data={".dockerconfigjson": "eA=="})),
        patch(f"{SECRETS}/a", {"type": "other"}),
    ],
    "services": [
        create(SERVICES, service("a", ports=[])),
        create(SERVICES, service("a", ports=[{"port": 0}])),
        create(SERVICES, service("a", ports=[{"port": 80, "protocol": "XXX"}])),
        create(SERVICES, service("a", ports=[{"port": 80}, {"port": 81}])),
        create(SERVICES, service("a", ports=[{"name": "x", "port": 80}, {"name": "x", "port": 81}])),
        create(SERVICES, service("a", ports=[{"port": 80, "targetPort": "Bad_Name"}])),
        create(SERVICES, service("a", ports=[{"port": 80, "targetPort": 70000}])),
        create(SERVICES, service("a", type="Nonsense")),
        create(SERVICES, service("a", clusterIP="nonsense")),
        create(SERVICES, service("a", selector={"bad key": "x"})),
        create(SERVICES, service("a", sessionAffinity="Nonsense")),
        create(SERVICES, service("a", selector={"a": "b"})),
        create(SERVICES, service("headless", clusterIP="None")),
        create(SERVICES, service("external", type="ExternalName", externalName="a.test")),
        patch(f"{SERVICES}/a", {"spec": {"clusterIP": "None"}}),
        patch(f"{SERVICES}/headless", {"spec": {"clusterIP": ""}}),
        patch(f"{SERVICES}/a", {"spec": {"ports": [{"port": 81, "targetPort": 8080}]}}),
        patch(f"{SERVICES}/a", {"spec": {"ports": [{"port": 82, "name": "x"}]}}, STRATEGIC),
        get(f"{SERVICES}/a", accept=TABLE),
    ],
    "deployments": [
        create(DEPLOYMENTS, named("d", spec={})),
        create(DEPLOYMENTS, named("d")),
        create(DEPLOYMENTS, deployment("d", name="Bad")),
        create(DEPLOYMENTS, deployment("d", image="")),
        create(DEPLOYMENTS, deployment("d", ports=[{"containerPort": 0}])),
        create(DEPLOYMENTS, deployment("d", env=[{"name": "", "value": "x"}])),
        create(DEPLOYMENTS, deployment("d", env=[{"name": "A", "value": 1}])),
        create(DEPLOYMENTS, deployment("d", resources={"limits": {"cpu": "many"}})),
        create(DEPLOYMENTS, deployment("greedy", resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}})),
        create(DEPLOYMENTS, deployment("unmounted", volumeMounts=[{"name": "none", "mountPath": "/x"}])),
        create(DEPLOYMENTS, deployment("unpulled", imagePullPolicy="Perhaps")),
        create(DEPLOYMENTS, deployment("d", livenessProbe={"httpGet": {"port": 80}})),
        create(DEPLOYMENTS, {**deployment("x"), "spec": {**deployment()["spec"], "replicas": -1}}),
        create(
            DEPLOYMENTS, {**deployment("x"), "spec": {**deployment()["spec"], "selector": {"matchLabels": {"b": "c"}}}}
        ),
        patch(f"{DEPLOYMENTS}/d", {"spec": {"selector": {"matchLabels": {"app": "b"}}}}),
        patch(f"{DEPLOYMENTS}/d", {"spec": {"replicas": "two"}}),
        patch(
            f"{DEPLOYMENTS}/d",
            {"spec": {"template": {"spec": {"containers": [{"name": "e", "image": "registry.invalid/e"}]}}}},
            STRATEGIC,
        ),
        patch(
            f"{DEPLOYMENTS}/d",
            {"spec": {"template": {"spec": {"containers": [{"name": "c", "$patch": "delete"}]}}}},
            STRATEGIC,
        ),
        patch(f"{DEPLOYMENTS}/d/status", {"status": {"replicas": 1}, "spec": {"replicas": 5}}),
        get(f"{DEPLOYMENTS}/d/scale"),
        put(f"{DEPLOYMENTS}/d/scale", named("d", spec={"replicas": 0})),
        patch(f"{DEPLOYMENTS}/d/scale", {"spec": {"replicas": -1}}),
        get(f"{DEPLOYMENTS}/d/nonsense"),
    ],
    "json patch": [
        create(CONFIG_MAPS, named("a", data={"x": "1"})),
        patch(f"{CONFIG_MAPS}/a", [{"op": "test", "path": "/data/x", "value": "2"}], JSON_PATCH),
        patch(f"{CONFIG_MAPS}/a", [{"op": "remove", "path": "/data/none"}], JSON_PATCH),
        patch(f"{CONFIG_MAPS}/a", [{"op": "add", "path": "/data/y", "value": 1}], JSON_PATCH),
        patch(f"{CONFIG_MAPS}/a", [{"op": "copy", "from": "/data/x", "path": "/data/y"}], JSON_PATCH),
        patch(f"{CONFIG_MAPS}/a", [{"op": "move", "from": "/data/x", "path": "/data/z"}], JSON_PATCH),
        patch(f"{CONFIG_MAPS}/a", [{"op": "nonsense", "path": "/data/x"}], JSON_PATCH),
        patch(f"{CONFIG_MAPS}/a", {"op": "remove"}, JSON_PATCH),
        patch(f"{CONFIG_MAPS}/a", [], JSON_PATCH),
        patch(f"{CONFIG_MAPS}/a", [{"op": "remove", "path": "/metadata/name"}], JSON_PATCH),
        patch(f"{CONFIG_MAPS}/a", [{"op": "add", "path": "/metadata/labels/a", "value": "b"}], JSON_PATCH),
        patch(f"{CONFIG_MAPS}/a", [{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}], JSON_PATCH),
        patch(f"{CONFIG_MAPS}/none", [], JSON_PATCH),
        patch(f"{CONFIG_MAPS}/a", [1], MERGE),
        patch(f"{CONFIG_MAPS}/a", {"data": {}}, "text/plain"),
    ],
    "functions": [
        create(FUNCTIONS, named("f", spec={})),
        create(FUNCTIONS, {**function(), "apiVersion": "kubeless.io/v2"}),
        create(FUNCTIONS, {**function(), "kind": "Other"}),
        create(FUNCTIONS, {**function(), "kind": ""}),
        create(FUNCTIONS, {"apiVersion": "kubeless.io/v1beta1", "kind": "Function", "metadata": {"name": "f"}}),
        create(FUNCTIONS, {**function(), "spec": None}),
        create(FUNCTIONS, {**function(), "spec": "text"}),
        create(FUNCTIONS, function(handler="no handler")),
        create(FUNCTIONS, function(replicas=-1)),
        create(FUNCTIONS, function(replicas=1.5)),
        create(FUNCTIONS, function(replicas="1")),
        create(FUNCTIONS, function("number", timeout=5)),
        create(FUNCTIONS, function(timeout="soon")),
        create(FUNCTIONS, function(checksum="md5:1")),
        create(FUNCTIONS, function(runtime=None)),
        create(FUNCTIONS, function("strict", surplus=1), fieldValidation="Strict"),
        create(FUNCTIONS, function("warned", surplus=1), fieldValidation="Warn"),
        create(FUNCTIONS, function("ignored", surplus=1), fieldValidation="Ignore"),
        create(FUNCTIONS, {**function("top"), "surplus": 1, "status": {"replicas": 1}}),
        create(FUNCTIONS, function("free", deployment={"spec": {"any": [1, None]}}, service={"x": None})),
        patch(f"{FUNCTIONS}/free", {"spec": {"replicas": 3}}),
        patch(f"{FUNCTIONS}/free", {"spec": {"replicas": 20_000}}),
        patch(f"{FUNCTIONS}/free", {"spec": None}),
        patch(f"{FUNCTIONS}/free", {"spec": {"replicas": 1}}, STRATEGIC),
        patch(f"{FUNCTIONS}/free/status", {"status": {"replicas": 2, "surplus": 1}, "spec": {"replicas": 9}}),
        patch(f"{FUNCTIONS}/free/status", {"status": {"replicas": "two"}}),
        patch(f"{FUNCTIONS}/free/status", meta(labels={"a": "b"})),
        get(f"{FUNCTIONS}/free/scale"),
        patch(f"{FUNCTIONS}/free/scale", {"spec": {"replicas": 4}}),
        patch(f"{FUNCTIONS}/free/scale", {"spec": {"replicas": -1}}),
        put(f"{FUNCTIONS}/free", function("free")),
        get(FUNCTIONS, accept=TABLE),
        get(f"{FUNCTIONS}/free", accept=PARTIAL),
        get(f"{FUNCTIONS}/free", accept="text/html"),
        delete(f"{FUNCTIONS}/free", {"preconditions": {"uid": "other"}}),
        delete(f"{FUNCTIONS}/free"),
        delete(f"{FUNCTIONS}/free"),
    ],
    "triggers": [
        create(HTTP_TRIGGERS, ours("HTTPTrigger", "t")),
        create(HTTP_TRIGGERS, ours("HTTPTrigger", "t", **{"function-name": "f", "functionSelector": {}})),
        create(HTTP_TRIGGERS, ours("HTTPTrigger", "t", **{"function-name": "f", "tls": True, "tls-secret": "s"})),
        create(HTTP_TRIGGERS, ours("HTTPTrigger", "t", **{"function-name": "f", "methods": ["get"]})),
        create(HTTP_TRIGGERS, ours("HTTPTrigger", "t", **{"function-name": "f", "maxBodyBytes": -1})),
        create(HTTP_TRIGGERS, ours("HTTPTrigger", "t", **{"function-name": "f", "host-name": "a.test"})),
        patch(f"{HTTP_TRIGGERS}/t", {"spec": {"functionSelector": {"matchLabels": {"a": "b"}}}}),
        patch(f"{HTTP_TRIGGERS}/t", {"spec": {"functionSelector": {"matchLabels": {}}, "function-name": None}}),
        create(CRON_TRIGGERS, ours("CronJobTrigger", "t", schedule="", **{"function-name": "f"})),
        create(CRON_TRIGGERS, ours("CronJobTrigger", "t", schedule="@daily", payload=None, **{"function-name": "f"})),
        create(CRON_TRIGGERS, ours("CronJobTrigger", "u", schedule="x", payload=[1], **{"function-name": "f"})),
        create(CRON_TRIGGERS, ours("CronJobTrigger", "v", schedule="x", concurrencyPolicy="No", functionSelector={})),
        create(NATS_TRIGGERS, ours("NATSTrigger", "t", topic="a", durable="d", functionSelector={})),
        create(NATS_TRIGGERS, ours("NATSTrigger", "t", topic="a", functionSelector={"matchExpressions": [{}]})),
        create(NATS_TRIGGERS, ours("NATSTrigger", "t", topic="a")),
        get(HTTP_TRIGGERS, accept=TABLE),
        get(CRON_TRIGGERS, accept=TABLE),
    ],
    "lists": [
        create(CONFIG_MAPS, meta(name="a", labels={"n": "1"})),
        create(CONFIG_MAPS, meta(name="b", labels={"n": "2"})),
        get(CONFIG_MAPS, labelSelector="n in (1,2)", limit=1),
        get(CONFIG_MAPS, labelSelector="n in ("),
        get(CONFIG_MAPS, labelSelector="n>1"),
        get(CONFIG_MAPS, labelSelector="!n,x!=y"),
        get(CONFIG_MAPS, fieldSelector="metadata.name=a"),
        get(CONFIG_MAPS, fieldSelector="metadata.name!=a,metadata.namespace={ns}", labelSelector="n"),
        get(CONFIG_MAPS, fieldSelector="data.x=1"),
        get(CONFIG_MAPS, fieldSelector="nonsense"),
        get(CONFIG_MAPS, limit="many"),
        get(CONFIG_MAPS, resourceVersion="nonsense"),
        get(CONFIG_MAPS, resourceVersionMatch="Exact"),
        get(CONFIG_MAPS, resourceVersion="0", resourceVersionMatch="Exact"),
        get(CONFIG_MAPS, resourceVersion="0", resourceVersionMatch="Sometimes"),
        get(CONFIG_MAPS, resourceVersion="0", labelSelector="n"),
        get(CONFIG_MAPS, **{"continue": "nonsense"}),
        get(CONFIG_MAPS, watch="true", sendInitialEvents="true"),
        get(CONFIG_MAPS, sendInitialEvents="true", resourceVersionMatch="NotOlderThan"),
        get(FUNCTIONS, fieldSelector="spec.runtime=python3.11"),
        get(FUNCTIONS, fieldSelector="metadata.name=none"),
        get(PODS, fieldSelector="status.phase=Running,spec.nodeName=x"),
    ],
    "paths": [
        get("/api/v1/namespaces/{ns}/nothings"),
        get("/apis/kubeless.io/v1beta1/namespaces/{ns}/nothings"),
        get("/apis/kubeless.io/v9/namespaces/{ns}/functions"),
        get("/apis/no.such/v1/things"),
        get("/apis/no.such/v1"),
        get("/nonsense"),
        get("/api/v1/namespaces/none/configmaps"),
        get("/apis/kubeless.io/v1beta1/namespaces/none/functions"),
        create("/apis/kubeless.io/v1beta1/namespaces/none/functions", function()),
        create("/apis/kubeless.io/v1beta1/functions", function()),
        create("/api/v1/configmaps", named("a")),
        put(CONFIG_MAPS, named("a")),
        patch(CONFIG_MAPS, {}),
        create(f"{CONFIG_MAPS}/a", named("a")),
        get(f"{FUNCTIONS}/none/status"),
        get(f"{FUNCTIONS}/none/nonsense"),
        get("/apis/kubeless.io"),
        get("/apis/kubeless.io/v1beta1"),
    ],
    "deleting": [
        create(CONFIG_MAPS, meta(name="a", finalizers=["example.com/hold"])),
        delete(f"{CONFIG_MAPS}/a", {"propagationPolicy": "Nonsense"}),
        delete(f"{CONFIG_MAPS}/a", {"propagationPolicy": "Orphan", "orphanDependents": True}),
        delete(f"{CONFIG_MAPS}/a", {"preconditions": {"resourceVersion": "1"}}),
        delete(f"{CONFIG_MAPS}/a", {"kind": "Nonsense", "apiVersion": "v1"}),
        delete(f"{CONFIG_MAPS}/a", {"dryRun": ["All"]}),
        delete(f"{CONFIG_MAPS}/a", dryRun="Some"),
        delete(f"{CONFIG_MAPS}/a"),
        delete(f"{CONFIG_MAPS}/a"),
        patch(f"{CONFIG_MAPS}/a", meta(finalizers=["example.com/hold", "example.com/more"])),
        patch(f"{CONFIG_MAPS}/a", {"data": {"still": "writable"}}),
        create(CONFIG_MAPS, named("a")),
        patch(f"{CONFIG_MAPS}/a", meta(finalizers=None)),
        get(f"{CONFIG_MAPS}/a"),
        delete(CONFIG_MAPS, labelSelector="none=here"),
        delete(f"{CONFIG_MAPS}/none"),
    ],
    "applying": [
        apply(f"{CONFIG_MAPS}/a", {"kind": "ConfigMap", "apiVersion": "v1", **named("a", data={"x": "1"})}),
        apply(f"{CONFIG_MAPS}/a", {"kind": "ConfigMap", "apiVersion": "v1", **named("a", data={"x": "2"})}, "two"),
        apply(f"{CONFIG_MAPS}/a", {"kind": "ConfigMap", "apiVersion": "v1", **named("a", data={"x": "1"})}, "two"),
        apply(f"{CONFIG_MAPS}/a", {"kind": "ConfigMap", "apiVersion": "v1", **named("a", data={"y": "1"})}),
        apply(f"{CONFIG_MAPS}/a", {"kind": "ConfigMap", "apiVersion": "v1", **named("b")}),
        apply(f"{CONFIG_MAPS}/a", {"kind": "Secret", "apiVersion": "v1", **named("a")}),
        apply(f"{CONFIG_MAPS}/a", named("a")),
        apply(f"{CONFIG_MAPS}/a", {"kind": "ConfigMap", "apiVersion": "v1", **meta(name="a", managedFields=[{}])}),
        apply(f"{CONFIG_MAPS}/a", {"kind": "ConfigMap", "apiVersion": "v1", **meta(name="a", resourceVersion="1")}),
        apply(f"{CONFIG_MAPS}/a", {"kind": "ConfigMap", "apiVersion": "v1", **named("a")}, force="true"),
        Step("PATCH", f"{CONFIG_MAPS}/a", {"kind": "ConfigMap", "apiVersion": "v1", **named("a")}, {}, APPLY),
        apply(f"{FUNCTIONS}/f", function(), fieldValidation="Strict"),
        apply(f"{FUNCTIONS}/f", function(handler="c.d"), "two"),
        apply(f"{FUNCTIONS}/f", function(handler="c.d"), "two", force="true"),
        apply(f"{FUNCTIONS}/f", function(replicas=-1)),
        apply(f"{FUNCTIONS}/f/status", {**function(), "status": {"replicas": 1}}, "three"),
        apply(f"{DEPLOYMENTS}/d", {"kind": "Deployment", "apiVersion": "apps/v1", **deployment()}),
        apply(f"{DEPLOYMENTS}/d", {"kind": "Deployment", "apiVersion": "apps/v1", **deployment(args=["x"])}, "two"),
        patch(f"{DEPLOYMENTS}/d", {"spec": {"replicas": 0, "paused": True}}, fieldManager="three"),
        get(f"{DEPLOYMENTS}/d"),
    ],
    "other kinds": [
        create(LEASES, named("l", spec={"leaseDurationSeconds": 0})),
        create(LEASES, named("l", spec={"renewTime": "2026-01-01T00:00:00.000000Z", "holderIdentity": "a"})),
        create(LEASES, named("m", spec={"renewTime": "yesterday"})),
        create(LEASES, named("m", spec={"leaseTransitions": -1})),
        create(SLICES, endpoints("loopback", "127.0.0.1")),
        create(SLICES, endpoints("e", "nonsense")),
        create(SLICES, endpoints("e", "10.1.1.1", addressType="IPv5")),
        create(SLICES, endpoints("badly-named", "10.1.1.1", ports=[{"name": "Bad_Name", "port": 80}])),
        create(SLICES, endpoints("e", "10.1.1.1", ports=[{"port": 80}, {"port": 81}])),
        create(SLICES, endpoints("e", "10.1.1.1")),
        patch(f"{SLICES}/e", {"addressType": "IPv6"}),
        create(INGRESSES, ingress("i", {"pathType": None})),
        create(INGRESSES, ingress("i", {"path": "no-slash"})),
        create(INGRESSES, ingress("i", host="*")),
        create(INGRESSES, ingress("i", host="Bad Host")),
        create(INGRESSES, named("i", spec={})),
        create(INGRESSES, ingress("i", host="*.a.test")),
        create(SCALERS, scaler("h", maxReplicas=0)),
        create(SCALERS, scaler("h", minReplicas=5)),
        create(SCALERS, scaler("h", scaleTargetRef={"kind": "Deployment", "name": "d"})),
        create(SCALERS, scaler("h", metrics=[{"type": "Nonsense"}])),
        create(SCALERS, scaler("h")),
        create(CRON_JOBS, named("c", spec={"schedule": "nonsense", "jobTemplate": {}})),
        create(EVENTS, named("v", involvedObject={"kind": "X", "name": "x", "namespace": "other"})),
        create(EVENTS, named("v", involvedObject={"kind": "X", "name": "x", "namespace": "{ns}"}, type="Warning")),
        create(PODS, named("p", spec={"containers": []})),
        create(PODS, named("p", spec={"containers": [{"name": "c", "image": "registry.invalid/c"}]})),
        patch(f"{PODS}/p", {"spec": {"nodeName": "n"}}),
        patch(f"{PODS}/p", {"spec": {"containers": [{"name": "c", "image": "registry.invalid/d"}]}}),
        patch(f"{PODS}/p/status", {"status": {"phase": "Running", "podIP": "10.1.1.2"}}),
    ],
}
