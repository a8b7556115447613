"""
Request bodies, from bytes to a JSON object: JSON, YAML, or the protobuf that newer kubectl sends for a few kinds.

Bodies are bounded, in size and in depth. YAML has no aliases (a few lines could stand for gigabytes) and no types
besides those of JSON.
"""

import asyncio
import re
from typing import Any

import orjson
import yaml
from aiohttp import web

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver import protobuf
from kubeless.local.apiserver.depth import MAX_DEPTH, is_too_deep, too_deep
from kubeless.local.apiserver.negotiation import JSON, PROTOBUF, YAML
from kubeless.local.apiserver.status import ApiError, bad_request, too_large, unsupported_media_type

MAX_BODY = 3 * 1024 * 1024
_ON_LOOP = 32 * 1024
"""YAML up to this size is parsed on the event loop; more would hold it up (about 1 s for 1 MiB)."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _JsonLoader(_Loader):  # type: ignore[misc] # the C loader has no types
    """YAML as Kubernetes reads it: dates stay text, and `y` and `n` are booleans as YAML 1.1 has them."""

    bool_values = {**yaml.SafeLoader.bool_values, "y": True, "n": False}  # noqa: RUF012 # read by PyYAML
    yaml_implicit_resolvers = {  # noqa: RUF012 # PyYAML reads the class attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_JsonLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("[yYnN]$"), list("yYnN"))


async def read_body(request: web.Request) -> bytes:
    """The whole body. Raises ApiError 413 if it is larger than `MAX_BODY`."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise too_large(MAX_BODY) from error


async def decode_object(body: bytes, media_type: str) -> JsonObject:
    """
    The object in a body.

    Raises:
        ApiError: 400 if it is none, 415 if the media type, or the kind in a protobuf body, is not known.
    """
    if media_type in {JSON, "", "application/octet-stream"}:
        value = parse_json(body)
    elif media_type in {YAML, "application/x-yaml", "text/yaml"}:
        value = await decode_yaml(body)
    elif media_type == PROTOBUF:
        value = _parse_protobuf(body)
    else:
        raise unsupported_media_type((JSON, YAML, PROTOBUF), media_type)
    if not isinstance(value, dict):
        raise bad_request("the body of the request must be an object")
    return value


def parse_json(body: bytes) -> Any:
    """Raises ApiError 400 for what is no JSON or is nested too deeply."""
    try:
        return _loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"the object provided is unrecognized (must be of type JSON): {error}") from error


async def decode_yaml(body: bytes) -> Any:
    """
    YAML or JSON; JSON is tried first, for it is what most clients send even as YAML.

    Raises:
        ApiError: 400 for what is neither, or is nested too deeply.
    """
    try:
        return _loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        if len(body) <= _ON_LOOP:
            return _parse_yaml(body)
        return await asyncio.to_thread(_parse_yaml, body)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise bad_request(f"error converting YAML to JSON: {str(error)[:500]}") from error


def _loads(body: bytes) -> Any:
    value = orjson.loads(body)
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and is_too_deep(value):
        raise too_deep()
    return value


def _parse_yaml(body: bytes) -> Any:
    _check_yaml(body)
    # By way of JSON text: whatever YAML knows and JSON does not (dates, sets, bytes, odd keys) ends here.
    value = yaml.load(body, Loader=_JsonLoader)  # noqa: S506 # a SafeLoader, restricted further
    try:
        return orjson.loads(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))
    except TypeError as error:
        raise ValueError(f"not representable as JSON: {error}") from error


def _check_yaml(body: bytes) -> None:
    """Refuse aliases and depth while they are but events: composing nodes recurses in C, until the process is gone."""
    depth = 0
    for event in yaml.parse(body, Loader=_JsonLoader):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not supported")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise too_deep()
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _parse_protobuf(body: bytes) -> Any:
    try:
        return protobuf.decode(body)
    except protobuf.UnknownKind as error:
        raise ApiError(415, "UnsupportedMediaType", str(error)) from error
    except KubelessError as error:
        raise bad_request(f"the protobuf body cannot be read: {error}") from error
