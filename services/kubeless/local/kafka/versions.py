"""
One shape per request and answer, whatever version the client speaks.

Handlers know the newest version that the broker takes. A request in an older one is raised to it, with the defaults of
the schema for what it does not have; an answer is lowered, which drops what the older version cannot say.
"""

import dataclasses
import datetime
import functools
from collections.abc import Callable
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

Convert = Callable[[Any], Any]  # between classes of kio's schemas, which have no type in common


def convert(entity: Any, target: Any) -> Any:
    """`entity` as a `target`, another version of the same schema."""
    source: Any = type(entity)
    return entity if source is target else _converter(source, target)(entity)


@functools.cache
def _converter(source: Any, target: Any) -> Convert:
    if source is target:
        return lambda entity: entity
    source_hints, target_hints = get_type_hints(source), get_type_hints(target)
    copied: dict[str, Convert | None] = {}
    constants: dict[str, object] = {}
    for field in dataclasses.fields(target):
        hint = target_hints[field.name]
        if field.name in source_hints:
            copied[field.name] = _nested(source_hints[field.name], hint)
        elif field.default is dataclasses.MISSING:
            constants[field.name] = _zero(hint, field.metadata.get("kafka_type", ""))

    def convert_entity(entity: Any) -> Any:
        values = {name: getattr(entity, name) for name in copied}
        for name, nested in copied.items():
            if nested is not None:
                values[name] = nested(values[name])
        return target(**values, **constants)

    return convert_entity


def _nested(source: Any, target: Any) -> Convert | None:
    """How to convert a field that holds structures; None for plain values."""
    source, target = _without_none(source), _without_none(target)
    if get_origin(target) is tuple:
        item = _nested(get_args(source)[0], get_args(target)[0])
        return item and (lambda values: values and tuple(map(item, values)))
    if not dataclasses.is_dataclass(target):
        return None
    structure: Any = target
    return _converter(source, structure)


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (UnionType, Union):
        return next(kind for kind in get_args(hint) if kind is not type(None))
    return hint


def _zero(hint: Any, kafka_type: str) -> object:
    if get_origin(hint) is tuple:
        return ()
    if get_origin(hint) in (UnionType, Union):
        return None
    if kafka_type.startswith("timedelta"):
        return datetime.timedelta(0)
    return {"string": "", "bytes": b""}.get(kafka_type, 0)
