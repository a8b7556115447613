"""
What a URL path of the Kubernetes API points at.

Each segment is decoded on its own, after the path was split: an encoded slash cannot make a new segment. Names that
could not be names are refused here, before anything looks them up.
https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
"""

from dataclasses import dataclass
from urllib.parse import unquote

from kubeless.local.apiserver.names import path_segment_problem
from kubeless.local.apiserver.status import bad_request, no_such_path

_LONGEST_PATH = 8 * 1024
_LONGEST_NAME = 253
_NAMESPACE_SUBRESOURCES = {"status", "finalize"}


@dataclass(frozen=True, slots=True)
class Target:
    """A type (`name` is empty), an object, or a sub-resource of an object. `rest` is what follows it, still encoded."""

    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""


def parse_target(path: str) -> Target:
    """
    The target of a raw (still encoded) path below `/api/<version>/` or `/apis/<group>/<version>/`.

    Raises:
        ApiError: 404 when the path has no such form, 400 when a segment cannot be a name.
    """
    if len(path) > _LONGEST_PATH:
        raise bad_request(f"the path has {len(path)} characters, more than {_LONGEST_PATH}")
    segments = path.strip("/").split("/")
    if segments[0] == "api":
        return _below("", segments[1:])
    if segments[0] == "apis" and len(segments) > 1:
        return _below(_segment(segments[1]), segments[2:])
    raise no_such_path()


def _below(group: str, segments: list[str]) -> Target:
    """`segments` are version, then [namespaces, namespace,] plural[, name[, sub-resource[, rest…]]]."""
    if len(segments) < 2:
        raise no_such_path()
    version, *places = segments
    namespace = ""
    if places[0] == "namespaces" and len(places) > 2 and (group or places[2] not in _NAMESPACE_SUBRESOURCES):
        namespace, places = _segment(places[1]), places[2:]
    decoded = [_segment(place) for place in places[:3]] + [""] * (3 - len(places[:3]))
    plural, name, subresource = decoded
    return Target(group, _segment(version), plural, namespace, name, subresource, "/".join(places[3:]))


def _segment(raw: str) -> str:
    try:
        text = unquote(raw, errors="strict")
    except UnicodeDecodeError:
        raise bad_request("the path is not UTF-8") from None
    problem = path_segment_problem(text)
    if not text or problem or not text.isprintable() or len(text) > _LONGEST_NAME + 16:
        raise bad_request(f"invalid path segment {text[:64]!r}: {problem or 'it cannot be a name'}")
    return text
