"""The pod template of a function: what a person gave in `spec.deployment`, with server, steps and limits added."""

from kubeless.api.function import Function
from kubeless.controller.config import Config
from kubeless.controller.desired.environment import server_env
from kubeless.controller.desired.ownership import child_annotations, child_labels, pod_selector
from kubeless.controller.desired.ports import FunctionPort, function_port
from kubeless.controller.desired.shape import member, objects, texts
from kubeless.controller.desired.source import VOLUME_PATH, Source
from kubeless.controller.desired.steps import CONFINED, deps_volume, init_containers, secret_volumes
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.runtimes.runtime import Runtime

_TEMPLATE = "spec.deployment.spec.template"
_SPEC = f"{_TEMPLATE}.spec"


def fill_template(
    template: JsonObject, function: Function, source: Source | None, runtime: Runtime | None, config: Config
) -> None:
    """
    Add to a pod template, in place, all that makes it run the function.

    `runtime` may be None only for a template whose first container has an image. Raises InvalidField for parts of the
    template that cannot be used.
    """
    port = function_port(function.spec)
    _fill_metadata(member(template, "metadata", _TEMPLATE), function, port)
    pod = member(template, "spec", _TEMPLATE)
    containers = objects(pod, "containers", _SPEC)
    if not containers:
        containers.append({})
    for container in containers:
        container.setdefault("securityContext", CONFINED)
        container.setdefault("terminationMessagePolicy", "FallbackToLogsOnError")
    server = containers[0]
    # The CLI writes an init container for the sake of its resources; it is not run.
    given_steps = objects(pod, "initContainers", _SPEC)
    resources = member(dict(given_steps[0]), "resources", f"{_SPEC}.initContainers[0]") if given_steps else {}
    pod.pop("initContainers")
    user_env = list(objects(server, "env", f"{_SPEC}.containers[0]"))
    own_image = bool(server.get("image"))
    _fill_server(server, function, source, runtime, port)
    if not own_image:
        _fill_from_source(pod, function, source, runtime, config, user_env=user_env, resources=resources)
    _fill_defaults(pod, function)
    _add_pull_secrets(pod, config, runtime)


def _fill_metadata(metadata: JsonObject, function: Function, port: FunctionPort) -> None:
    metadata["labels"] = {**texts(metadata, "labels", f"{_TEMPLATE}.metadata"), **child_labels(function)}
    metadata["annotations"] = {
        **texts(metadata, "annotations", f"{_TEMPLATE}.metadata"),
        **child_annotations(function.metadata),
        "prometheus.io/scrape": "true",
        "prometheus.io/path": "/metrics",
        "prometheus.io/port": str(port.number),
    }


def _fill_server(
    server: JsonObject, function: Function, source: Source | None, runtime: Runtime | None, port: FunctionPort
) -> None:
    path = f"{_SPEC}.containers[0]"
    server["name"] = function.metadata.name
    server["env"] = [
        *objects(server, "env", path),
        *server_env(function.spec, source, runtime, container=server, port=port),
    ]
    ports = objects(server, "ports", path)
    if all(given.get("containerPort") != port.number for given in ports):
        ports.append({"containerPort": port.number, **({"name": port.name} if port.name else {})})
    healthy = {"httpGet": {"path": "/healthz", "port": port.number}}
    server.setdefault("readinessProbe", {**healthy, "periodSeconds": 1})
    liveness = runtime.liveness_probe if runtime else None
    server.setdefault("livenessProbe", liveness or {**healthy, "initialDelaySeconds": 3, "periodSeconds": 30})


def _fill_from_source(
    pod: JsonObject,
    function: Function,
    source: Source | None,
    runtime: Runtime | None,
    config: Config,
    *,
    user_env: list[JsonObject],
    resources: JsonObject,
) -> None:
    if source is None or runtime is None or not function.spec.function:
        raise InvalidField(
            "spec.function", "", problem="is empty", remedy="give the source, or an image in spec.deployment"
        )
    server = pod["containers"][0]
    server["image"] = runtime.run.image
    volume = function.metadata.name
    objects(server, "volumeMounts", f"{_SPEC}.containers[0]").append({"name": volume, "mountPath": VOLUME_PATH})
    pod["volumes"] = [
        *objects(pod, "volumes", _SPEC),
        {"name": volume, "emptyDir": {}},
        {"name": deps_volume(volume), "configMap": {"name": function.metadata.name}},
        *secret_volumes(runtime),
    ]
    pod["initContainers"] = init_containers(
        function.spec,
        source,
        runtime,
        provision_image=config.provision_image,
        user_env=user_env,
        resources=resources,
        volume=volume,
    )


def _fill_defaults(pod: JsonObject, function: Function) -> None:
    # The restricted Pod Security Standard. An empty one that is given stays empty: OpenShift chooses the user itself.
    pod.setdefault(
        "securityContext",
        {"runAsUser": 1000, "fsGroup": 1000, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    )
    spread = {
        "weight": 100,
        "podAffinityTerm": {
            "labelSelector": {"matchLabels": pod_selector(function)},
            "topologyKey": "kubernetes.io/hostname",
        },
    }
    pod.setdefault("affinity", {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [spread]}})


def _add_pull_secrets(pod: JsonObject, config: Config, runtime: Runtime | None) -> None:
    names = [*config.pull_secrets, *(runtime.image_pull_secrets if runtime else ())]
    secrets = objects(pod, "imagePullSecrets", _SPEC)
    known = [secret.get("name") for secret in secrets]
    secrets += [{"name": name} for name in dict.fromkeys(names) if name not in known]
    if not secrets:
        pod.pop("imagePullSecrets")
