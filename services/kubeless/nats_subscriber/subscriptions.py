"""The subscriptions of this service; see `delivery.sources.subscriptions`."""

from kubeless.api.natstrigger import NATSTriggerSpec
from kubeless.api.resource import NATS_TRIGGERS
from kubeless.delivery.sources.subscriptions import Subscriptions
from kubeless.nats_subscriber.subscription import NatsSubscription, Workplace
from kubeless.nats_subscriber.wanted import Want, want
from kubeless.routing.table import RoutingTable

NatsSubscriptions = Subscriptions[NATSTriggerSpec, Want, NatsSubscription]


def subscriptions_for(workplace: Workplace, functions: RoutingTable) -> NatsSubscriptions:
    """One subscription for each trigger and function that it selects."""
    return Subscriptions(
        NATS_TRIGGERS.kind,
        functions,
        counters=workplace.counters,
        want=want,
        make=lambda pair, changed: NatsSubscription(pair, workplace, changed),
        drain_timeout=workplace.settings.drain_timeout,
    )
