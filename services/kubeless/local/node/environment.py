"""
The environment of a container, made as a kubelet makes it.

First `envFrom`, then `env` in order; a later variable replaces an earlier one, and `$(NAME)` in a value means the
variable as it is at that point (`$$(NAME)` stays). To this comes the little that a process needs from the machine it
runs on.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.local.node.configuration import CONFIG_MAP, SECRET, Configuration
from kubeless.local.node.quantity import parse_quantity

_INHERITED = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ"
    r"|(?i:https?_proxy|no_proxy|all_proxy)"
    r"|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|NODE_OPTIONS"
    r"|PIP_\w+|UV_\w+|(?i:npm_config_\w+)|BUNDLE_\w+|COMPOSER_\w+|JAVA_HOME|MAVEN_(OPTS|ARGS)"
    r"|GO(FLAGS|PATH|CACHE|MODCACHE|PROXY|NOPROXY|PRIVATE|SUMDB|NOSUMDB|INSECURE)"
)
_REFERENCE = re.compile(r"\$\$|\$\(([^()\s]+)\)")
_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")
_FOREIGN_NAME = re.compile(r"[^=\0]+")


@dataclass(frozen=True, slots=True)
class PodFacts:
    """What a container may ask about its pod."""

    pod: JsonObject
    ip: str
    host_ip: str


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """The machine's variables that processes of pods get: where programs and certificates are, proxies, language."""
    return {name: value for name, value in environ.items() if _INHERITED.fullmatch(name)}


def container_environment(container: JsonObject, facts: PodFacts, configuration: Configuration) -> dict[str, str]:
    """
    The variables that a container's spec asks for.

    Raises:
        MissingConfiguration: a ConfigMap or Secret, or a key of it, is not there and not optional.
        InvalidField: a variable that no process can have, or a reference to a field that is not known.
    """
    values = dict(_from_sources(container, configuration))
    for variable in container.get("env") or []:
        name = str(variable.get("name", ""))
        if not _FOREIGN_NAME.fullmatch(name):
            raise InvalidField("env[].name", name, problem="is not a variable's name", remedy="use letters and '_'")
        text = _value(container, variable, facts, configuration, values)
        if text is not None:
            values[name] = text
    for name, value in values.items():
        if "\0" in value:
            raise InvalidField(f"env {name}", value, problem="has a null byte", remedy="remove it")
    return values


def expand(text: str, values: Mapping[str, str]) -> str:
    """Replace `$(NAME)` by the variable's value; unknown names stay as they are, `$$` is a dollar sign."""

    def replace(match: re.Match[str]) -> str:
        return "$" if match[1] is None else values.get(match[1], match[0])

    return _REFERENCE.sub(replace, text)


def _from_sources(container: JsonObject, configuration: Configuration) -> Iterator[tuple[str, str]]:
    for source in container.get("envFrom") or []:
        for kind, key in ((CONFIG_MAP, "configMapRef"), (SECRET, "secretRef")):
            reference = source.get(key)
            if isinstance(reference, dict):
                data = configuration.data(kind, reference, name=str(reference.get("name", "")))
                for name, content in data.items():
                    yield f"{source.get('prefix') or ''}{name}", content.decode(errors="surrogateescape")


def _value(
    container: JsonObject,
    variable: JsonObject,
    facts: PodFacts,
    configuration: Configuration,
    values: Mapping[str, str],
) -> str | None:
    source = variable.get("valueFrom") or {}
    for kind, key in ((CONFIG_MAP, "configMapKeyRef"), (SECRET, "secretKeyRef")):
        if key in source:
            content = configuration.value(kind, source[key])
            return None if content is None else content.decode(errors="surrogateescape")
    if "fieldRef" in source:
        return _field(str(source["fieldRef"].get("fieldPath", "")), facts)
    if "resourceFieldRef" in source:
        return _resource(container, source["resourceFieldRef"])
    return expand(str(variable.get("value") or ""), values)


def _field(path: str, facts: PodFacts) -> str:
    metadata, spec = facts.pod["metadata"], facts.pod["spec"]
    subscript = _SUBSCRIPT.fullmatch(path)
    if subscript:
        return str((metadata.get(subscript[1]) or {}).get(subscript[2], ""))
    known = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
        "status.podIP": facts.ip,
        "status.podIPs": facts.ip,
        "status.hostIP": facts.host_ip,
        "status.hostIPs": facts.host_ip,
    }
    if path not in known:
        raise InvalidField("fieldRef.fieldPath", path, problem="is not known", remedy=f"use one of {', '.join(known)}")
    return str(known[path])


def _resource(container: JsonObject, reference: JsonObject) -> str:
    """The amount in units of the divisor, rounded up; 0 where the container names no amount."""
    section, _, name = str(reference.get("resource", "")).partition(".")
    amount = ((container.get("resources") or {}).get(section) or {}).get(name, "0")
    divisor = str(reference.get("divisor") or "0")
    unit = parse_quantity(divisor) or parse_quantity("1")
    return str(-(-parse_quantity(str(amount)) // unit))
