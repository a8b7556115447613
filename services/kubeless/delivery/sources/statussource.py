"""Where the statuses of triggers come from that have subscriptions; see `statuswriter.StatusSource`."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Generic, TypeVar

from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.sources.record import TriggerRecord
from kubeless.delivery.sources.subscription import Subscription
from kubeless.delivery.sources.subscriptions import SelectingSpec, Subscriptions
from kubeless.kube.cache import ObjectKey

SpecT = TypeVar("SpecT", bound=SelectingSpec)
WantT = TypeVar("WantT")
SubscriptionT = TypeVar("SubscriptionT", bound=Subscription)  # type: ignore[type-arg] # its want is WantT


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(tz=UTC)


class SubscribedStatus(ABC, Generic[SpecT, WantT, SubscriptionT]):
    """What all services know of their triggers; each says by itself what its statuses are."""

    def __init__(
        self, subscriptions: Subscriptions[SpecT, WantT, SubscriptionT], clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._subscriptions = subscriptions
        self._clock = clock

    def triggers(self) -> list[ObjectKey]:
        """All triggers."""
        return self._subscriptions.triggers()

    def trigger(self, key: ObjectKey) -> TriggerRecord[SpecT] | None:
        """What is known of one."""
        return self._subscriptions.trigger(key)

    def busy(self, key: ObjectKey) -> bool:
        """Whether a subscription still runs for it."""
        return bool(self._subscriptions.of(key))

    @abstractmethod
    def desired(self, record: TriggerRecord[SpecT]) -> JsonObject:
        """The status to write."""

    @abstractmethod
    async def look(self) -> None:
        """Learn what only others know."""

    def _functions(self, key: ObjectKey) -> tuple[str, ...]:
        """Those that the selector means."""
        return tuple(function.name for function in self._subscriptions.selected(key))
