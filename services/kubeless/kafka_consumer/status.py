"""
Where the statuses of Kafka triggers come from: our own consumers, and what the broker knows of the groups of all
replicas.

What cannot be known is why another replica cannot write a dead letter or deliver an event; that shows as a growing lag
here, and in the other replica's metrics and log.
"""

from collections.abc import Callable
from datetime import datetime

from kubeless.api.kafkatrigger import KafkaTriggerSpec
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.sources.conditions import PairFacts
from kubeless.delivery.sources.pair import Pair
from kubeless.delivery.sources.statussource import SubscribedStatus, utc_now
from kubeless.kafka_consumer import groups
from kubeless.kafka_consumer.conditions import Facts, desired_status
from kubeless.kafka_consumer.connection import Connection
from kubeless.kafka_consumer.groups import Group, GroupView
from kubeless.kafka_consumer.subscription import Subscription
from kubeless.kafka_consumer.subscriptions import Subscriptions
from kubeless.kafka_consumer.triggers import TriggerRecord
from kubeless.kafka_consumer.wanted import Want, group_of
from kubeless.kube.cache import ObjectKey


class TriggerStatus(SubscribedStatus[KafkaTriggerSpec, Want, Subscription]):
    """See `delivery.sources.statuswriter.StatusSource`."""

    def __init__(
        self, subscriptions: Subscriptions, connection: Connection, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__(subscriptions, clock)
        self._connection = connection
        self._views: dict[Group, GroupView] = {}

    def desired(self, record: TriggerRecord) -> JsonObject:
        """The status to write."""
        return desired_status(self._facts(record), now=self._clock())

    async def look(self) -> None:
        """Ask the broker about the groups."""
        asked = {group for key in self.triggers() for group in self._groups(key)}
        self._views = {}  # if the broker does not tell, the numbers are not known
        self._views = await groups.look(self._connection, asked)

    def _groups(self, key: ObjectKey) -> list[Group]:
        spec = self._subscriptions.spec(key)
        if spec is None:
            return []
        return [
            Group(group_of(Pair(*key, function.name), spec.topic), spec.topic)
            for function in self._subscriptions.selected(key)
        ]

    def _facts(self, record: TriggerRecord) -> Facts:
        views = [self._views.get(group) for group in self._groups(record.key)]
        known = [view for view in views if view is not None]
        complete = len(known) == len(views)
        return Facts(
            trigger=record,
            broker_asked=self._connection.asked,
            broker_problem=self._connection.problem,
            pairs={
                function: PairFacts(each.state, each.stuck, each.last_error)
                for function, each in self._subscriptions.of(record.key).items()
                if each.wanted
            },
            functions=self._functions(record.key),
            partitions=sum(view.partitions for view in known) if complete else None,
            lag=sum(view.lag for view in known) if complete else None,
        )
