"""
What idempotent producers have written to one partition, so that a batch sent twice is kept once (KIP-98).

A producer numbers its messages per partition. A batch that repeats one of the last five gets the offset of that one;
five is how many a producer may have in flight. A gap in the numbers is an error that the producer can see.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from kio.schema.errors import ErrorCode

from kubeless.local.kafka.batch import NO_PRODUCER, Batch
from kubeless.local.kafka.failure import Failure

_REMEMBERED_BATCHES = 5
_REMEMBERED_PRODUCERS = 1_000
_SEQUENCES = 2**31  # they wrap to 0


@dataclass(slots=True)
class _Producer:
    epoch: int
    batches: deque[tuple[int, int, int]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED_BATCHES))
    """First sequence, count and offset of the last batches."""


class Sequences:
    """The sequences of one partition's producers; the ones unheard of for longest are forgotten."""

    def __init__(self) -> None:
        self._producers: OrderedDict[int, _Producer] = OrderedDict()

    def check(self, batch: Batch) -> int | None:
        """
        The offset that `batch` has already, if it is a repetition.

        Raises:
            Failure: INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER.
        """
        producer = self._producers.get(batch.producer_id)
        if batch.producer_id == NO_PRODUCER or producer is None:
            return None  # Kafka too takes any first sequence of a producer it does not remember
        if batch.producer_epoch < producer.epoch:
            raise Failure(ErrorCode.invalid_producer_epoch, "a newer instance of this producer has taken over")
        if batch.producer_epoch > producer.epoch:
            expected = 0
        else:
            for sequence, count, offset in producer.batches:
                if (sequence, count) == (batch.base_sequence, batch.count):
                    return offset
            last, count, _ = producer.batches[-1]
            expected = (last + count) % _SEQUENCES
        if batch.base_sequence != expected:
            message = f"expected sequence {expected}, got {batch.base_sequence}"
            raise Failure(ErrorCode.out_of_order_sequence_number, message)
        return None

    def record(self, batch: Batch) -> None:
        """Remember a batch that was written."""
        if batch.producer_id == NO_PRODUCER:
            return
        producer = self._producers.get(batch.producer_id)
        if producer is None or producer.epoch != batch.producer_epoch:
            producer = self._producers[batch.producer_id] = _Producer(batch.producer_epoch)
        producer.batches.append((batch.base_sequence, batch.count, batch.base_offset))
        self._producers.move_to_end(batch.producer_id)
        if len(self._producers) > _REMEMBERED_PRODUCERS:
            self._producers.popitem(last=False)
