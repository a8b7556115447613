"""The subscriptions of this service; see `delivery.sources.subscriptions`."""

from kubeless.api.kafkatrigger import KafkaTriggerSpec
from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.delivery.sources import subscriptions
from kubeless.kafka_consumer.subscription import Subscription, Workplace
from kubeless.kafka_consumer.wanted import Want, want
from kubeless.routing.table import RoutingTable

Subscriptions = subscriptions.Subscriptions[KafkaTriggerSpec, Want, Subscription]


def subscriptions_for(workplace: Workplace, functions: RoutingTable) -> Subscriptions:
    """One consumer for each trigger and function that it selects."""
    return Subscriptions(
        KAFKA_TRIGGERS.kind,
        functions,
        counters=workplace.counters,
        want=want,
        make=lambda pair, changed: Subscription(pair, workplace, changed),
        drain_timeout=workplace.settings.drain_timeout,
    )
