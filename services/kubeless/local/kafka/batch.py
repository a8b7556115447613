"""
Record batches: the unit in which messages are produced, kept and fetched (Kafka protocol, message format 2).

A batch stays opaque: only its header is read, so compression costs the broker nothing. Its base offset and leader
epoch are the two fields a broker writes; both lie outside its checksum.
"""

import struct
from dataclasses import dataclass

from crc32c import crc32c
from kio.schema.errors import ErrorCode

from kubeless.local.kafka.failure import Failure

_HEADER = struct.Struct(">qiibIhiqqqhii")
_PREFIX = 12  # what the length field of a batch does not count: base offset and length
_EPOCH_END = 16
_CHECKED_FROM = 21
_MAGIC = 2

_COMPRESSION = 0x07
_LOG_APPEND_TIME = 0x08
_TRANSACTIONAL = 0x10
_CONTROL = 0x20

NO_PRODUCER = -1


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch and what its header says. Timestamps are milliseconds since 1970."""

    data: bytes
    base_offset: int
    count: int
    base_timestamp: int
    max_timestamp: int
    compressed: bool
    producer_id: int
    producer_epoch: int
    base_sequence: int

    @property
    def next_offset(self) -> int:
        return self.base_offset + self.count

    def at(self, offset: int) -> "Batch":
        """The same batch, written at `offset` of its partition."""
        written = b"".join((offset.to_bytes(8, "big"), self.data[8:_PREFIX], bytes(4), self.data[_EPOCH_END:]))
        return Batch(
            data=written,
            base_offset=offset,
            count=self.count,
            base_timestamp=self.base_timestamp,
            max_timestamp=self.max_timestamp,
            compressed=self.compressed,
            producer_id=self.producer_id,
            producer_epoch=self.producer_epoch,
            base_sequence=self.base_sequence,
        )


def read_batch(data: bytes | None, *, max_bytes: int) -> Batch:
    """
    The batch that a producer sent; a request has exactly one per partition.

    Raises:
        Failure: MESSAGE_TOO_LARGE beyond `max_bytes`; CORRUPT_MESSAGE or INVALID_RECORD as Kafka answers them;
            UNSUPPORTED_FOR_MESSAGE_FORMAT for the formats before Kafka 0.11.
    """
    if data is None or len(data) < _HEADER.size:
        raise Failure(ErrorCode.corrupt_message, "the batch is shorter than its header")
    if len(data) > max_bytes:
        raise Failure(ErrorCode.message_too_large, f"the batch has {len(data)} bytes, the topic takes {max_bytes}")
    header = _HEADER.unpack_from(data)
    _, length, _, magic, checksum, attributes, last_delta, first_time, max_time, *producer, count = header
    if magic != _MAGIC:
        raise Failure(ErrorCode.unsupported_for_message_format, f"message format {magic} is not supported")
    _check(data, length=length, checksum=checksum, attributes=attributes, count=count, last_delta=last_delta)
    producer_id, producer_epoch, base_sequence = producer
    return Batch(
        data=data,
        base_offset=0,
        count=count,
        base_timestamp=first_time,
        max_timestamp=max_time,
        compressed=bool(attributes & _COMPRESSION),
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        base_sequence=base_sequence,
    )


def _check(data: bytes, *, length: int, checksum: int, attributes: int, count: int, last_delta: int) -> None:
    if length + _PREFIX != len(data):
        raise Failure(ErrorCode.invalid_record, "there must be exactly one batch for each partition")
    if crc32c(memoryview(data)[_CHECKED_FROM:]) != checksum:
        raise Failure(ErrorCode.corrupt_message, "the checksum does not match")
    if count < 1 or last_delta != count - 1:
        raise Failure(ErrorCode.invalid_record, f"{count} records cannot end {last_delta} after the first")
    if attributes & (_TRANSACTIONAL | _CONTROL):
        raise Failure(ErrorCode.invalid_record, "transactions are not supported")
    if attributes & _LOG_APPEND_TIME:
        raise Failure(ErrorCode.invalid_timestamp, "producers write the time of creation")


def first_since(batch: Batch, timestamp: int) -> tuple[int, int]:
    """
    Offset and timestamp of the first message in `batch` that is not older than `timestamp`.

    In a compressed batch the messages cannot be seen: the answer is the batch's first one, so a reader who starts there
    may see older messages of the same batch but misses none.
    """
    if not batch.compressed:
        for offset, time in _message_times(batch):
            if time >= timestamp:
                return offset, time
    return batch.base_offset, batch.base_timestamp


def latest(batch: Batch) -> tuple[int, int]:
    """Offset and timestamp of the message with the highest timestamp; in a compressed batch, its last message."""
    if not batch.compressed:
        for offset, time in _message_times(batch):
            if time == batch.max_timestamp:
                return offset, time
    return batch.next_offset - 1, batch.max_timestamp


def _message_times(batch: Batch) -> list[tuple[int, int]]:
    """Offset and timestamp of each message; none from the first on that cannot be read."""
    times = []
    position = _HEADER.size
    try:
        for _ in range(batch.count):
            length, start = _varint(batch.data, position)
            time_delta, after_time = _varint(batch.data, start + 1)  # one byte of attributes
            offset_delta, _ = _varint(batch.data, after_time)
            times.append((batch.base_offset + offset_delta, batch.base_timestamp + time_delta))
            position = start + max(length, 0)
    except IndexError:  # a producer may send any bytes with the right checksum
        pass
    return times


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """A zigzag number of variable length, and the position after it."""
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), position
        shift += 7
