"""
Request bodies in Protobuf, which kubectl sends since 1.32 for its typed `create` commands.

A body is the magic `k8s\\0` and a message that names the type and holds the encoded object
(https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding). The field numbers come from the same
tables as the schemas (`schema.kinds`). Only reading is needed: clients accept JSON in answers.
"""

import base64
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from kubeless.core.errors import InvalidInput, shorten
from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.schema import kinds
from kubeless.local.apiserver.schema.kinds import FieldType, KindType, TypeName

MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_DEEPEST = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

WireField = tuple[int, int | bytes]
"""Number and value of a field: an int for numbers, bytes for everything else."""


class ProtobufError(InvalidInput):
    """The Protobuf body cannot be decoded."""


class UnknownKind(ProtobufError):
    """The body holds an object of a kind we have no table for; it must be sent as JSON."""


def decode(body: bytes) -> JsonObject:
    """
    The object in a Protobuf body, as JSON would have it.

    Raises:
        UnknownKind: objects of this kind cannot be read from Protobuf; to be answered with 415.
        ProtobufError: the body is malformed; to be answered with 400.
    """
    if not body.startswith(MAGIC):
        raise ProtobufError(f"the body begins with {shorten(body[:4])}, not with the magic number of Kubernetes")
    envelope = dict(_fields(memoryview(body)[len(MAGIC) :]))
    kind_fields = dict(_fields(_as_bytes(envelope.get(1, b""))))
    api_version, kind = _as_text(kind_fields.get(1, b"")), _as_text(kind_fields.get(2, b""))
    group, _, version = api_version.rpartition("/")
    name = kinds.root(group, version, kind)
    if name is None and kind == "DeleteOptions":  # every group has its own name for the same message
        name = TypeName("meta.v1", kind)
    if name is None:
        subject = f"{kind or 'an object without kind'} in {api_version or 'no version'}"
        raise UnknownKind(f"{subject} cannot be read from Protobuf; send JSON")
    value = _message(_as_bytes(envelope.get(2, b"")), kinds.load(name), 0)
    return {"apiVersion": api_version, "kind": kind, **value}


def _message(data: bytes | memoryview, kind: KindType, depth: int) -> JsonObject:
    if depth > _DEEPEST:
        raise ProtobufError(f"the body is nested deeper than {_DEEPEST} levels")
    fields = {field.number: field for field in kind.fields}
    inlined = dict(kind.inlined)
    result: JsonObject = {}
    for number, value in _fields(data):
        if number in fields:
            _put(result, fields[number], value, depth)
        elif number in inlined:
            result |= _message(_as_bytes(value), kinds.load(inlined[number]), depth + 1)
    return result


def _put(result: JsonObject, field: FieldType, value: int | bytes, depth: int) -> None:
    if field.shape == "map":
        pair = dict(_fields(_as_bytes(value)))
        key = _as_text(pair.get(1, b""))
        result.setdefault(field.name, {})[key] = _value(pair.get(2, b""), field.type, depth)
    elif field.shape == "list":
        result.setdefault(field.name, []).extend(_items(value, field.type, depth))
    else:
        decoded = _value(value, field.type, depth)
        if not _means_nothing(decoded, field):
            result[field.name] = decoded


def _means_nothing(value: Any, field: FieldType) -> bool:
    """Protobuf writes fields that nobody has set; JSON leaves them out."""
    if value is None or value == {}:
        return value is None or field.plain
    return not field.zero and not value and not isinstance(value, dict | list)


def _items(value: int | bytes, kind: TypeName, depth: int) -> Iterator[Any]:
    if kind.name in {"int32", "int64", "bool"} and isinstance(value, bytes):  # several numbers in one field
        view, position = memoryview(value), 0
        while position < len(view):
            number, position = _varint(view, position)
            yield _value(number, kind, depth)
    else:
        yield _value(value, kind, depth)


def _value(value: int | bytes, kind: TypeName, depth: int) -> Any:
    if not kind.scalar:
        return _message(_as_bytes(value), kinds.load(kind), depth + 1)
    match kind.name:
        case "bool":
            return bool(value)
        case "int32" | "int64":
            number = _as_number(value)
            return number - 2**64 if number >= 2**63 else number
        case "double":
            return struct.unpack("<d", struct.pack("<Q", _as_number(value)))[0]
        case "string":
            return _as_text(value)
        case "bytes":
            return base64.b64encode(_as_bytes(value)).decode()
    return _special(_as_bytes(value), kind.name)


def _special(data: bytes, kind: str) -> Any:
    """The types that are messages in Protobuf and something simpler in JSON."""
    fields = dict(_fields(data))
    match kind:
        case "quantity":
            return _as_text(fields.get(1, b""))
        case "intstr":
            number = _as_number(fields.get(2, 0))
            signed = number - 2**64 if number >= 2**63 else number
            return _as_text(fields.get(3, b"")) if fields.get(1) == 1 else signed
        case "time" | "microtime":
            return _timestamp(fields, micro=kind == "microtime")
        case "raw" | "any" | "fields":
            return _json(_as_bytes(fields.get(1, b"")))
    raise UnknownKind("the object has a part that cannot be read from Protobuf; send JSON")


def _timestamp(fields: dict[int, int | bytes], *, micro: bool) -> str | None:
    """RFC 3339; a message without any field is a time that is not set."""
    if not fields:
        return None
    seconds = _as_number(fields.get(1, 0))
    try:
        moment = _EPOCH + timedelta(seconds=seconds - 2**64 if seconds >= 2**63 else seconds)
    except OverflowError as error:
        raise ProtobufError(f"{seconds} seconds is no time") from error
    fraction = f".{_as_number(fields.get(2, 0)) // 1000:06}" if micro else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z" if moment.year > 1 else None


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data) if data else None
    except orjson.JSONDecodeError as error:
        raise ProtobufError("a part of the object that should be JSON is none") from error


def _fields(data: bytes | memoryview) -> Iterator[WireField]:
    """The fields of an encoded message, in their order."""
    view, position = memoryview(data), 0
    while position < len(view):
        tag, position = _varint(view, position)
        wire = tag & 7
        if wire == _VARINT:
            number, position = _varint(view, position)
            yield tag >> 3, number
            continue
        if wire == _BYTES:
            size, position = _varint(view, position)
        elif wire in {_FIXED64, _FIXED32}:
            size = 8 if wire == _FIXED64 else 4
        else:
            raise ProtobufError(f"the body has a field of wire type {wire}, which is not in use")
        if size > len(view) - position:
            raise ProtobufError("the body ends in the middle of a field")
        content = bytes(view[position : position + size])
        position += size
        yield tag >> 3, content if wire == _BYTES else int.from_bytes(content, "little")


def _varint(view: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(view) and shift < 70:
        byte = view[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (2**64 - 1), position
        shift += 7
    raise ProtobufError("the body has a number that does not end")


def _as_bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ProtobufError("the body has a number where a text or message should be")
    return value


def _as_number(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise ProtobufError("the body has a text or message where a number should be")
    return value


def _as_text(value: int | bytes) -> str:
    try:
        return _as_bytes(value).decode()
    except UnicodeDecodeError as error:
        raise ProtobufError("the body has a text that is not UTF-8") from error
