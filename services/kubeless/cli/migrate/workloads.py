"""Objects that stand beside functions in old folders of manifests, of API versions that are served no more."""

from collections.abc import Mapping

from kubeless.cli.migrate.autoscaling import modern_spec
from kubeless.cli.migrate.notes import Notes
from kubeless.core.jsontypes import JsonObject

_CLASS = "kubernetes.io/ingress.class"

API_VERSIONS: Mapping[tuple[str, str], str] = {
    **{
        (old, kind): "apps/v1"
        for old in ("extensions/v1beta1", "apps/v1beta1", "apps/v1beta2")
        for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
    },
    **{(old, "Ingress"): "networking.k8s.io/v1" for old in ("extensions/v1beta1", "networking.k8s.io/v1beta1")},
    ("extensions/v1beta1", "NetworkPolicy"): "networking.k8s.io/v1",
    ("batch/v1beta1", "CronJob"): "batch/v1",
    ("batch/v2alpha1", "CronJob"): "batch/v1",
    **{
        (f"autoscaling/{old}", "HorizontalPodAutoscaler"): "autoscaling/v2"
        for old in ("v2alpha1", "v2beta1", "v2beta2")
    },
    **{
        (f"{group}{old}", kind): "rbac.authorization.k8s.io/v1"
        for group, old in (("rbac.authorization.k8s.io/", "v1beta1"), ("rbac.authorization.k8s.io/", "v1alpha1"))
        for kind in ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
    },
    **{
        ("v1", kind): "rbac.authorization.k8s.io/v1"  # as the manifest for OpenShift has it
        for kind in ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
    },
    ("apiregistration.k8s.io/v1beta1", "APIService"): "apiregistration.k8s.io/v1",
    ("policy/v1beta1", "PodDisruptionBudget"): "policy/v1",
    **{
        ("monitoring.coreos.com/v1alpha1", kind): "monitoring.coreos.com/v1"
        for kind in ("ServiceMonitor", "Prometheus", "Alertmanager")
    },
}
"""By the version and kind that an object has."""


def modern_autoscaler(autoscaler: JsonObject, notes: Notes) -> None:
    """The metrics in the form of autoscaling/v2; autoscaling/v1 is still served and stays."""
    if autoscaler.get("apiVersion") != "autoscaling/v2":
        return
    modern = modern_spec(autoscaler)
    if modern is not None and modern != autoscaler.get("spec"):
        autoscaler["spec"] = modern
        notes.change("metrics and target are those of autoscaling/v2")


def modern_ingress(ingress: JsonObject, notes: Notes) -> None:
    """Backends, path types and the class."""
    metadata, spec = ingress.setdefault("metadata", {}), ingress.setdefault("spec", {})
    annotations = metadata.get("annotations") or {}
    if _CLASS in annotations and "ingressClassName" not in spec:
        spec["ingressClassName"] = annotations.pop(_CLASS)
        notes.change(f"annotation {_CLASS} becomes spec.ingressClassName: {spec['ingressClassName']}")
        if not annotations:
            del metadata["annotations"]
    if "backend" in spec:
        spec["defaultBackend"] = _backend(spec.pop("backend"))
        notes.change("spec.backend becomes spec.defaultBackend")
    changed = False
    for rule in spec.get("rules") or []:
        for path in (rule.get("http") or {}).get("paths") or []:
            changed = _path(path) or changed
    if changed:
        notes.change("backends and path types are those of networking.k8s.io/v1")


def modern_deployment(workload: JsonObject, notes: Notes) -> None:
    """The selector has to be written in apps/v1; before, it was the labels of the template."""
    spec = workload.setdefault("spec", {})
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if not spec.get("selector") and labels:
        spec["selector"] = {"matchLabels": dict(labels)}
        notes.change("spec.selector is added: the labels of the pod template")
    if "rollbackTo" in spec:
        del spec["rollbackTo"]
        notes.change("spec.rollbackTo goes away")


def modern_cronjob(cronjob: JsonObject, notes: Notes) -> None:
    """The old controller's CronJobs name an owner of a kind that does not exist, so nothing ever removes them."""
    owners = (cronjob.get("metadata") or {}).get("ownerReferences") or []
    if any(owner.get("kind") == "Trigger" for owner in owners):
        notes.warn("was made by the old cronjob controller; schedules need no CronJob any more: delete it")


def modern_crd(definition: JsonObject, notes: Notes) -> JsonObject | None:
    """Definitions of Kubeless are replaced as a whole; those of others need a schema that only they know."""
    group = (definition.get("spec") or {}).get("group")
    if group != "kubeless.io":
        if definition.get("apiVersion") != "apiextensions.k8s.io/v1":
            notes.warn(f"{definition.get('apiVersion')} is served no more, and v1 needs a schema: ask whose it is")
        return definition
    from kubeless.api.crds import custom_resource_definitions

    name = (definition.get("metadata") or {}).get("name")
    for current in custom_resource_definitions():
        if current["metadata"]["name"] == name:
            if current != definition:
                notes.change("is replaced by the definition of today, as 'kubeless crds' prints it")
            return current
    notes.warn("is left out: this kind is not supported")
    return None


def _path(path: JsonObject) -> bool:
    changed = False
    if "serviceName" in (path.get("backend") or {}):
        path["backend"] = _backend(path["backend"])
        changed = True
    if "pathType" not in path:
        path["pathType"] = "ImplementationSpecific"
        changed = True
    return changed


def _backend(backend: JsonObject) -> JsonObject:
    if "serviceName" not in backend:
        return backend
    port = backend.get("servicePort")
    named = {"name": port} if isinstance(port, str) and not port.isdecimal() else {"number": int(port or 0)}
    return {"service": {"name": backend["serviceName"], "port": named}}
