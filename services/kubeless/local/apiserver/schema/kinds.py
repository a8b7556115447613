"""
The built-in kinds as data: fields, types, list keys and Protobuf numbers, in a notation of our own.

One file for each API group and version lies in `kinds/`. A type begins in the first column; each line below is a field:

    Container "A program that runs in the pod."
      1 name! string "Name of the container, unique in the pod."
      6 ports [ContainerPort] map=containerPort,protocol merge=containerPort
      9 resources ResourceRequirements

- The number is the field's number in Protobuf; `*` instead of a name puts the fields of the named type in its place.
- `!` marks what an object cannot do without.
- `[x]` is a list, `{x}` a map from strings. Lower-case types: string, bool, int32, int64, double, bytes (base64 in
  JSON), quantity, intstr, time, microtime, `object` (fields we do not list), `any` and `raw` (any JSON), `fields`
  (FieldsV1).
  `core.X` and `meta.X` are types of those files.
- Marks: `map=<keys>`, `set`, `atomic` (how server-side apply merges a list; `atomic` also for a map or a whole type),
  `merge=<key>`, `merge`, `retainKeys` (how a strategic merge patch merges it). For Protobuf, which writes values that
  are not set: `zero` (a scalar whose zero means something), `plain` (an object that means nothing if it is empty, as
  is the case for metadata, spec, status and template).

Files are read when first asked for: most commands never need them.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

_FIELD = re.compile(
    r'  (?P<number>\d+) (?P<name>[\w$*]+)(?P<required>!?) (?P<type>[\w.\[\]{}]+)(?P<marks>[^"]*)(?:"(?P<text>.*)")?'
)
_TYPE = re.compile(r'(?P<name>\w+)(?P<atomic> atomic)?(?: "(?P<text>.*)")?')
_PLAIN = frozenset({"metadata", "spec", "status", "template"})


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type of a file: `("core.v1", "Container")`. Scalars have an empty file."""

    file: str
    name: str

    @property
    def scalar(self) -> bool:
        return not self.file


@dataclass(frozen=True, slots=True)
class FieldType:
    """One field of a type."""

    name: str
    number: int
    type: TypeName
    """The type of the value, or of each item of a list or map."""
    shape: str
    """`one`, `list` or `map`."""
    required: bool
    list_type: str
    """`map`, `set`, `atomic` or ""."""
    list_keys: tuple[str, ...]
    merge: bool
    """A strategic merge patch merges the list instead of replacing it."""
    merge_key: str
    """"" for lists of scalars."""
    retain_keys: bool
    zero: bool
    """A zero, false or "" that Protobuf carries was set by somebody."""
    plain: bool
    """An empty object that Protobuf carries was not."""
    description: str


@dataclass(frozen=True, slots=True)
class KindType:
    """A type with its own fields; those of inlined types are among them, each with the path of numbers to it."""

    name: TypeName
    atomic: bool
    description: str
    fields: tuple[FieldType, ...]
    inlined: tuple[tuple[int, TypeName], ...]


def load(name: TypeName) -> KindType:
    """The type; raises KeyError if there is none of that name."""
    return _read(name.file)[name.name]


def all_fields(kind: KindType) -> dict[str, FieldType]:
    """The fields as JSON has them, those of inlined types included."""
    fields = {field.name: field for field in kind.fields}
    for _number, inlined in kind.inlined:
        fields |= all_fields(load(inlined))
    return fields


def root(group: str, version: str, kind: str) -> TypeName | None:
    """The type of a kind of object, None if it is not built in."""
    name = TypeName(f"{group or 'core'}.{version}", kind)
    try:
        load(name)
    except (KeyError, FileNotFoundError):
        return None
    return name


@cache
def _read(file: str) -> dict[str, KindType]:
    """All types of a file. The name is looked up among the files that exist: it may come from a request."""
    folder = resources.files("kubeless.local.apiserver.schema").joinpath("kinds")
    known = {entry.name: entry for entry in folder.iterdir()}
    if f"{file}.txt" not in known:
        raise FileNotFoundError(file)
    text = known[f"{file}.txt"].read_text("utf-8")
    return {kind.name.name: kind for kind in (_kind(file, block.splitlines()) for block in text.strip().split("\n\n"))}


def _kind(file: str, lines: list[str]) -> KindType:
    head = _TYPE.fullmatch(lines[0])
    if head is None:
        raise ValueError(f"{file}: {lines[0]!r} does not begin a type")
    fields: list[FieldType] = []
    inlined: list[tuple[int, TypeName]] = []
    for line in lines[1:]:
        field = _field(file, line)
        if field.name == "*":
            inlined.append((field.number, field.type))
        else:
            fields.append(field)
    return KindType(
        TypeName(file, head["name"]), bool(head["atomic"]), head["text"] or "", tuple(fields), tuple(inlined)
    )


def _field(file: str, line: str) -> FieldType:
    match = _FIELD.fullmatch(line)
    if match is None:
        raise ValueError(f"{file}: {line!r} is no field")
    marks = dict(mark.partition("=")[::2] for mark in match["marks"].split())
    shape = {"[": "list", "{": "map"}.get(match["type"][0], "one")
    return FieldType(
        name=match["name"],
        number=int(match["number"]),
        type=_type_name(file, match["type"].strip("[]{}")),
        shape=shape,
        required=bool(match["required"]),
        list_type=next((mark for mark in ("map", "set", "atomic") if mark in marks), ""),
        list_keys=tuple(marks["map"].split(",")) if "map" in marks else (),
        merge="merge" in marks,
        merge_key=marks.get("merge", ""),
        retain_keys="retainKeys" in marks,
        zero="zero" in marks,
        plain="plain" in marks or match["name"] in _PLAIN,
        description=match["text"] or "",
    )


def _type_name(file: str, text: str) -> TypeName:
    package, _, name = text.rpartition(".")
    if package:
        return TypeName(f"{package}.v1", name)
    return TypeName(file, name) if name[0].isupper() else TypeName("", name)
