"""Which trigger an event came by: the name it has in counters, logs and dead letters."""

from typing import NamedTuple


class TriggerRef(NamedTuple):
    """A trigger object of any kind."""

    kind: str
    """Such as `KafkaTrigger`."""
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"
