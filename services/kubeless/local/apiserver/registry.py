"""
Which types are served right now: the built-in ones, those of the CustomResourceDefinitions in the store, and those
somebody answers for.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from kubeless.local.apiserver.custom import types_of
from kubeless.local.apiserver.resources import BUILTIN, CRDS, ResourceType
from kubeless.local.apiserver.storage.history import Change, ChangeType
from kubeless.local.apiserver.storage.store import Store

_VERSION = re.compile(r"v([0-9]+)(?:(alpha|beta)([0-9]+))?")
_STABILITY = {None: 2, "beta": 1, "alpha": 0}


class Registry:
    """Follows the definitions in the store; `generation` grows whenever the set of types changes."""

    def __init__(self, store: Store) -> None:
        self.generation = 0
        self._store = store
        self._custom: dict[str, tuple[ResourceType, ...]] = {}
        self._added: tuple[ResourceType, ...] = ()
        self._types: dict[tuple[str, str, str], ResourceType] = {}
        for record in store.objects(CRDS.key):
            self._custom[record.key.name] = tuple(types_of(record.object))
        self._rebuild()
        store.subscribe(self._changed)

    def find(self, group: str, version: str, plural: str) -> ResourceType | None:
        """The served type at a path."""
        return self._types.get((group, version, plural))

    def add(self, types: Iterable[ResourceType]) -> None:
        """Serve more types, whose objects are not in the store."""
        self._added += tuple(types)
        self._rebuild()

    def storage_version(self, resource: ResourceType) -> str:
        """The API version in which objects of the type are written to the store."""
        if not resource.custom:
            return resource.api_version
        versions = self._custom.get(f"{resource.plural}.{resource.group}", ())
        return next((version.api_version for version in versions if version.storage), resource.api_version)

    def kind(self, api_version: str, kind: str) -> ResourceType | None:
        """The served type of objects with this apiVersion and kind, as an owner reference names it."""
        for resource in self._types.values():
            if resource.api_version == api_version and resource.kind == kind:
                return resource
        return None

    def any_version(self, key: tuple[str, str]) -> ResourceType | None:
        """Some version of the type with this group and plural, the preferred one if several are served."""
        return next((resource for resource in self.types() if resource.key == key), None)

    def types(self) -> Iterator[ResourceType]:
        """All served types; within a group the preferred version first."""
        for versions in self.groups().values():
            for resources in versions.values():
                yield from resources

    def groups(self) -> dict[str, dict[str, list[ResourceType]]]:
        """Group -> version -> types; the core group first, the preferred version of each group first."""
        groups: dict[str, dict[str, list[ResourceType]]] = defaultdict(lambda: defaultdict(list))
        for resource in sorted(self._types.values(), key=lambda resource: _priority(resource.version), reverse=True):
            groups[resource.group][resource.version].append(resource)
        return {group: dict(groups[group]) for group in sorted(groups)}

    def _changed(self, change: Change) -> None:
        if change.record.key.resource != CRDS.key:
            return
        name = change.record.key.name
        if change.type is ChangeType.DELETED:
            for resource in self._custom.pop(name, ()):
                self._store.drop_history(resource.key)
        elif change.previous is None or change.previous.object["spec"] != change.record.object["spec"]:
            self._custom[name] = tuple(types_of(change.record.object))
        else:
            return
        self._rebuild()

    def _rebuild(self) -> None:
        custom = (resource for resources in self._custom.values() for resource in resources if resource.served)
        self._types = {(r.group, r.version, r.plural): r for r in (*BUILTIN, *self._added, *custom)}
        self.generation += 1


def _priority(version: str) -> tuple[int, int, int, str]:
    """Kubernetes' order of versions: stable before beta before alpha, newer before older, others last."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return -1, 0, 0, version
    return _STABILITY[match[2]], int(match[1]), int(match[3] or 0), version
