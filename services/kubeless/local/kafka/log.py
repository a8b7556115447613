"""
The messages of one partition, in memory.

Batches are kept in order of their offsets; when they take more memory than allowed, the oldest go, and the log then
starts later. Whoever waits for messages registers a callback, which each append calls.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable

from kio.schema.errors import ErrorCode

from kubeless.local.kafka.batch import Batch, first_since, latest
from kubeless.local.kafka.failure import Failure
from kubeless.local.kafka.sequences import Sequences

_BATCH_OVERHEAD = 400
"""Bytes of memory that a batch takes beside its data: many small batches must not go uncounted."""


class PartitionLog:
    """The log of a partition: offsets from `start` on, up to but without `end`."""

    def __init__(self) -> None:
        self.start = 0
        self.end = 0
        self.waiters: set[Callable[[], None]] = set()
        self._batches: list[Batch] = []
        self._offsets: list[int] = []
        self._newest: list[int] = []  # the highest timestamp up to each batch: sorted, unlike the timestamps
        self._bytes = 0
        self._sequences = Sequences()

    def append(self, batch: Batch, *, max_bytes: int) -> int:
        """
        Write a batch at the end, drop the oldest ones beyond `max_bytes`. Returns its first offset, or the one that it
        got before if an idempotent producer repeats it.

        Raises:
            Failure: the producer is fenced, or the batch is out of its order.
        """
        repeated = self._sequences.check(batch)
        if repeated is not None:
            return repeated
        written = batch.at(self.end)
        self._sequences.record(written)
        self._batches.append(written)
        self._offsets.append(written.base_offset)
        self._newest.append(max(written.max_timestamp, self._newest[-1] if self._newest else written.max_timestamp))
        self._bytes += _memory(written)
        self.end = written.next_offset
        self._retain(max_bytes)
        self.wake()
        return written.base_offset

    def read(self, offset: int, *, max_bytes: int, at_least_one: bool) -> list[bytes]:
        """
        The batches from the one with `offset` on, up to `max_bytes`. With `at_least_one` the first comes however large
        it is, so that a reader is never stuck before it.

        Raises:
            Failure: OFFSET_OUT_OF_RANGE.
        """
        if not self.start <= offset <= self.end:
            raise Failure(ErrorCode.offset_out_of_range, f"{offset} is not within {self.start} and {self.end}")
        found: list[bytes] = []
        size = 0
        for index in range(
            bisect_right(self._offsets, offset) - 1 if offset < self.end else len(self._batches), len(self._batches)
        ):
            data = self._batches[index].data
            size += len(data)
            if size > max_bytes and not (at_least_one and not found):
                break
            found.append(data)
        return found

    def find(self, timestamp: int) -> tuple[int, int] | None:
        """Offset and timestamp of the first message that is not older than `timestamp`, if there is one."""
        index = bisect_left(self._newest, timestamp)
        if index == len(self._batches):
            return None
        offset, time = first_since(self._batches[index], timestamp)
        return max(offset, self.start), time

    def newest(self) -> tuple[int, int] | None:
        """Offset and timestamp of the message with the highest timestamp, if there is one."""
        if not self._batches:
            return None
        return latest(self._batches[bisect_left(self._newest, self._newest[-1])])

    def delete_before(self, offset: int) -> None:
        """
        Forget all messages before `offset`.

        Raises:
            Failure: OFFSET_OUT_OF_RANGE, it lies beyond the end.
        """
        if not 0 <= offset <= self.end:
            raise Failure(ErrorCode.offset_out_of_range, f"{offset} is not within 0 and {self.end}")
        self.start = max(self.start, offset)
        self._drop(bisect_right(self._offsets, self.start) - 1 if self.start < self.end else len(self._batches))

    def wake(self) -> None:
        """Tell all who wait that the log has changed."""
        for waiter in tuple(self.waiters):
            waiter()

    def _retain(self, max_bytes: int) -> None:
        count, size = 0, self._bytes
        while size > max_bytes and count < len(self._batches) - 1:  # the newest stays, however large
            size -= _memory(self._batches[count])
            count += 1
        if count:
            self._drop(count)
            self.start = max(self.start, self._offsets[0])

    def _drop(self, count: int) -> None:
        if count > 0:
            self._bytes -= sum(map(_memory, self._batches[:count]))
            del self._batches[:count], self._offsets[:count], self._newest[:count]


def _memory(batch: Batch) -> int:
    return len(batch.data) + _BATCH_OVERHEAD
