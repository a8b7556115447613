"""
The objects of the cluster: in memory for reading, on disk before a writer is told "done".

All methods that change something are plain functions: between the look at the current object and the change nothing
else runs, so optimistic locking needs no locks. Revisions count all changes of all types and only ever grow. A change
is visible at once and durable when `durable()` returns; a crash in between loses changes that nobody was promised.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.storage.database import Database
from kubeless.local.apiserver.storage.history import Change, ChangeType, History
from kubeless.local.apiserver.storage.record import Key, Record, with_revision

Listener = Callable[[Change], None]


class Store:
    """Use `open_store` to get one. Listeners are called synchronously with every change, in order."""

    def __init__(self, records: Iterable[Record] = (), *, revision: int = 0, database: Database | None = None) -> None:
        self.revision = revision
        self._database = database
        self._records: dict[tuple[str, str], dict[Key, Record]] = {}
        self._by_uid: dict[str, Record] = {}
        self._histories: dict[tuple[str, str], History] = {}
        self._floors: dict[tuple[str, str], int] = {}
        self._start = revision
        self._listeners: list[Listener] = []
        for record in records:
            self._index(record)

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with every later change. It must neither raise nor write: it takes a note for later."""
        self._listeners.append(listener)

    def get(self, key: Key) -> Record | None:
        return self._records.get(key.resource, {}).get(key)

    def by_uid(self, uid: str) -> Record | None:
        return self._by_uid.get(uid)

    def objects(self, resource: tuple[str, str], namespace: str = "", *, at: int | None = None) -> list[Record]:
        """
        The objects of a type, sorted by namespace and name; of one namespace, or of all if it is empty.

        Args:
            at: a revision in the recent past; the objects are listed as they were then.

        Raises:
            Expired: `at` is too long ago.
        """
        records = self._records.get(resource, {})
        if at is not None and at < self.revision:
            records = self.history(resource).rewind(records, at)
        found = [record for key, record in records.items() if not namespace or key.namespace == namespace]
        found.sort(key=lambda record: record.key)
        return found

    def all(self) -> Iterator[Record]:
        for records in self._records.values():
            yield from records.values()

    def types(self) -> Iterable[tuple[str, str]]:
        """The types of which there is, or lately was, an object."""
        return tuple(self._records)

    def history(self, resource: tuple[str, str]) -> History:
        history = self._histories.get(resource)
        if history is None:
            floor = self._floors.get(resource, self._start)
            history = self._histories[resource] = History(floor)
        return history

    def drop_history(self, resource: tuple[str, str]) -> None:
        """The type is no longer served: its watches end."""
        history = self._histories.pop(resource, None)
        self._floors[resource] = self.revision
        if history:
            history.close()

    def close_histories(self) -> None:
        """The server ends: all watches do."""
        for history in self._histories.values():
            history.close()

    def put(self, key: Key, obj: JsonObject) -> Record:
        """Create or replace an object; `metadata.resourceVersion` is set here. Raises TypeError if it is no JSON."""
        previous = self.get(key)
        history = self.history(key.resource)
        record = Record(key, with_revision(obj, self.revision + 1), self.revision + 1)
        record.body(obj["apiVersion"])  # before anything changes: what cannot be encoded is refused as a whole
        self.revision += 1
        self._index(record)
        if self._database:
            self._database.put(record)
        change_type = ChangeType.ADDED if previous is None else ChangeType.MODIFIED
        self._publish(history, Change(change_type, record, previous))
        return record

    def remove(self, key: Key) -> Record:
        """Delete an object for good; returns its last state, with the revision of the deletion. Raises KeyError."""
        history = self.history(key.resource)
        previous = self._records[key.resource].pop(key)
        self._by_uid.pop(previous.uid, None)
        self.revision += 1
        record = Record(key, with_revision(previous.object, self.revision), self.revision)
        if self._database:
            self._database.delete(key, self.revision)
        self._publish(history, Change(ChangeType.DELETED, record, previous))
        return record

    async def durable(self) -> None:
        """Return once all changes made so far are on disk. Raises DatabaseError."""
        if self._database:
            await self._database.committed(self.revision)

    def _index(self, record: Record) -> None:
        self._records.setdefault(record.key.resource, {})[record.key] = record
        self._by_uid[record.uid] = record

    def _publish(self, history: History, change: Change) -> None:
        history.append(change)
        for listener in self._listeners:
            listener(change)


@asynccontextmanager
async def open_store(path: Path | None) -> AsyncIterator[Store]:
    """
    The store over a state file, or one that forgets everything at the end if `path` is None.

    Raises:
        DatabaseError: the file cannot be opened or read.
    """
    if path is None:
        yield Store()
        return
    async with Database(path) as database:
        records, revision = await database.load()
        yield Store(records, revision=revision, database=database)
