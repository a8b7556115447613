"""
Defaults of the built-in kinds, as `kubectl get -o yaml` shows them on a real cluster.

Every function returns a new object and expects one whose types are right. An empty string counts as missing, as it does
for a real server.
"""

import base64
from collections.abc import Callable
from typing import Any

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.pod_defaults import filled, mapped, pod_spec

_TEMPLATE = ("spec", "template", "spec")


def defaulted(obj: JsonObject, group: str, kind: str) -> JsonObject:
    """The object with the defaults of its kind; kinds without any come back as they are."""
    fill = _DEFAULTS.get((group, kind))
    return obj if fill is None else fill(obj)


def _pod(obj: JsonObject) -> JsonObject:
    spec = filled(
        pod_spec(obj.get("spec", {})),
        enableServiceLinks=True,
        preemptionPolicy="PreemptLowerPriority",
        priority=0,
        serviceAccountName="default",
        serviceAccount=obj.get("spec", {}).get("serviceAccountName") or "default",
    )
    for name in ("containers", "initContainers"):
        spec = mapped(spec, (name,), lambda containers: [_with_requests(container) for container in containers])
    return {**obj, "spec": spec}


def _with_requests(container: JsonObject) -> JsonObject:
    """A pod that limits a resource and says no more requests the same amount."""
    resources = container.get("resources", {})
    if not resources.get("limits"):
        return container
    requests = {**resources["limits"], **resources.get("requests", {})}
    return {**container, "resources": {**resources, "requests": requests}}


def _deployment(obj: JsonObject) -> JsonObject:
    spec = filled(obj.get("spec", {}), replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600, strategy={})
    strategy = filled(spec["strategy"], type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        bounds = filled(strategy.get("rollingUpdate", {}), maxUnavailable="25%", maxSurge="25%")
        strategy = {**strategy, "rollingUpdate": bounds}
    return mapped({**obj, "spec": {**spec, "strategy": strategy}}, _TEMPLATE, pod_spec)


def _replica_set(obj: JsonObject) -> JsonObject:
    obj = {**obj, "spec": filled(obj.get("spec", {}), replicas=1)}
    labels = obj["spec"].get("template", {}).get("metadata", {}).get("labels")
    metadata = obj.get("metadata", {})
    if labels and not metadata.get("labels"):
        obj = {**obj, "metadata": {**metadata, "labels": labels}}
    return mapped(obj, _TEMPLATE, pod_spec)


def _job(obj: JsonObject) -> JsonObject:
    spec = obj.get("spec", {})
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec = filled(spec, completions=1)
    spec = filled(
        spec,
        parallelism=1,
        backoffLimit=6,
        completionMode="NonIndexed",
        suspend=False,
        manualSelector=False,
        podReplacementPolicy="Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed",
    )
    metadata = obj.get("metadata", {})
    if metadata.get("uid") and not spec["manualSelector"]:
        spec = _with_job_selector(spec, metadata)
    return mapped({**obj, "spec": spec}, _TEMPLATE, pod_spec)


def _with_job_selector(spec: JsonObject, metadata: JsonObject) -> JsonObject:
    """A Job owns the pods that carry its uid; nobody has to think of a selector."""
    identity = {"batch.kubernetes.io/controller-uid": metadata["uid"], "batch.kubernetes.io/job-name": metadata["name"]}
    legacy = {"controller-uid": metadata["uid"], "job-name": metadata["name"]}
    template = spec.get("template", {})
    inner = template.get("metadata", {})
    labels = {**inner.get("labels", {}), **identity, **legacy}
    selector = {"matchLabels": {"batch.kubernetes.io/controller-uid": metadata["uid"]}}
    return {
        **spec,
        "selector": spec.get("selector", selector),
        "template": {**template, "metadata": {**inner, "labels": labels}},
    }


def _cron_job(obj: JsonObject) -> JsonObject:
    spec = filled(
        obj.get("spec", {}),
        concurrencyPolicy="Allow",
        suspend=False,
        successfulJobsHistoryLimit=3,
        failedJobsHistoryLimit=1,
    )
    return mapped({**obj, "spec": spec}, ("spec", "jobTemplate", *_TEMPLATE), pod_spec)


def _autoscaler(obj: JsonObject) -> JsonObject:
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
    return {**obj, "spec": filled(obj.get("spec", {}), minReplicas=1, metrics=[cpu])}


def _service(obj: JsonObject) -> JsonObject:
    spec = filled(obj.get("spec", {}), sessionAffinity="None", type="ClusterIP")
    if spec.get("ports"):
        spec = {**spec, "ports": [_service_port(port) for port in spec["ports"]]}
    if spec["sessionAffinity"] == "ClientIP":
        config = spec.get("sessionAffinityConfig", {})
        client = filled(config.get("clientIP", {}), timeoutSeconds=10800)
        spec = {**spec, "sessionAffinityConfig": {**config, "clientIP": client}}
    if spec["type"] != "ExternalName":
        spec = filled(spec, internalTrafficPolicy="Cluster", ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack")
        if spec.get("clusterIP"):
            spec = filled(spec, clusterIPs=[spec["clusterIP"]])
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        spec = filled(spec, externalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        spec = filled(spec, allocateLoadBalancerNodePorts=True)
    return {**obj, "spec": spec}


def _service_port(port: JsonObject) -> JsonObject:
    result = filled(port, protocol="TCP")
    if result.get("targetPort") in {None, "", 0} and "port" in result:
        result = {**result, "targetPort": result["port"]}
    return result


def _secret(obj: JsonObject) -> JsonObject:
    """`stringData` is a convenience for writing: it is folded into `data` and never read back."""
    result = filled(obj, type="Opaque")
    texts = result.pop("stringData", None)
    if texts:
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
        result["data"] = {**result.get("data", {}), **encoded}
    return result


def _endpoints(obj: JsonObject) -> JsonObject:
    def subset(value: JsonObject) -> JsonObject:
        return mapped(value, ("ports",), lambda ports: [filled(port, protocol="TCP") for port in ports])

    return mapped(obj, ("subsets",), lambda subsets: [subset(value) for value in subsets])


def _endpoint_slice(obj: JsonObject) -> JsonObject:
    def port(value: JsonObject) -> JsonObject:
        return {"name": "", **filled(value, protocol="TCP")}

    return mapped(obj, ("ports",), lambda ports: [port(value) for value in ports])


def _definition(obj: JsonObject) -> JsonObject:
    return mapped(obj, ("spec",), lambda spec: filled(spec, conversion={"strategy": "None"}))


_DEFAULTS: dict[tuple[str, str], Callable[[JsonObject], Any]] = {
    ("", "Pod"): _pod,
    ("", "Service"): _service,
    ("", "Secret"): _secret,
    ("", "Endpoints"): _endpoints,
    ("discovery.k8s.io", "EndpointSlice"): _endpoint_slice,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
}
