"""
The platform's services as they run here: the very same code as in a cluster, with settings for one machine.

There can be no second replica of any of them, so none waits for the lease of one that was killed.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from kubeless.controller import service as controller
from kubeless.controller.settings import Settings as ControllerSettings
from kubeless.core.settings import load
from kubeless.cron_scheduler import service as cron_scheduler
from kubeless.cron_scheduler.settings import Settings as CronSettings
from kubeless.gateway import service as gateway
from kubeless.gateway.settings import Settings as GatewaySettings
from kubeless.kafka_consumer import service as kafka_consumer
from kubeless.kafka_consumer.settings import Settings as KafkaSettings
from kubeless.kube.client import KubeClient
from kubeless.local.publish import publish_admin_port
from kubeless.manage import cronnames as cron_names
from kubeless.manage import kafkanames as kafka_names
from kubeless.manage import natsnames as nats_names
from kubeless.nats_subscriber import service as nats_subscriber
from kubeless.nats_subscriber.settings import Settings as NatsSettings


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What the services need to know of the machine. Port 0 takes a free one."""

    host: str
    gateway_port: int
    gateway_tls_port: int
    kafka_brokers: str
    nats_url: str


@asynccontextmanager
async def run_services(settings: ServiceSettings, client: KubeClient) -> AsyncIterator[gateway.Gateway]:
    """Run all of them while entered; yields the gateway, which is where people knock."""
    common = {"LEADER_ELECTION": "false", "ADMIN_HOST": settings.host, "ADMIN_PORT": "0"}
    async with AsyncExitStack() as stack:
        functions = await stack.enter_async_context(controller.serve(load(ControllerSettings, common), client))
        front = await stack.enter_async_context(
            gateway.serve(load(GatewaySettings, common | _gateway(settings)), client)
        )
        kafka = await stack.enter_async_context(
            kafka_consumer.serve(load(KafkaSettings, common | {"KAFKA_BROKERS": settings.kafka_brokers}), client)
        )
        nats = await stack.enter_async_context(
            nats_subscriber.serve(load(NatsSettings, common | {"NATS_URL": settings.nats_url}), client)
        )
        cron = await stack.enter_async_context(cron_scheduler.serve(load(CronSettings, common), client))
        await _publish(
            client,
            settings.host,
            {
                controller.SERVICE: functions.admin_port,
                gateway.SERVICE: front.admin_port,
                kafka_names.SERVICE: kafka.admin_port,
                nats_names.SERVICE: nats.admin_port,
                cron_names.SERVICE: cron.admin_port,
            },
        )
        yield front


def _gateway(settings: ServiceSettings) -> dict[str, str]:
    return {
        "GATEWAY_HOST": settings.host,
        "GATEWAY_PORT": str(settings.gateway_port),
        "GATEWAY_ADMIN_HOST": settings.host,
        "GATEWAY_ADMIN_PORT": "0",
        "GATEWAY_TLS_PORT": str(settings.gateway_tls_port),
        "GATEWAY_DIRECT_PATHS": "true",
    }


async def _publish(client: KubeClient, host: str, ports: Mapping[str, int]) -> None:
    for service, port in ports.items():
        await publish_admin_port(client, service, host=host, port=port)
