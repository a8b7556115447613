"""
The node: what makes a Kubernetes API a working cluster of one machine.

It is a client of the API like any controller: Deployments become ReplicaSets, these become Pods, Pods become processes,
Services get endpoints, and autoscalers scale. Leaving `run_node` ends all processes and keeps all objects, so the next
node goes on where this one stopped. It replaces scheduler, kubelet, metrics-server and the parts of the controller
manager that functions need; Jobs, CronJobs, StatefulSets and DaemonSets are stored by the API but nobody acts on them,
and limits of CPU are not enforced.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from kubeless.api.resource import Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import Indexer
from kubeless.kube.client import KubeClient
from kubeless.kube.informer import Informer
from kubeless.kube.resources import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    HPAS,
    PODS,
    REPLICA_SETS,
    SECRETS,
    SERVICES,
)
from kubeless.local.node.autoscaler.controller import AutoscalerController, Observed
from kubeless.local.node.configuration import CONFIG_MAP, SECRET
from kubeless.local.node.deployments import DeploymentController
from kubeless.local.node.endpoints import BY_NAMESPACE, BY_SERVICE, EndpointsController, by_namespace, by_service
from kubeless.local.node.events import EventRecorder
from kubeless.local.node.execution import PodExec
from kubeless.local.node.kubelet import Kubelet
from kubeless.local.node.logs import PodLogs
from kubeless.local.node.nodemetrics import NodeMetrics
from kubeless.local.node.nodeobject import register
from kubeless.local.node.plan import NodeTools, RuntimeFinder
from kubeless.local.node.replicasets import BY_CONTROLLER, ReplicaSetController, by_controller
from kubeless.local.node.settings import NodeSettings
from kubeless.local.node.usage import UsageMeter


@dataclass(frozen=True, slots=True)
class Node:
    """A running node."""

    settings: NodeSettings
    logs: PodLogs
    metrics: NodeMetrics
    commands: PodExec


@dataclass(frozen=True, slots=True)
class _Caches:
    pods: Informer[JsonObject]
    replica_sets: Informer[JsonObject]
    deployments: Informer[JsonObject]
    services: Informer[JsonObject]
    slices: Informer[JsonObject]
    endpoints: Informer[JsonObject]
    autoscalers: Informer[JsonObject]
    config_maps: Informer[JsonObject]
    secrets: Informer[JsonObject]

    @property
    def all(self) -> tuple[Informer[JsonObject], ...]:
        return (
            self.pods,
            self.replica_sets,
            self.deployments,
            self.services,
            self.slices,
            self.endpoints,
            self.autoscalers,
            self.config_maps,
            self.secrets,
        )


@asynccontextmanager
async def run_node(
    settings: NodeSettings, client: KubeClient, *, runtimes: RuntimeFinder | None = None
) -> AsyncIterator[Node]:
    """
    Run the node while entered; `runtimes` finds what runs functions, by default the interpreters of this machine.

    Once entered, what an earlier platform left is ended, and no pod claims to be ready that is not.
    """
    caches = _make_caches(client)
    events = EventRecorder(client, component="kubelet", host=settings.name)
    usage = UsageMeter()
    tools = NodeTools(
        settings=settings, client=client, events=events, runtimes=runtimes or RuntimeFinder(), usage=usage
    )
    configurations = {CONFIG_MAP: caches.config_maps, SECRET: caches.secrets}
    kubelet = Kubelet(tools, caches.pods, configurations=configurations)
    async with asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[None]] = [group.create_task(cache.run()) for cache in caches.all]
        for cache in caches.all:
            await cache.wait_synced()
        await kubelet.clean_up()
        await register(client, settings.name)
        tasks += [group.create_task(controller.run()) for controller in _controllers(client, events, caches)]
        tasks.append(group.create_task(_autoscaler(client, events, caches, usage, settings).run()))
        tasks += [group.create_task(events.run()), group.create_task(usage.run())]
        async with kubelet.running():
            metrics = NodeMetrics(settings.name, caches.pods, usage)
            yield Node(settings, PodLogs(settings.data_dir), metrics, PodExec(kubelet))
        for task in tasks:
            task.cancel()


def _make_caches(client: KubeClient) -> _Caches:
    def cache(resource: Resource, **indexers: Indexer[JsonObject]) -> Informer[JsonObject]:
        return Informer(client, resource, transform=lambda obj: obj, indexers=indexers)

    def versions(resource: Resource) -> Informer[JsonObject]:
        # That it changed is all that is kept: what it holds is read when it is needed.
        return Informer(client, resource, transform=lambda obj: {"version": obj["metadata"]["resourceVersion"]})

    return _Caches(
        pods=Informer(
            client,
            PODS,
            transform=lambda pod: pod if (pod.get("spec") or {}).get("containers") else None,
            indexers={BY_CONTROLLER: by_controller, BY_NAMESPACE: by_namespace},
        ),
        replica_sets=cache(REPLICA_SETS, **{BY_CONTROLLER: by_controller}),
        deployments=cache(DEPLOYMENTS),
        services=cache(SERVICES, **{BY_NAMESPACE: by_namespace}),
        slices=cache(ENDPOINT_SLICES, **{BY_SERVICE: by_service}),
        endpoints=cache(ENDPOINTS),
        autoscalers=cache(HPAS),
        config_maps=versions(CONFIG_MAPS),
        secrets=versions(SECRETS),
    )


def _autoscaler(
    client: KubeClient, events: EventRecorder, caches: _Caches, usage: UsageMeter, settings: NodeSettings
) -> AutoscalerController:
    observed = Observed(autoscalers=caches.autoscalers, pods=caches.pods, services=caches.services, usage=usage)
    return AutoscalerController(client, events, observed, period=settings.autoscale_period)


def _controllers(
    client: KubeClient, events: EventRecorder, caches: _Caches
) -> tuple[ReplicaSetController, DeploymentController, EndpointsController]:
    pods, replica_sets = caches.pods, caches.replica_sets
    return (
        ReplicaSetController(client, events, replica_sets=replica_sets, pods=pods),
        DeploymentController(client, events, deployments=caches.deployments, replica_sets=replica_sets, pods=pods),
        EndpointsController(
            client, services=caches.services, pods=pods, slices=caches.slices, endpoints=caches.endpoints
        ),
    )
