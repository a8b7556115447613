"""
Prove that a request is whole before it is decoded.

kio reserves memory for an array as soon as it has read its length, so a hostile length of two billion would abort the
whole process. Here every length is held against the bytes that are left, and the elements of all arrays together
against a bound; what passes, kio can decode within a few milliseconds and megabytes.
"""

import dataclasses
import functools
from collections.abc import Callable
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from kubeless.local.kafka.malformed import Malformed

MAX_ELEMENTS = 100_000
"""Elements of all arrays of a request together; a fetch of ten thousand partitions has a tenth of it."""


@dataclasses.dataclass(slots=True)
class _Walk:
    """A request on its way from value to value."""

    data: bytes
    elements_left: int = MAX_ELEMENTS


Skip = Callable[[_Walk, int], int]
"""Returns the position after a value that starts at a position."""

_FIXED = {
    **dict.fromkeys(("bool", "int8", "uint8"), 1),
    **dict.fromkeys(("int16", "uint16", "error_code"), 2),
    **dict.fromkeys(("int32", "uint32", "timedelta_i32"), 4),
    **dict.fromkeys(("int64", "uint64", "float64", "timedelta_i64", "datetime_i64"), 8),
    "uuid": 16,
}

_MAX_VARINT = 5  # bytes


def check(entity: type, data: bytes, position: int) -> int:
    """
    The position after the `entity` (a class of kio's schemas) that starts at `position` of `data`.

    Raises:
        Malformed: it is not whole.
    """
    try:
        return _skip_entity(entity)(_Walk(data), position)
    except IndexError:
        raise Malformed("the request ends within a value") from None


def skip_tags(data: bytes, position: int) -> int:
    """The position after a section of tagged fields, none of which is looked at."""
    return _skip_tagged({}, _Walk(data), position)


@functools.cache
def _skip_entity(entity: Any) -> Skip:
    hints = get_type_hints(entity)
    plain: list[Skip] = []
    tagged: dict[int, Skip] = {}
    for field in dataclasses.fields(entity):
        skip = _skip_field(hints[field.name], field.metadata.get("kafka_type"), entity.__flexible__)
        if "tag" in field.metadata:
            tagged[field.metadata["tag"]] = skip
        else:
            plain.append(skip)

    def skip_entity(walk: _Walk, position: int) -> int:
        for each in plain:
            position = each(walk, position)
        return _skip_tagged(tagged, walk, position) if entity.__flexible__ else position

    return skip_entity


def _skip_field(hint: Any, kafka_type: str | None, flexible: bool) -> Skip:
    present = _without_none(hint)
    if get_origin(present) is tuple:
        item = get_args(present)[0]
        element = _skip_entity(item) if kafka_type is None else _skip_value(kafka_type, flexible)
        return _skip_array(element, flexible)
    if kafka_type is not None:
        return _skip_value(kafka_type, flexible)
    if present is not hint:
        raise NotImplementedError(f"{hint}: a single structure that may be missing is in no request we take")
    return _skip_entity(present)


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (UnionType, Union):
        return next(kind for kind in get_args(hint) if kind is not type(None))
    return hint


def _skip_value(kafka_type: str, flexible: bool) -> Skip:
    if kafka_type in _FIXED:
        size = _FIXED[kafka_type]
        return lambda walk, position: _advance(walk, position, size)
    if flexible:
        return _skip_compact
    width = 2 if kafka_type == "string" else 4
    return lambda walk, position: _skip_sized(walk, position, width)


def _skip_sized(walk: _Walk, position: int, width: int) -> int:
    start = _advance(walk, position, width)
    return _advance(walk, start, max(_signed(walk, position, width), 0))


def _skip_compact(walk: _Walk, position: int) -> int:
    size, start = _varint(walk, position)
    return _advance(walk, start, max(size - 1, 0))


def _skip_array(skip_item: Skip, flexible: bool) -> Skip:
    def skip_array(walk: _Walk, position: int) -> int:
        if flexible:
            length, position = _varint(walk, position)
            length -= 1
        else:
            start = _advance(walk, position, 4)
            length, position = _signed(walk, position, 4), start
        if length > len(walk.data) - position:
            raise Malformed(f"an array of {length} values does not fit into {len(walk.data) - position} bytes")
        walk.elements_left -= max(length, 0)
        if walk.elements_left < 0:
            raise Malformed(f"the arrays have more than {MAX_ELEMENTS} values")
        for _ in range(length):
            position = skip_item(walk, position)
        return position

    return skip_array


def _skip_tagged(known: dict[int, Skip], walk: _Walk, position: int) -> int:
    count, position = _varint(walk, position)
    if count > len(walk.data) - position:
        raise Malformed(f"{count} tagged fields do not fit into {len(walk.data) - position} bytes")
    for _ in range(count):
        tag, position = _varint(walk, position)
        size, position = _varint(walk, position)
        end = _advance(walk, position, size)
        if tag in known and known[tag](walk, position) != end:
            raise Malformed(f"tagged field {tag} is not as long as it says")
        position = end
    return position


def _advance(walk: _Walk, position: int, size: int) -> int:
    end = position + size
    if end > len(walk.data):
        raise Malformed("the request ends within a value")
    return end


def _signed(walk: _Walk, position: int, width: int) -> int:
    return int.from_bytes(walk.data[position : position + width], "big", signed=True)


def _varint(walk: _Walk, position: int) -> tuple[int, int]:
    value = 0
    for index in range(_MAX_VARINT):
        byte = walk.data[position + index]
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            return value, position + index + 1
    raise Malformed("a number of variable length is too long")
