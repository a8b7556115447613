"""Functions and triggers as the old CLI, old manifests and the old controllers left them."""

from kubeless.cli.migrate.autoscaling import modern_spec
from kubeless.cli.migrate.notes import Notes
from kubeless.cli.schedule import problem_of
from kubeless.core.jsontypes import JsonObject
from kubeless.runtimes.catalog import built_in
from kubeless.runtimes.runtime import UnknownRuntime

_GATEWAYS = ("nginx", "traefik", "kong")
_CLASS = "kubernetes.io/ingress.class"
_DEFAULT_PORT = 8080


def modern_function(function: JsonObject, notes: Notes) -> None:
    """Labels, Service, autoscaler and values that were of another type."""
    metadata, spec = function["metadata"], function.setdefault("spec", {})
    if "function" not in metadata["labels"]:
        metadata["labels"]["function"] = metadata.get("name")
        notes.change(f"label function={metadata.get('name')} is added, which triggers select by")
    timeout = spec.get("timeout")
    if isinstance(timeout, int) and not isinstance(timeout, bool):
        spec["timeout"] = str(timeout)
        notes.change("spec.timeout becomes a string of seconds")
    checksum = spec.get("checksum")
    if checksum and not str(checksum).startswith("sha256:"):
        del spec["checksum"]
        notes.change("spec.checksum goes away, as it is no sha256: digest; the next update of the code writes one")
    _service(spec, metadata["name"], notes)
    _autoscaler(spec, notes)
    _deployment(spec, notes)
    _runtime(str(spec.get("runtime") or ""), notes)


def modern_http_trigger(trigger: JsonObject, notes: Notes) -> None:
    """A class that is an annotation becomes the gateway, and what never had a meaning goes away."""
    metadata, spec = trigger["metadata"], trigger.setdefault("spec", {})
    if "ingress-enabled" in spec:
        del spec["ingress-enabled"]
        notes.change("spec.ingress-enabled goes away; it never had a meaning")
    _gateway(metadata, spec, notes)
    path = spec.get("path")
    if isinstance(path, str) and path.startswith("/"):
        spec["path"] = path.lstrip("/")
        notes.change("spec.path loses its leading slash, which is implied")
    if spec.get("tls") and spec.get("tls-secret"):
        notes.warn("spec.tls and spec.tls-secret exclude each other: remove one; until then nothing is served")
    if spec.get("gateway") == "kong" and spec.get("basic-auth-secret"):
        notes.warn("basic authentication is not supported with kong; use another gateway")


def modern_cronjob_trigger(trigger: JsonObject, notes: Notes) -> None:
    """The schedule was never checked."""
    spec = trigger.setdefault("spec", {})
    problem = problem_of(str(spec.get("schedule") or ""))
    if problem:
        notes.warn(f"spec.schedule cannot be used: {problem}")
    if spec.get("payload") == {}:
        notes.warn(
            "spec.payload is {}, as the old CLI wrote without --payload: calls are POST; remove it to make them GET"
        )


def modern_broker_trigger(trigger: JsonObject, notes: Notes) -> None:
    """The old CLI dropped set-based requirements, and with all of them gone a trigger selected everything."""
    spec = trigger.setdefault("spec", {})
    if not spec.get("topic"):
        notes.warn("spec.topic is empty; nothing is consumed")
    selector = spec.get("functionSelector") or {}
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        notes.warn(
            "spec.functionSelector selects every function of the namespace; the old CLI dropped terms such as"
            " 'a in (b,c)': set them again with 'kubeless trigger … update --function-selector'"
        )


def _service(spec: JsonObject, name: str, notes: Notes) -> None:
    service = spec.get("service")
    if not service:
        return
    if not service.get("selector"):
        service["selector"] = {"function": name}
        notes.change(f"spec.service.selector is added: function={name}; without one there are no endpoints")
    for number, port in enumerate(service.get("ports") or []):
        if not port.get("targetPort"):
            port["targetPort"] = port.get("port") or _DEFAULT_PORT
            notes.change(f"spec.service.ports[{number}].targetPort is added: {port['targetPort']}")
        if port.get("nodePort") == 0:
            del port["nodePort"]
            notes.change(f"spec.service.ports[{number}].nodePort: 0 goes away")


def _autoscaler(spec: JsonObject, notes: Notes) -> None:
    autoscaler = spec.get("horizontalPodAutoscaler")
    if autoscaler is None:
        return
    modern = modern_spec(autoscaler)
    if modern is None:
        del spec["horizontalPodAutoscaler"]
        notes.change("spec.horizontalPodAutoscaler goes away, as it scales nothing")
        return
    if autoscaler.get("apiVersion") == "autoscaling/v2" and autoscaler.get("spec") == modern:
        return
    metadata = {key: value for key, value in (autoscaler.get("metadata") or {}).items() if value is not None}
    spec["horizontalPodAutoscaler"] = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata,
        "spec": modern,
    }
    old = autoscaler.get("apiVersion") or "autoscaling/v2beta1"
    notes.change(f"spec.horizontalPodAutoscaler becomes autoscaling/v2, metrics included (was {old})")


def _deployment(spec: JsonObject, notes: Notes) -> None:
    deployment = spec.get("deployment") or {}
    version = deployment.get("apiVersion")
    if version and version != "apps/v1":
        deployment["apiVersion"] = "apps/v1"
        notes.change(f"spec.deployment.apiVersion {version} becomes apps/v1")
    pod = ((deployment.get("spec") or {}).get("template") or {}).get("spec") or {}
    holders = [(pod, "volumes"), *((each, "volumeMounts") for each in pod.get("containers") or [])]
    for holder, key in holders:
        items = holder.get(key) or []
        unique = [each for number, each in enumerate(items) if each not in items[:number]]
        if len(unique) != len(items):
            holder[key] = unique
            notes.change(f"repeated {key} go away, which 'function update --secrets' of old left")


def _runtime(runtime: str, notes: Notes) -> None:
    if not runtime:
        return
    try:
        built_in().resolve(runtime)
    except UnknownRuntime:
        notes.warn(f"runtime {runtime[:63]} is not built in: add it to kubeless-config, or choose another")


def _gateway(metadata: JsonObject, spec: JsonObject, notes: Notes) -> None:
    annotations = metadata.get("annotations") or {}
    given = annotations.get(_CLASS)
    if given is None:
        return
    if given not in _GATEWAYS:
        notes.warn(f"annotation {_CLASS}: {given} goes on as ingressClassName of the Ingress")
        return
    spec["gateway"] = given
    del annotations[_CLASS]
    if not annotations:
        del metadata["annotations"]
    notes.change(f"annotation {_CLASS} becomes spec.gateway: {given}")
