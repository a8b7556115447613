"""The log of a partition: what is kept, what is found, what is refused."""

import pytest
from kio.schema.errors import ErrorCode

from kubeless.local.kafka.batch import Batch, read_batch
from kubeless.local.kafka.failure import Failure
from kubeless.local.kafka.log import PartitionLog
from support.recordbatches import make_batch

ROOM = 10**9


def append(log: PartitionLog, *times: int, producer: tuple[int, int, int] = (-1, -1, -1), max_bytes: int = ROOM) -> int:
    """Append one batch with a message for each of `times`."""
    return log.append(read(make_batch(times=times, producer=producer)), max_bytes=max_bytes)


def read(data: bytes, max_bytes: int = ROOM) -> Batch:
    return read_batch(data, max_bytes=max_bytes)


def offsets(log: PartitionLog, start: int, max_bytes: int = ROOM) -> list[int]:
    """The base offsets of the batches that a read returns."""
    return [int.from_bytes(each[:8], "big") for each in log.read(start, max_bytes=max_bytes, at_least_one=True)]


def code_of(caught: pytest.ExceptionInfo[Failure]) -> ErrorCode:
    return caught.value.code


def test_batches_are_numbered_one_after_the_other_and_read_from_the_one_with_the_offset() -> None:
    log = PartitionLog()
    assert [append(log, 1, 2, 3), append(log, 4), append(log, 5, 6)] == [0, 3, 4]

    assert log.end == 6
    assert offsets(log, 2) == [0, 3, 4]
    assert offsets(log, 3) == [3, 4]
    assert offsets(log, 6) == []


def test_a_batch_is_returned_as_sent_but_for_its_offset() -> None:
    log = PartitionLog()
    append(log, 1)
    data = make_batch(times=(7, 8))

    log.append(read(data), max_bytes=ROOM)

    (stored,) = log.read(1, max_bytes=ROOM, at_least_one=True)
    assert stored[16:] == data[16:]


def test_a_read_is_bounded_but_never_stuck_before_a_large_batch() -> None:
    log = PartitionLog()
    for _ in range(3):
        append(log, 1)
    size = len(make_batch(times=(1,)))

    assert offsets(log, 0, max_bytes=2 * size) == [0, 1]
    assert offsets(log, 0, max_bytes=1) == [0]
    assert log.read(0, max_bytes=1, at_least_one=False) == []


@pytest.mark.parametrize("offset", [-1, 0, 7])
def test_offsets_outside_the_log_are_refused(offset: int) -> None:
    log = PartitionLog()
    for _ in range(6):
        append(log, 1)
    log.delete_before(1)

    with pytest.raises(Failure) as caught:
        log.read(offset, max_bytes=ROOM, at_least_one=True)
    assert code_of(caught) is ErrorCode.offset_out_of_range


def test_the_oldest_batches_go_when_there_is_no_room_and_the_newest_stays() -> None:
    log = PartitionLog()
    for _ in range(100):
        append(log, 1, max_bytes=5_000)
    assert 80 < log.start < 100
    assert offsets(log, log.start)[0] == log.start
    append(log, 1, max_bytes=1)
    assert (log.start, log.end) == (100, 101)


def test_deleted_records_are_gone_and_the_rest_of_their_batch_stays_readable() -> None:
    log = PartitionLog()
    append(log, 1, 2, 3)
    append(log, 4)

    log.delete_before(2)
    assert (log.start, offsets(log, 2)) == (2, [0, 3])
    log.delete_before(4)
    assert (log.start, log.end, offsets(log, 4)) == (4, 4, [])
    assert append(log, 5) == 4
    with pytest.raises(Failure):
        log.delete_before(99)


