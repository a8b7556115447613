"""
Who owns which field: server-side apply and the bookkeeping of all other writes in `metadata.managedFields`.

- `apply` merges a configuration into an object. Fields that another manager owns with another value are a conflict,
  unless forced. Fields that the manager applied before and leaves out now are removed if nobody else owns them.
- `record_update` notes what a create, update or patch has changed: the writer owns it from now on, others do not.

Both need the list keys of the type: `field_sets.list_keys(schema)` makes them from the structural schema of a custom
type or from `schema.builtin.schema_for(...)`; None stands for a type without schema (lists are replaced as a whole).
Entries are those of https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management. They are
dropped when nothing is left in them. Arguments stay as they are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.field_merge import merge, remove, without_nulls
from kubeless.local.apiserver.field_sets import (
    EMPTY,
    FieldSet,
    ListKeys,
    Path,
    decode,
    display,
    encode,
    fields_of,
)

_APPLY = "Apply"
_UPDATE = "Update"
_MOST_UPDATERS = 10
_ANCIENT = "ancient-changes"

_METADATA_OF_SERVER = (
    "name namespace uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds "
    "managedFields selfLink"
)
_UNOWNED = frozenset({("f:apiVersion",), ("f:kind",), ("f:metadata",)}) | {
    ("f:metadata", f"f:{name}") for name in _METADATA_OF_SERVER.split()
}


class ApplyConflict(KubelessError):
    """Other managers own fields that were to be applied with other values."""

    def __init__(self, owners: "Sequence[tuple[_Entry, Path]]") -> None:
        self.conflicts: tuple[tuple[str, str], ...] = tuple((entry.manager, display(path)) for entry, path in owners)
        """Manager and path of each conflict."""
        self.causes: list[JsonObject] = [
            {"reason": "FieldManagerConflict", "message": _conflict_text(entry), "field": display(path)}
            for entry, path in owners
        ]
        """The conflicts as `Status.details.causes`."""
        count = f"{len(owners)} conflict{'s' if len(owners) > 1 else ''}"
        super().__init__(f"Apply failed with {count}: {_conflict_list(owners)}")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of managedFields."""

    manager: str
    operation: str
    api_version: str
    subresource: str
    time: str
    fields: FieldSet

    def same_writer(self, other: "_Entry") -> bool:
        """Whether two entries belong together: one for each manager, operation, version and sub-resource."""
        return _identity(self) == _identity(other)


def apply(
    current: JsonObject | None,
    applied: JsonObject,
    *,
    manager: str,
    force: bool,
    now: str,
    keys: ListKeys,
    api_version: str,
    subresource: str = "",
) -> JsonObject:
    """
    The object after a server-side apply; `current` is None if there is none yet.

    Raises:
        ApplyConflict: other managers own some of the fields with other values, and `force` is not set.
    """
    live = current or {}
    configuration: JsonObject = without_nulls(applied)
    entries = _entries(live)
    wanted = _owned_fields(configuration, keys)
    mine = _Entry(manager, _APPLY, api_version, subresource, now, wanted)
    before = next((entry for entry in entries if entry.same_writer(mine)), replace(mine, fields=EMPTY))
    others = [entry for entry in entries if not entry.same_writer(mine)]

    changed = _changed(fields_of(live, keys), fields_of(configuration, keys))
    conflicts = [(entry, path) for entry in others for path in sorted(entry.fields & changed)]
    if conflicts and not force:
        raise ApplyConflict(conflicts)
    others = [replace(entry, fields=entry.fields - changed) for entry in others]

    result = merge(live, configuration, keys)
    result = remove(result, _abandoned(before.fields - wanted, others, wanted), keys)
    if before.fields == wanted:
        mine = replace(mine, time=before.time)
    return _with_entries(result, [mine, *others])


def record_update(
    old: JsonObject | None,
    new: JsonObject,
    *,
    manager: str,
    now: str,
    subresource: str,
    keys: ListKeys,
    api_version: str,
) -> JsonObject:
    """
    `new` with managedFields that tell what the manager has changed since `old` (None: it has created the object).

    Entries that the client sent in `new` take the place of those of `old`, as long as they can be read: this is how
    kubectl moves the fields of a client-side apply to a server-side one. An empty list drops all entries.
    """
    given = new.get("metadata", {}).get("managedFields")
    entries = _entries(new) if given is not None else _entries(old or {})
    before, after = fields_of(old or {}, keys), fields_of(new, keys)
    changed = _changed(before, after) - _UNOWNED
    removed = before.keys() - after.keys()
    mine = _Entry(manager, _UPDATE, api_version, subresource, now, changed)
    result: list[_Entry] = []
    for entry in entries:
        if entry.same_writer(mine):
            mine = _continued(entry, mine, removed)
        else:
            result.append(replace(entry, fields=entry.fields - changed - removed))
    return _with_entries(new, _bounded([mine, *result]))


