"""
The whole platform in one process.

The embedded API server comes first; everything else is its client: the node that runs pods as processes, and the
services, which are the very same code that runs in a cluster. Leaving the platform stops them in reverse order, so
functions finish what they do before the API goes away.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from kubeless.api.crds import custom_resource_definitions
from kubeless.kube.client import KubeClient
from kubeless.kube.resources import CRDS
from kubeless.local.apiserver.server import ApiServer
from kubeless.local.kafka.broker import KafkaBroker
from kubeless.local.nats.server import NatsServer
from kubeless.local.node.node import run_node
from kubeless.local.node.settings import NodeSettings
from kubeless.local.portal import run_portal
from kubeless.local.services import ServiceSettings, run_services
from kubeless.local.state import DataDir

HOST = "127.0.0.1"
"""Everything listens here: the embedded API server asks for no credentials."""

CONTEXT = "kubeless-local"
"""Name of the cluster, the user and the context in the kubeconfig."""

_FIELD_MANAGER = "kubeless-local"


@dataclass(frozen=True, slots=True)
class PlatformSettings:
    """What a person may choose. Port 0 takes a free one."""

    data_dir: DataDir
    api_port: int = 8082
    gateway_port: int = 8080
    gateway_tls_port: int = 8443
    kafka_port: int = 9092
    """Of the embedded broker."""
    kafka_brokers: str = ""
    """Brokers to use instead of the embedded one, as `host:port` separated by commas."""
    nats_port: int = 4222
    """Of the NATS server that is started."""
    nats_url: str = ""
    """NATS servers to use instead, as URLs separated by commas."""
    portal: bool = True
    """Run the portal."""
    portal_port: int = 8081
    ephemeral: bool = False
    """Keep the objects in memory only."""


@dataclass(frozen=True, slots=True)
class Platform:
    """A running platform."""

    client: KubeClient
    addresses: dict[str, str]
    """Name of a part (api, gateway, nats, portal) to its URL; of kafka, its bootstrap address."""


@asynccontextmanager
async def run_platform(settings: PlatformSettings) -> AsyncIterator[Platform]:
    """
    Run everything while entered; it is ready once entered.

    Raises:
        PortTaken: one of the ports is in use; the message names the port and its owner.
        DatabaseError: the state of an earlier platform cannot be read.
    """
    database = None if settings.ephemeral else settings.data_dir.database
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(ApiServer(host=HOST, port=settings.api_port, database=database))
        client = await stack.enter_async_context(await KubeClient.anonymous(api.url))
        await _install_definitions(client)
        node = await stack.enter_async_context(run_node(NodeSettings(data_dir=settings.data_dir.node), client))
        api.logs = node.logs
        api.commands = node.commands
        api.serve_metrics(node.metrics)
        brokers = await stack.enter_async_context(_kafka(settings))
        nats = await stack.enter_async_context(_nats(settings))
        services = ServiceSettings(
            HOST, settings.gateway_port, settings.gateway_tls_port, kafka_brokers=brokers, nats_url=nats
        )
        gateway = await stack.enter_async_context(run_services(services, client))
        _write_kubeconfig(settings.data_dir, api.url)
        addresses = {
            "api": api.url,
            "gateway": f"http://{HOST}:{gateway.port}",
            "gateway-tls": f"https://{HOST}:{gateway.tls_port}",
            "kafka": brokers,
            "nats": nats,
        }
        if settings.portal:
            addresses["portal"] = await stack.enter_async_context(
                run_portal(
                    settings.data_dir.kubeconfig, settings.data_dir.portal_log, host=HOST, port=settings.portal_port
                )
            )
        yield Platform(client, addresses)


@asynccontextmanager
async def _kafka(settings: PlatformSettings) -> AsyncIterator[str]:
    """The brokers' addresses; of the embedded broker unless others are named."""
    if settings.kafka_brokers:
        yield settings.kafka_brokers
        return
    async with KafkaBroker(HOST, settings.kafka_port) as broker:
        yield broker.bootstrap


@asynccontextmanager
async def _nats(settings: PlatformSettings) -> AsyncIterator[str]:
    """The URLs of the NATS servers; of one that is started unless others are named."""
    if settings.nats_url:
        yield settings.nats_url
        return
    async with NatsServer(settings.data_dir.nats, host=HOST, port=settings.nats_port) as server:
        yield server.url


async def _install_definitions(client: KubeClient) -> None:
    applied = (
        client.apply(CRDS, definition, field_manager=_FIELD_MANAGER, force=True)
        for definition in custom_resource_definitions()
    )
    await asyncio.gather(*applied)


def _write_kubeconfig(data_dir: DataDir, server: str) -> None:
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": {"server": server}}],
        "users": [{"name": CONTEXT, "user": {}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT, "namespace": "default"}}],
        "current-context": CONTEXT,
    }
    data_dir.kubeconfig.write_text(json.dumps(kubeconfig, indent=2) + "\n")  # JSON is YAML, and needs no library
