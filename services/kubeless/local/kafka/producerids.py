"""Ids for idempotent producers, and their epochs (KIP-98, KIP-360)."""

import itertools

_MAX_EPOCH = 2**15 - 1


class ProducerIds:
    """Gives out ids, each once."""

    def __init__(self) -> None:
        self._ids = itertools.count()

    def give(self, producer_id: int, epoch: int) -> tuple[int, int]:
        """A new id with epoch 0, or for a producer that has one the same id with the next epoch while there is one."""
        if producer_id < 0 or not 0 <= epoch < _MAX_EPOCH:
            return next(self._ids), 0
        return producer_id, epoch + 1