def test_the_first_message_since_a_time_is_found_within_its_batch() -> None:
    log = PartitionLog()
    append(log, 10, 20, 30)
    append(log, 25)
    append(log, 40, 35)

    assert [log.find(time) for time in (0, 11, 30, 31, 40)] == [(0, 10), (1, 20), (2, 30), (4, 40), (4, 40)]
    assert log.find(41) is None
    assert log.newest() == (4, 40)


def test_in_a_compressed_batch_the_first_message_stands_for_all() -> None:
    log = PartitionLog()
    log.append(read(make_batch(times=(10, 20, 30), compressed=True)), max_bytes=ROOM)

    assert log.find(25) == (0, 10)
    assert log.newest() == (2, 30)


def test_a_message_time_is_found_even_if_the_records_cannot_be_read() -> None:
    log = PartitionLog()
    log.append(read(make_batch(times=(10, 20), records=b"\xff")), max_bytes=ROOM)

    assert log.find(15) == (0, 10)


def test_who_waits_is_told_of_an_append() -> None:
    log = PartitionLog()
    told: list[int] = []
    log.waiters.add(lambda: told.append(log.end))

    append(log, 1, 2)

    assert told == [2]


def test_a_repeated_batch_of_an_idempotent_producer_is_kept_once() -> None:
    log = PartitionLog()
    first = [append(log, 1, 2, producer=(9, 0, 0)), append(log, 3, producer=(9, 0, 2))]

    again = [append(log, 1, 2, producer=(9, 0, 0)), append(log, 3, producer=(9, 0, 2))]

    assert (again, log.end) == (first, 3)


def test_a_gap_in_the_sequence_is_refused() -> None:
    log = PartitionLog()
    append(log, 1, producer=(9, 0, 0))
    with pytest.raises(Failure) as caught:
        append(log, 1, producer=(9, 0, 2))
    assert code_of(caught) is ErrorCode.out_of_order_sequence_number


def test_a_repetition_that_is_too_old_to_know_is_refused() -> None:
    log = PartitionLog()
    for sequence in range(6):
        append(log, 1, producer=(9, 0, sequence))
    with pytest.raises(Failure) as caught:
        append(log, 1, producer=(9, 0, 0))
    assert code_of(caught) is ErrorCode.out_of_order_sequence_number


def test_a_new_epoch_begins_anew_and_fences_the_old_one() -> None:
    log = PartitionLog()
    append(log, 1, producer=(9, 0, 0))
    append(log, 1, producer=(9, 1, 0))
    with pytest.raises(Failure) as caught:
        append(log, 1, producer=(9, 0, 1))
    assert code_of(caught) is ErrorCode.invalid_producer_epoch


def test_the_sequence_wraps() -> None:
    log = PartitionLog()
    append(log, 1, producer=(9, 0, 2**31 - 1))
    append(log, 2, producer=(9, 0, 0))
    assert log.end == 2


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (None, ErrorCode.corrupt_message),
        (b"", ErrorCode.corrupt_message),
        (b"\0" * 60, ErrorCode.corrupt_message),
        (make_batch(times=(1,))[:-1], ErrorCode.invalid_record),
        (make_batch(times=(1,)) * 2, ErrorCode.invalid_record),
        (make_batch(times=(1,))[:-1] + b"\x7f", ErrorCode.corrupt_message),
        (make_batch(times=(1,), magic=1), ErrorCode.unsupported_for_message_format),
        (make_batch(times=(1,), attributes=0x10), ErrorCode.invalid_record),
        (make_batch(times=(1,), attributes=0x20), ErrorCode.invalid_record),
        (make_batch(times=(1,), attributes=0x08), ErrorCode.invalid_timestamp),
        (make_batch(times=()), ErrorCode.invalid_record),
        (make_batch(times=(1,), records=b"x" * 2_000), ErrorCode.message_too_large),
    ],
)
def test_what_is_no_batch_is_refused(data: bytes | None, code: ErrorCode) -> None:
    with pytest.raises(Failure) as caught:
        read_batch(data, max_bytes=1_000)
    assert code_of(caught) is code
