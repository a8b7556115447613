"""
The init containers of a function pod: prepare, install, compile.

A pod whose image brings everything has none of them.
"""

import hashlib

from kubeless.api.function import FunctionSpec
from kubeless.controller.desired.environment import phase_env, variables_of
from kubeless.controller.desired.scripts import CHECK_DEPS, PREPARE
from kubeless.controller.desired.source import SOURCE_PATH, VOLUME_PATH, Source, prepare_env
from kubeless.core.jsontypes import JsonObject
from kubeless.runtimes.runtime import Phase, Runtime

SECRETS_PATH = "/var/run/secrets/kubeless.io"

CONFINED: JsonObject = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
"""Security context of a container, as the restricted Pod Security Standard wants it."""


def init_containers(
    spec: FunctionSpec,
    source: Source,
    runtime: Runtime,
    *,
    provision_image: str,
    user_env: list[JsonObject],
    resources: JsonObject,
    volume: str,
) -> list[JsonObject]:
    """The steps in their order. `volume` is the name of the function's volume, `volume`-deps that of its ConfigMap."""
    prepare = _container("prepare", provision_image, PREPARE, prepare_env(spec, source, runtime), volume)
    prepare["volumeMounts"].append({"name": deps_volume(volume), "mountPath": SOURCE_PATH})
    steps = [prepare]
    if runtime.install and (spec.deps or source.content.brings_deps):
        steps.append(_install(spec, source, runtime, runtime.install, user_env=user_env, volume=volume))
    if runtime.compile:
        values = {"KUBELESS_INSTALL_VOLUME": VOLUME_PATH, "KUBELESS_FUNC_NAME": source.handler.symbol}
        env = [*user_env, *variables_of(values), *phase_env(runtime.compile)]
        steps.append(_phase_container("compile", runtime.compile, runtime.compile.command, env, volume))
    for step in steps:
        step["resources"] = resources
    return steps


def deps_volume(volume: str) -> str:
    """Name of the volume of the ConfigMap; cut, because a volume's name is a DNS label of at most 63 characters."""
    return f"{volume[:58]}-deps"


def secret_volumes(runtime: Runtime) -> list[JsonObject]:
    """Volumes of the Secrets that the runtime's phases need."""
    phases = [phase for phase in (runtime.install, runtime.compile) if phase]
    names = dict.fromkeys(secret for phase in phases for secret in phase.secrets)
    return [{"name": _secret_volume(name), "secret": {"secretName": name}} for name in names]


def _secret_volume(secret: str) -> str:
    """Name of a Secret's volume: a DNS label, though a Secret's name may be longer, and like no other volume's."""
    return f"secret-{hashlib.sha256(secret.encode()).hexdigest()[:12]}"


def _install(
    spec: FunctionSpec, source: Source, runtime: Runtime, phase: Phase, *, user_env: list[JsonObject], volume: str
) -> JsonObject:
    checksum = f"sha256:{hashlib.sha256(spec.deps.encode()).hexdigest()}" if spec.deps else ""
    values = {
        "KUBELESS_INSTALL_VOLUME": VOLUME_PATH,
        "KUBELESS_DEPS_FILE": f"{VOLUME_PATH}/{runtime.dep_name}",
        # A file that comes in the archive is not the one that spec.deps describes.
        "FUNC_DEPS_CHECKSUM": "" if source.content.brings_deps else checksum,
    }
    env = [*user_env, *variables_of(values), *phase_env(phase)]
    return _phase_container("install", phase, CHECK_DEPS + phase.command, env, volume)


def _phase_container(name: str, phase: Phase, command: str, env: list[JsonObject], volume: str) -> JsonObject:
    container = _container(name, phase.image, command, env, volume)
    container["workingDir"] = VOLUME_PATH
    container["volumeMounts"] += [
        {"name": _secret_volume(secret), "mountPath": f"{SECRETS_PATH}/{secret}", "readOnly": True}
        for secret in phase.secrets
    ]
    return container


def _container(name: str, image: str, command: str, env: list[JsonObject], volume: str) -> JsonObject:
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c"],
        "args": [command],
        "env": env,
        "volumeMounts": [{"name": volume, "mountPath": VOLUME_PATH}],
        "securityContext": CONFINED,
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
