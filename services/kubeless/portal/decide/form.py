"""
A function as the fields of a form, and the object that a changed form asks for.

Every field is text, so that what two people changed can be compared and shown. What the form does not know stays in the
object as it is: only fields that were changed are written.
"""

import copy
import re
from collections.abc import Callable, Mapping

from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.functionobject import changed_function
from kubeless.manage.functionsettings import FunctionSettings
from kubeless.manage.quantity import is_quantity
from kubeless.manage.source import STORED_LIMIT, stored_source

_ENV_NAME = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]{0,252}")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_LABEL_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


def fields_of(function: JsonObject) -> dict[str, str]:
    """The form of an object."""
    spec = function.get("spec") or {}
    box = container(spec)
    limits = (box.get("resources") or {}).get("limits") or {}
    ports = (spec.get("service") or {}).get("ports") or [{}]
    target = ports[0].get("targetPort") or ports[0].get("port")
    labels = (function.get("metadata") or {}).get("labels") or {}
    env = [each for each in box.get("env") or [] if "valueFrom" not in each]
    return {
        "code": str(spec.get("function") or ""),
        "deps": str(spec.get("deps") or ""),
        "handler": str(spec.get("handler") or ""),
        "runtime": str(spec.get("runtime") or ""),
        "timeout": str(spec.get("timeout") or ""),
        "memory": str(limits.get("memory") or ""),
        "cpu": str(limits.get("cpu") or ""),
        "port": str(target or ""),
        "replicas": "" if spec.get("replicas") is None else str(spec["replicas"]),
        "env": "".join(f"{each.get('name')}={each.get('value') or ''}\n" for each in env),
        "labels": "".join(f"{key}={value}\n" for key, value in sorted(labels.items())),
    }


def is_editable(function: JsonObject) -> bool:
    """Whether its source is text in the object, and not an archive or an address."""
    kind = (function.get("spec") or {}).get("function-content-type") or "text"
    return str(kind) == "text"


def container(spec: JsonObject) -> JsonObject:
    """The function's container in its Deployment template; empty if nothing is said about it."""
    place = spec.get("deployment") or {}
    for key in ("spec", "template", "spec"):
        place = place.get(key) or {}
    return dict((place.get("containers") or [{}])[0])


def apply_fields(function: JsonObject, fields: Mapping[str, str]) -> JsonObject:
    """
    The object with the fields that differ from it written into it.

    Raises:
        InvalidField: a field cannot be used.
    """
    now = fields_of(function)
    new = {name: value for name, value in fields.items() if value != now[name]}
    check_fields(new)
    source = stored_source(new["code"].encode(), name="code") if "code" in new else None
    settings = FunctionSettings(
        runtime=new.get("runtime"),
        handler=new.get("handler"),
        source=source,
        deps=new.get("deps"),
        timeout=new.get("timeout"),
        memory=new.get("memory") or None,
        cpu=new.get("cpu") or None,
        port=int(new["port"]) if new.get("port") else None,
    )
    changed = changed_function(function, settings)
    _put_rest(changed, new)
    return changed


def _put_rest(changed: JsonObject, new: Mapping[str, str]) -> None:
    spec = changed["spec"]
    if "env" in new:
        _put_env(spec, read_pairs("env", new["env"]))
    if "replicas" in new:
        if new["replicas"]:
            spec["replicas"] = int(new["replicas"])
        else:
            spec.pop("replicas", None)
    if "labels" in new:
        changed["metadata"] = {**changed["metadata"], "labels": dict(read_pairs("labels", new["labels"]))}


def _put_env(spec: JsonObject, pairs: list[tuple[str, str]]) -> None:
    deployment = copy.deepcopy(spec.get("deployment") or {})
    place = deployment
    for key in ("spec", "template", "spec"):
        place[key] = place.get(key) or {}
        place = place[key]
    place["containers"] = place.get("containers") or [{"name": ""}]
    box = place["containers"][0]
    kept = [each for each in box.get("env") or [] if "valueFrom" in each]
    box["env"] = [*({"name": name, "value": value} for name, value in pairs), *kept]
    spec["deployment"] = deployment


def read_pairs(field: str, text: str) -> list[tuple[str, str]]:
    """Lines of `name=value`; raises `InvalidField`."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise InvalidField(field, line, problem="is not name=value", remedy="write one name=value in each line")
        found[name.strip()] = value
    return list(found.items())


def check_fields(fields: Mapping[str, str]) -> None:
    """Raises `InvalidField` for the first field that cannot be used."""
    for name, value in fields.items():
        if problem := problem_of(name, value):
            raise InvalidField(name, value, problem="cannot be used", remedy=problem)


def problem_of(name: str, value: str) -> str | None:
    """What is wrong with a field, as one sees it while typing."""
    check = _CHECKS.get(name)
    return check(value) if check else None


def _size(value: str) -> str | None:
    size = len(value.encode())
    return None if size <= STORED_LIMIT else f"{size} bytes are more than a function can hold (1 MiB)"


def _handler(value: str) -> str | None:
    module, dot, function = value.rpartition(".")
    return (
        None if dot and module and function and len(value) < 254 else "Name a file and a function, as in hello.handle"
    )


def _number(least: int, most: int, *, optional: bool) -> Callable[[str], str | None]:
    def check(value: str) -> str | None:
        if not value and optional:
            return None
        is_good = value.isascii() and value.isdecimal() and len(value) < 10 and least <= int(value) <= most
        return None if is_good else f"Give a whole number from {least} to {most}"

    return check


def _quantity(value: str) -> str | None:
    return None if not value or is_quantity(value) else "Give a quantity, such as 128Mi or 500m"


def _env(value: str) -> str | None:
    return _pairs_problem("env", value, lambda name, _: _ENV_NAME.fullmatch(name) is not None)


def _labels(value: str) -> str | None:
    return _pairs_problem(
        "labels",
        value,
        lambda name, text: _LABEL_KEY.fullmatch(name) is not None and _LABEL_VALUE.fullmatch(text) is not None,
    )


def _pairs_problem(field: str, value: str, is_good: Callable[[str, str], bool]) -> str | None:
    try:
        pairs = read_pairs(field, value)
    except InvalidField as error:
        return error.remedy
    bad = next((name for name, text in pairs if not is_good(name, text)), None)
    return None if bad is None else f"{bad[:40]!r} or its value has characters that are not allowed"


_CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "code": _size,
    "deps": _size,
    "handler": _handler,
    "timeout": _number(1, 604_800, optional=True),
    "port": _number(1, 65_535, optional=True),
    "replicas": _number(0, 10_000, optional=True),
    "memory": _quantity,
    "cpu": _quantity,
    "env": _env,
    "labels": _labels,
}