def _continued(earlier: _Entry, mine: _Entry, removed: Iterable[Path]) -> _Entry:
    fields = (earlier.fields | mine.fields) - frozenset(removed)
    time = earlier.time if fields == earlier.fields and not mine.fields else mine.time
    return replace(mine, fields=fields, time=time)


def _owned_fields(obj: JsonObject, keys: ListKeys) -> FieldSet:
    return frozenset(fields_of(obj, keys)) - _UNOWNED


def _changed(before: dict[Path, object], after: dict[Path, object]) -> FieldSet:
    """The fields of `after` that are new or have another value."""
    return frozenset(path for path, value in after.items() if path not in before or before[path] != value)


def _abandoned(candidates: FieldSet, others: Sequence[_Entry], wanted: FieldSet) -> list[Path]:
    """What nobody owns any more, neither itself nor anything in it; an item goes with everything in it."""
    taken = {path[:length] for path in wanted.union(*(e.fields for e in others)) for length in range(1, len(path) + 1)}
    gone: set[Path] = set()
    for path in sorted(candidates - taken, key=len):
        if not any(path[:length] in gone for length in range(1, len(path))):
            gone.add(path)
    return list(gone)


def _entries(obj: JsonObject) -> list[_Entry]:
    """The entries of an object; those that make no sense are left out."""
    given = obj.get("metadata", {}).get("managedFields")
    return [_entry(value) for value in given if _is_entry(value)] if isinstance(given, list) else []


def _is_entry(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.get("operation") in {_APPLY, _UPDATE}
        and value.get("fieldsType") == "FieldsV1"
    )


def _entry(value: JsonObject) -> _Entry:
    return _Entry(
        manager=str(value.get("manager", "")),
        operation=value["operation"],
        api_version=str(value.get("apiVersion", "")),
        subresource=str(value.get("subresource", "")),
        time=str(value.get("time", "")),
        fields=decode(value.get("fieldsV1")),
    )


def _with_entries(obj: JsonObject, entries: Iterable[_Entry]) -> JsonObject:
    metadata = {name: value for name, value in obj.get("metadata", {}).items() if name != "managedFields"}
    kept = sorted(
        (entry for entry in entries if entry.fields), key=lambda entry: (entry.operation, entry.time, entry.manager)
    )
    if kept:
        metadata["managedFields"] = [_encoded(entry) for entry in kept]
    return {**obj, "metadata": metadata}


def _encoded(entry: _Entry) -> JsonObject:
    value: JsonObject = {
        "manager": entry.manager,
        "operation": entry.operation,
        "apiVersion": entry.api_version,
        "time": entry.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": encode(entry.fields),
    }
    if entry.subresource:
        value["subresource"] = entry.subresource
    return value


def _bounded(entries: list[_Entry]) -> list[_Entry]:
    """At most ten writers are remembered by name: the oldest become one entry."""
    updaters = sorted((entry for entry in entries if entry.operation == _UPDATE), key=lambda entry: entry.time)
    surplus = updaters[: max(0, len(updaters) - _MOST_UPDATERS)]
    if not surplus:
        return entries
    surplus = updaters[: len(surplus) + 1]
    merged = replace(surplus[-1], manager=_ANCIENT, fields=EMPTY.union(*(entry.fields for entry in surplus)))
    return [*(entry for entry in entries if entry not in surplus), merged]


def _identity(entry: _Entry) -> tuple[str, ...]:
    """An applier stays the same when the version it applies changes, as on a real server."""
    version = entry.api_version if entry.operation == _UPDATE else ""
    return entry.manager, entry.operation, entry.subresource, version


def _conflict_text(entry: _Entry) -> str:
    subresource = f' with subresource "{entry.subresource}"' if entry.subresource else ""
    if entry.operation == _UPDATE and entry.api_version:
        return f'conflict with "{entry.manager}"{subresource} using {entry.api_version}'
    return f'conflict with "{entry.manager}"{subresource}'


def _conflict_list(owners: Sequence[tuple[_Entry, Path]]) -> str:
    """One conflict on the same line; of several, one paragraph for each manager, as kubectl prints them."""
    if len(owners) == 1:
        return f"{_conflict_text(owners[0][0])}: {display(owners[0][1])}"
    texts: dict[str, list[str]] = {}
    for entry, path in owners:
        texts.setdefault(_conflict_text(entry), []).append(f"- {display(path)}")
    return "\n".join(f"{text}:\n" + "\n".join(paths) for text, paths in texts.items())
