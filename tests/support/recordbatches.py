"""Record batches, byte by byte, for tests of those who read them."""

import struct
from collections.abc import Sequence

from crc32c import crc32c

_GZIP = 1


def make_batch(
    *,
    times: Sequence[int],
    producer: tuple[int, int, int] = (-1, -1, -1),
    records: bytes | None = None,
    compressed: bool = False,
    attributes: int = 0,
    magic: int = 2,
) -> bytes:
    """
    A batch of format 2 with an empty message for each of `times` (milliseconds).

    Args:
        producer: id, epoch and first sequence.
        records: instead of the messages themselves.
        compressed: says so; the content is not.
    """
    first, last = (times[0], max(times)) if times else (0, 0)
    body = b"".join(_record(index, each - first) for index, each in enumerate(times)) if records is None else records
    attributes |= _GZIP if compressed else 0
    checked = struct.pack(">hiqqqhii", attributes, len(times) - 1, first, last, *producer, len(times)) + body
    return struct.pack(">qiibI", 0, len(checked) + 9, -1, magic, crc32c(checked)) + checked


def _record(index: int, time_delta: int) -> bytes:
    body = b"\0" + _varint(time_delta) + _varint(index) + _varint(-1) + _varint(-1) + _varint(0)
    return _varint(len(body)) + body


def _varint(number: int) -> bytes:
    value = (number << 1) ^ (number >> 63)
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*data, value])
