"""Which rules hold for which built-in kind."""

from collections.abc import Callable, Iterator

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.problems import FieldProblem
from kubeless.local.apiserver.resources import ResourceType
from kubeless.local.apiserver.rules import data, network, pods, small, workloads

Rule = Callable[[JsonObject, JsonObject | None], Iterator[FieldProblem]]

_RULES: dict[tuple[str, str], Rule] = {
    ("", "ConfigMap"): data.config_map_problems,
    ("", "Secret"): data.secret_problems,
    ("", "Event"): small.event_problems,
    ("", "Pod"): pods.pod_problems,
    ("", "Service"): network.service_problems,
    ("apps", "Deployment"): workloads.deployment_problems,
    ("apps", "ReplicaSet"): workloads.replica_set_problems,
    ("autoscaling", "HorizontalPodAutoscaler"): small.autoscaler_problems,
    ("batch", "CronJob"): workloads.cron_job_problems,
    ("batch", "Job"): workloads.job_problems,
    ("coordination.k8s.io", "Lease"): small.lease_problems,
    ("discovery.k8s.io", "EndpointSlice"): network.endpoint_slice_problems,
    ("networking.k8s.io", "Ingress"): network.ingress_problems,
}


def kind_problems(obj: JsonObject, old: JsonObject | None, resource: ResourceType) -> list[FieldProblem]:
    """What the rules of its kind have against an object whose types are right."""
    rule = _RULES.get((resource.group, resource.kind))
    return [] if rule is None else list(rule(obj, old))
