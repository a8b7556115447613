"""
Where the statuses of NATS triggers come from: our own subscriptions, and what the server told them.

The numbers of a stream are those of all replicas, for its consumer is theirs together. Core NATS has no such number;
there it is what this replica holds.
"""

from collections.abc import Callable
from datetime import datetime

from kubeless.api.natstrigger import NATSTriggerSpec
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.sources.statussource import SubscribedStatus, utc_now
from kubeless.nats_subscriber.conditions import Facts, PairFacts, desired_status
from kubeless.nats_subscriber.connection import Connection
from kubeless.nats_subscriber.subscription import NatsSubscription
from kubeless.nats_subscriber.subscriptions import NatsSubscriptions
from kubeless.nats_subscriber.wanted import NatsRecord, Want


class TriggerStatus(SubscribedStatus[NATSTriggerSpec, Want, NatsSubscription]):
    """See `delivery.sources.statuswriter.StatusSource`."""

    def __init__(
        self, subscriptions: NatsSubscriptions, connection: Connection, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__(subscriptions, clock)
        self._connection = connection

    def desired(self, record: NatsRecord) -> JsonObject:
        """The status to write."""
        return desired_status(self._facts(record), now=self._clock())

    async def look(self) -> None:
        """Nothing: each subscription looks for itself."""

    def _facts(self, record: NatsRecord) -> Facts:
        return Facts(
            trigger=record,
            broker_asked=self._connection.asked,
            broker_problem=self._connection.problem,
            has_jetstream=self._connection.has_jetstream,
            pairs={
                function: PairFacts(each.state, each.stuck, each.last_error, each.slow, each.pending)
                for function, each in self._subscriptions.of(record.key).items()
                if each.wanted
            },
            functions=self._functions(record.key),
        )
