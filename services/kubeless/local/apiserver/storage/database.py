"""
The objects on disk: one SQLite table, written by one thread.

Writes arrive in the order in which the store made them and are committed in groups: a commit takes whatever has come in
while the last one ran, so a burst of requests shares its cost and the event loop never waits for a disk. A request is
answered once `committed` has reached its revision. WAL with `synchronous=NORMAL` survives kill -9 of the process.

Revisions are never used twice, not even those of writes that a crash lost: the database promises revisions in blocks
(`ceiling`) and a new start begins above the last promise.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self

import orjson
import structlog

from kubeless.core.errors import KubelessError
from kubeless.local.apiserver.storage.record import Key, Record

log = structlog.get_logger(__name__)

_BLOCK = 100_000
_LARGEST_COMMIT = 512
_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    api_group TEXT NOT NULL, plural TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    revision INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (api_group, plural, namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS revisions (id INTEGER PRIMARY KEY CHECK (id = 1), ceiling INTEGER NOT NULL);
"""
_PUT = "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM objects WHERE api_group = ? AND plural = ? AND namespace = ? AND name = ?"
_PROMISE = "INSERT OR REPLACE INTO revisions VALUES (1, ?)"


class DatabaseError(KubelessError):
    """The state file cannot be read or written."""


@dataclass(frozen=True, slots=True)
class _Write:
    key: Key
    revision: int
    body: bytes | None
    """None deletes the row."""


class Database:
    """The state file at `path`; an async context manager: inside it, the file is open and its thread runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="apiserver-database", daemon=True)
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._committed = 0
        self._failure: str | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._connection = await asyncio.to_thread(self._open)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.put(None)
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)
        self._connection.close()

    async def load(self) -> tuple[list[Record], int]:
        """All objects, and the revision to go on from, which is above every one used before. Call once."""
        records, ceiling = await asyncio.to_thread(self._read)
        self._committed = ceiling
        self._ceiling = ceiling + _BLOCK
        self._thread.start()
        return records, ceiling

    def put(self, record: Record) -> None:
        self._queue.put(_Write(record.key, record.revision, record.body(record.object["apiVersion"])))

    def delete(self, key: Key, revision: int) -> None:
        self._queue.put(_Write(key, revision, None))

    async def committed(self, revision: int) -> None:
        """
        Return once everything up to `revision` is on disk.

        Raises:
            DatabaseError: it cannot be written.
        """
        if self._failure:
            raise DatabaseError(self._failure)
        if revision <= self._committed:
            return
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((revision, future))
        await future

    def _open(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise DatabaseError(f"the state file {self._path} cannot be opened: {error}") from error
        return connection

    def _read(self) -> tuple[list[Record], int]:
        try:
            rows = self._connection.execute("SELECT * FROM objects").fetchall()
            promised = self._connection.execute("SELECT ceiling FROM revisions").fetchone()
            ceiling = int(promised[0]) if promised else 0
            self._connection.execute(_PROMISE, (ceiling + _BLOCK,))
        except sqlite3.Error as error:
            raise DatabaseError(f"the state file {self._path} cannot be read: {error}") from error
        records = [Record(Key((row[0], row[1]), row[2], row[3]), orjson.loads(row[5]), row[4]) for row in rows]
        return records, ceiling

    def _work(self) -> None:
        """The thread: commit groups of writes until told to end."""
        while True:
            group, last = self._next_group()
            if group:
                failure = self._commit(group)
                self._report(group[-1].revision, failure)
            if last:
                return

    def _next_group(self) -> tuple[list[_Write], bool]:
        group: list[_Write] = []
        item = self._queue.get()
        while item is not None:
            group.append(item)
            if len(group) >= _LARGEST_COMMIT or self._queue.empty():
                return group, False
            item = self._queue.get()
        return group, True

    def _commit(self, group: Sequence[_Write]) -> str | None:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            for write in group:
                self._execute(write)
            if group[-1].revision + _BLOCK // 2 > self._ceiling:
                self._ceiling = group[-1].revision + _BLOCK
                connection.execute(_PROMISE, (self._ceiling,))
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return f"the state file {self._path} cannot be written: {error}"
        return None

    def _execute(self, write: _Write) -> None:
        group, plural = write.key.resource
        place = (group, plural, write.key.namespace, write.key.name)
        if write.body is None:
            self._connection.execute(_DELETE, place)
        else:
            self._connection.execute(_PUT, (*place, write.revision, write.body))

    def _report(self, revision: int, failure: str | None) -> None:
        # The loop may be closed already when the process ends in a hurry; then nobody waits for the answer.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._settle, revision, failure)

    def _settle(self, revision: int, failure: str | None) -> None:
        if failure and not self._failure:
            log.error("state cannot be written", problem=failure)
            self._failure = failure
        if not self._failure:
            self._committed = max(self._committed, revision)
        while self._waiting and (self._failure or self._waiting[0][0] <= self._committed):
            _, future = self._waiting.popleft()
            if future.done():  # the request was cancelled
                continue
            if self._failure:
                future.set_exception(DatabaseError(self._failure))
            else:
                future.set_result(None)
