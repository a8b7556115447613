"""Rules for ConfigMaps and Secrets."""

import base64
from collections.abc import Iterator

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver import names
from kubeless.local.apiserver.problems import FieldProblem, entry, forbidden, invalid, required, too_long
from kubeless.local.apiserver.rules.metadata import immutable

_MOST_BYTES = 1024 * 1024
_NEEDED_KEYS = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}


def config_map_problems(obj: JsonObject, old: JsonObject | None) -> Iterator[FieldProblem]:
    texts, binaries = obj.get("data", {}), obj.get("binaryData", {})
    yield from _key_problems(texts, "data")
    yield from _key_problems(binaries, "binaryData")
    for key in sorted(texts.keys() & binaries.keys()):
        yield invalid(entry("data", key), key, "duplicate of key present in binaryData")
    size = sum(len(text.encode()) for text in texts.values()) + sum(map(_decoded_size, binaries.values()))
    if size > _MOST_BYTES:
        yield too_long("", _MOST_BYTES)
    yield from _immutable_problems(obj, old, ("data", "binaryData"))


def secret_problems(obj: JsonObject, old: JsonObject | None) -> Iterator[FieldProblem]:
    data = obj.get("data", {})
    yield from _key_problems(data, "data")
    if sum(map(_decoded_size, data.values())) > _MOST_BYTES:
        yield too_long("data", _MOST_BYTES)
    for key in _NEEDED_KEYS.get(obj["type"], ()):
        if key not in data:
            yield required(entry("data", key))
    if obj["type"] == "kubernetes.io/basic-auth" and not data.keys() & {"username", "password"}:
        yield required(entry("data", "username"))
        yield required(entry("data", "password"))
    if old is not None:
        yield from immutable(obj["type"], old.get("type", "Opaque"), "type")
    yield from _immutable_problems(obj, old, ("data",))


def _key_problems(data: JsonObject, path: str) -> Iterator[FieldProblem]:
    for key in data:
        problem = names.config_key_problem(key)
        if problem:
            yield invalid(entry(path, key), key, problem)


def _immutable_problems(obj: JsonObject, old: JsonObject | None, parts: tuple[str, ...]) -> Iterator[FieldProblem]:
    if old is None or old.get("immutable") is not True:
        return
    if obj.get("immutable") is not True:
        yield forbidden("immutable", "field is immutable when `immutable` is set")
    for name in parts:
        if obj.get(name, {}) != old.get(name, {}):
            yield forbidden(name, "field is immutable when `immutable` is set")


def _decoded_size(text: str) -> int:
    return len(base64.b64decode(text))
