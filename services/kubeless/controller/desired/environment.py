"""The environment of a function's containers, in an order that never changes: another one would be a rollout."""

from collections.abc import Mapping

from kubeless.api.function import FunctionSpec
from kubeless.controller.desired.ports import FunctionPort
from kubeless.controller.desired.shape import member
from kubeless.controller.desired.source import VOLUME_PATH, Source, literal
from kubeless.core.jsontypes import JsonObject
from kubeless.runtimes.runtime import Phase, Runtime


def server_env(
    spec: FunctionSpec, source: Source | None, runtime: Runtime | None, *, container: JsonObject, port: FunctionPort
) -> list[JsonObject]:
    """What the function's server is told, after the variables that a person gave."""
    values: dict[str, str] = {}
    if source is not None and spec.function:
        values |= {
            "FUNC_HANDLER": source.handler.symbol,
            "MOD_NAME": source.handler.module,
            "FUNC_TIMEOUT": seconds_text(spec.timeout),
            "FUNC_RUNTIME": spec.runtime,
            "FUNC_MEMORY_LIMIT": _memory_limit(container),
        }
    values["FUNC_PORT"] = str(port.number)
    variables = variables_of(values)
    if runtime is not None:
        variables += [*variables_of({"KUBELESS_INSTALL_VOLUME": VOLUME_PATH}), *phase_env(runtime.run)]
    return variables


def variables_of(values: Mapping[str, str]) -> list[JsonObject]:
    """Variables whose values mean themselves."""
    return [{"name": name, "value": literal(value)} for name, value in values.items()]


def phase_env(phase: Phase) -> list[JsonObject]:
    """Variables of a runtime's phase, which may refer to the ones before them."""
    return [{"name": name, "value": value} for name, value in phase.env.items()]


def seconds_text(seconds: float) -> str:
    """Seconds as the runtimes read them: `180`, not `180.0`."""
    return str(int(seconds)) if seconds == int(seconds) else str(seconds)


def _memory_limit(container: JsonObject) -> str:
    path = "spec.deployment.spec.template.spec.containers[0]"
    limits = member(member(dict(container), "resources", path), "limits", f"{path}.resources")
    return str(limits.get("memory") or "0")
