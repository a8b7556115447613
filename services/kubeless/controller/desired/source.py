"""
The source of a function on its way from the spec to the pod.

It travels as keys of a ConfigMap, mounted at /src; the prepare step puts it into the function's volume at /kubeless.
"""

from dataclasses import dataclass

from kubeless.api.contenttype import ContentType, parse_content_type
from kubeless.api.function import FunctionSpec
from kubeless.api.handler import Handler, parse_handler
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.runtimes.runtime import Runtime

VOLUME_PATH = "/kubeless"
SOURCE_PATH = "/src"

LARGEST_CONFIG_MAP = 1 << 20
"""Bytes of data that the API server takes in one ConfigMap."""


@dataclass(frozen=True, slots=True)
class Source:
    """A function that brings a source, as opposed to an image that holds everything."""

    handler: Handler
    content: ContentType
    key: str
    """Of the ConfigMap. Only what is a single file gets the suffix."""
    target: str
    """Where a single file goes."""


def find_source(spec: FunctionSpec, runtime: Runtime | None) -> Source | None:
    """
    The source, or None for a function that has neither handler nor source.

    Raises InvalidField if there is one without the other, or the handler or content type cannot be read.
    """
    if not spec.handler and not spec.function:
        return None
    if not spec.handler:
        raise InvalidField("spec.handler", "", problem="is empty", remedy="name what to call in spec.function")
    handler = parse_handler(spec.handler)
    content = parse_content_type(spec.function_content_type)
    file_name = handler.module + (runtime.suffix if runtime else "")
    single = spec.function_content_type in ("", "text", "url", "base64")
    return Source(handler, content, file_name if single else handler.module, f"{VOLUME_PATH}/{file_name}")


def config_map_data(spec: FunctionSpec, source: Source | None, runtime: Runtime | None) -> dict[str, str]:
    """The data of the function's ConfigMap."""
    if source is None:
        return {}
    data = {"handler": spec.handler}
    if runtime and runtime.dep_name:
        data[runtime.dep_name] = spec.deps
    # Last, so that a module called like another key still is what runs.
    data[source.key] = spec.function
    _check_size(data)
    return data


def _check_size(data: dict[str, str]) -> None:
    size = sum(len(value.encode(errors="surrogatepass")) for value in data.values())
    if size > LARGEST_CONFIG_MAP:
        raise InvalidField(
            "spec.function",
            f"{size} bytes with its dependencies",
            problem=f"is too large for a ConfigMap, which holds {LARGEST_CONFIG_MAP} bytes",
            remedy="give the URL of an archive, with function-content-type url+zip or url+compressedtar",
        )


def prepare_env(spec: FunctionSpec, source: Source, runtime: Runtime) -> list[JsonObject]:
    """What the prepare step must know. It comes as environment, so that no value is ever read as shell."""
    brings_url = source.content.encoding == "url"
    copies_deps = runtime.dep_name and not source.content.brings_deps
    values = {
        "FUNC_CONTENT_TYPE": spec.function_content_type,
        "FUNC_CHECKSUM": spec.checksum,
        "FUNC_SOURCE": spec.function.strip() if brings_url else f"{SOURCE_PATH}/{source.key}",
        "FUNC_TARGET": source.target,
        "FUNC_DEPS": f"{SOURCE_PATH}/{runtime.dep_name}" if copies_deps else "",
        "KUBELESS_INSTALL_VOLUME": VOLUME_PATH,
    }
    return [{"name": name, "value": literal(value)} for name, value in values.items()]


def literal(value: str) -> str:
    """A value for a container's environment that means itself: Kubernetes would expand `$(NAME)` in it."""
    return value.replace("$(", "$$(")
