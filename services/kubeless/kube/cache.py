"""
Objects by key, and by whatever an index function says about them.

Plain data without I/O: the informer keeps it current, readers look things up. Indexes are brought up to date with every
change, so a look-up never scans.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

Indexer = Callable[[T], Iterable[Hashable]]
"""The values under which an object is found in one index."""


class ObjectKey(NamedTuple):
    """What tells objects of one kind apart. `namespace` is empty for objects that live in none."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class IndexedCache(Generic[T]):
    """A dictionary with secondary keys. Objects are treated as immutable."""

    def __init__(self, indexers: Mapping[str, Indexer[T]]) -> None:
        self._indexers = dict(indexers)
        self._objects: dict[ObjectKey, T] = {}
        self._indexes: dict[str, dict[Hashable, dict[ObjectKey, T]]] = {name: {} for name in indexers}

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[ObjectKey]:
        return iter(self._objects)

    def get(self, key: ObjectKey) -> T | None:
        """The object, if it is known."""
        return self._objects.get(key)

    def items(self) -> list[tuple[ObjectKey, T]]:
        """All objects with their keys."""
        return list(self._objects.items())

    def values(self) -> list[T]:
        """All objects."""
        return list(self._objects.values())

    def by_index(self, name: str, value: Hashable) -> list[T]:
        """The objects that the index function `name` put under `value`."""
        return list(self._indexes[name].get(value, {}).values())

    def count(self, name: str, value: Hashable) -> int:
        """How many objects `by_index` would return, without making a list of them."""
        return len(self._indexes[name].get(value, ()))

    def put(self, key: ObjectKey, value: T) -> T | None:
        """Add or replace an object and return the one before."""
        old = self._objects.get(key)
        if old is not None:
            self._unindex(key, old)
        self._objects[key] = value
        for name, indexer in self._indexers.items():
            index = self._indexes[name]
            for entry in indexer(value):
                index.setdefault(entry, {})[key] = value
        return old

    def remove(self, key: ObjectKey) -> T | None:
        """Forget an object and return it."""
        old = self._objects.pop(key, None)
        if old is not None:
            self._unindex(key, old)
        return old

    def _unindex(self, key: ObjectKey, old: T) -> None:
        for name, indexer in self._indexers.items():
            index = self._indexes[name]
            for entry in indexer(old):
                bucket = index.get(entry)
                if bucket is not None:
                    bucket.pop(key, None)
                    if not bucket:
                        del index[entry]
