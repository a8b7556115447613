"""
The chart on a real control plane, and the platform's services as processes beside it, each with exactly its rights.

There is no node: `support.handkubelet` says of pods that they run where the test's own function listens.
"""

import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from kubeless.api.crds import custom_resource_definitions
from kubeless.api.resource import FUNCTIONS, Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import NotFound
from kubeless.kube.resources import SERVICE_MONITORS
from support.charts import NAMESPACE as RELEASE_NAMESPACE
from support.charts import SERVICES, Service, pick, render
from support.handkubelet import hand_kubelet
from support.kafkaworld import Ledger, until
from support.realcluster import RealCluster
from support.realnats import free_ports
from support.serviceprocess import ServiceProcess

HOME = RELEASE_NAMESPACE
NAMESPACE = "shop"
SECRET = "credentials"
OLD_CRON_JOB = "trigger-old"
"""A CronJob that the Go controller left, there before any service is."""

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
"""The API server takes no pod that could harm its node."""

_VALUES: JsonObject = {"kafka": {"existingSecret": SECRET}, "nats": {"existingSecret": SECRET}}
_QUICK = {
    "GATEWAY_STATUS_INTERVAL": "1",
    "KAFKA_STATUS_INTERVAL": "0.5",
    "KAFKA_PROBE_INTERVAL": "0.5",
    "NATS_STATUS_INTERVAL": "0.5",
    "NATS_PROBE_INTERVAL": "0.5",
    "CRON_STATUS_INTERVAL": "0.5",
}
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_PATHS = {
    "Namespace": "/api/v1/namespaces",
    "CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "ClusterRole": f"{_RBAC}/clusterroles",
    "ClusterRoleBinding": f"{_RBAC}/clusterrolebindings",
    "Role": _RBAC + "/namespaces/{namespace}/roles",
    "RoleBinding": _RBAC + "/namespaces/{namespace}/rolebindings",
    "ServiceAccount": "/api/v1/namespaces/{namespace}/serviceaccounts",
    "ConfigMap": "/api/v1/namespaces/{namespace}/configmaps",
    "Service": "/api/v1/namespaces/{namespace}/services",
    "Deployment": "/apis/apps/v1/namespaces/{namespace}/deployments",
    "CronJob": "/apis/batch/v1/namespaces/{namespace}/cronjobs",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets",
}


class Platform:
    """A control plane on which the chart is installed, and the services beside it while entered."""

    def __init__(
        self,
        folder: Path,
        cluster: RealCluster,
        *,
        nats_url: str,
        address: str,
        values: JsonObject | None = None,
        namespaces: tuple[str, ...] = (NAMESPACE,),
    ) -> None:
        """
        Args:
            folder: for logs.
            cluster: runs already.
            nats_url: of a nats-server.
            address: one of this machine where pods may be, see `support.handkubelet`.
            values: of the chart, beside those that name the Secret of the brokers.
            namespaces: where functions may be made.
        """
        self.cluster = cluster
        self.nats_url = nats_url
        self.address = address
        ports = free_ports(len(SERVICES) + 2)
        self.gateway_port, self.kafka_port = ports[:2]
        self.release = render(_VALUES | (values or {}))
        self._namespaces = namespaces
        self._folder = folder
        self._admin_ports = {service.component: port for service, port in zip(SERVICES, ports[2:], strict=True)}
        self.services: dict[str, ServiceProcess] = {}

    def install(self) -> None:
        """Make what is there before any service runs: definitions, namespaces, the release, and what is left of old."""
        for definition in (*custom_resource_definitions(), _service_monitors()):
            self._make("CustomResourceDefinition", definition)
        for name in (HOME, *self._namespaces):
            self._make("Namespace", {"metadata": {"name": name, "labels": RESTRICTED}})
        for document in self.release:
            if "helm.sh/hook" not in document["metadata"].get("annotations", {}):
                self._make(document["kind"], document)
        self._make("CronJob", _old_cron_job(self._namespaces[0]))

    @contextmanager
    def running(self) -> Iterator["Platform"]:
        """Start all services and wait until they are ready."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(hand_kubelet(self.cluster.kubeconfig, self.address))
            for service in SERVICES:
                process = self._replica(service, 0, self._admin_ports[service.component], self.gateway_port)
                process.start()
                stack.callback(process.stop)
                self.services[service.component] = process
            for process in self.services.values():
                process.until_ready()
            yield self

    def _make(self, kind: str, body: JsonObject) -> None:
        """Create one object; the API server must know each of its fields."""
        namespace = body["metadata"].get("namespace", HOME)
        path = _PATHS[kind].format(namespace=namespace)
        self.cluster.request("POST", f"{path}?fieldValidation=Strict", body)

    def replica(self, component: str, number: int) -> tuple[ServiceProcess, int]:
        """One more of a service on ports of its own, not started yet; and the port of events, if it is a gateway."""
        (service,) = (each for each in SERVICES if each.component == component)
        admin_port, gateway_port = free_ports(2)
        return self._replica(service, number, admin_port, gateway_port), gateway_port

    def _replica(self, service: Service, number: int, admin_port: int, gateway_port: int) -> ServiceProcess:
        kubeconfig = self.cluster.account_kubeconfig(HOME, service.name)
        module = service.settings.removesuffix(".settings")
        environment = self._environment(service, str(admin_port), str(gateway_port))
        return ServiceProcess(module, self._folder, kubeconfig=kubeconfig, environment=environment, number=number)

    def _environment(self, service: Service, admin_port: str, gateway_port: str) -> dict[str, str]:
        """What the pod would have, but for where things are."""
        pod = pick(self.release, "Deployment", service.name)["spec"]["template"]["spec"]["containers"][0]
        given = {each["name"]: each["value"] for each in pod["env"] if "value" in each}
        return {
            **given,
            "KUBELESS_NAMESPACE": HOME,
            "ADMIN_HOST": "127.0.0.1",
            "ADMIN_PORT": admin_port,
            "PORTAL_HOST": "127.0.0.1",
            "PORTAL_PORT": "0",
            "GATEWAY_HOST": "127.0.0.1",
            "GATEWAY_PORT": gateway_port,
            "GATEWAY_TLS_PORT": "0",
            "GATEWAY_ADMIN_HOST": "127.0.0.1",
            "GATEWAY_ADMIN_PORT": admin_port,
            "KAFKA_BROKERS": f"127.0.0.1:{self.kafka_port}",
            "NATS_URL": self.nats_url,
            **_QUICK,
        }


class World:
    """A platform as a test uses it: the administrator's client, a function's ledger, HTTP."""

    def __init__(
        self, platform: Platform, client: KubeClient, ledger: Ledger, http: aiohttp.ClientSession, namespace: str
    ) -> None:
        self.platform = platform
        self.namespace = namespace
        self.client = client
        self.ledger = ledger
        self.http = http

    async def function(self, name: str, **spec: Any) -> JsonObject:
        """Make a function that listens where the ledger does, and wait until the controller says it is ready."""
        ports = [{"name": "http-function-port", "port": 8080, "targetPort": self.ledger.port, "protocol": "TCP"}]
        body = {"runtime": "python3.11", "handler": "a.b", "function": "x", "service": {"ports": ports}} | spec
        made = await self.make(FUNCTIONS, name, body, labels={"function": name})
        await self.until_condition(FUNCTIONS, name, "Ready", "True")
        return made

    async def get(self, host: str, **headers: str) -> tuple[int, str]:
        """Ask the gateway for `/` of a host; status and body of the answer."""
        url = f"http://127.0.0.1:{self.platform.gateway_port}/"
        async with self.http.get(url, headers={"Host": host, **headers}) as response:
            return response.status, await response.text()

    async def make(self, kind: Resource, name: str, spec: JsonObject, **metadata: Any) -> JsonObject:
        """Make one of our objects."""
        head = {"apiVersion": kind.api_version, "kind": kind.kind}
        metadata = {"name": name, "namespace": self.namespace, **metadata}
        return await self.client.create(kind, {**head, "metadata": metadata, "spec": spec}, field_validation="Strict")

    async def until_condition(self, kind: Resource, name: str, condition: str, status: str) -> None:
        """Wait for what a service says of an object."""
        last: JsonObject = {}

        async def holds() -> bool:
            nonlocal last
            last = (await self.client.get(kind, name, namespace=self.namespace)).get("status") or {}
            return any(each["type"] == condition and each["status"] == status for each in last.get("conditions") or ())

        try:
            await until(holds)
        except TimeoutError as error:
            raise AssertionError(f"{kind.kind} {name} is not {condition}={status}: {last}") from error

    async def until_told(self, kind: Resource, name: str, words: str) -> None:
        """Wait until the status of an object has these words somewhere."""

        async def told() -> bool:
            return words in str((await self.client.get(kind, name, namespace=self.namespace)).get("status"))

        await until(told)

    async def until_bound(self, triggers: Resource, name: str) -> None:
        """Wait until the controller has seen a trigger together with its function."""
        await self.until_told(triggers, name, "boundFunction")

    async def change(self, kind: Resource, name: str, body: JsonObject) -> None:
        """Merge into an object."""
        await self.client.patch(kind, name, body, namespace=self.namespace)

    async def delete(self, kind: Resource, name: str) -> None:
        """Delete an object and wait until it is gone."""
        await self.client.delete(kind, name, namespace=self.namespace)
        await self.until_gone(kind, name)

    async def until_gone(self, kind: Resource, name: str) -> None:
        """Wait until an object is not there."""

        async def gone() -> bool:
            try:
                await self.client.get(kind, name, namespace=self.namespace)
            except NotFound:
                return True
            return False

        await until(gone)

    async def until_there(self, kind: Resource, name: str) -> JsonObject:
        """Wait until an object is there."""
        found: JsonObject = {}

        async def there() -> bool:
            nonlocal found
            with contextlib.suppress(NotFound):
                found = await self.client.get(kind, name, namespace=self.namespace)
            return bool(found)

        await until(there)
        return found


@asynccontextmanager
async def make_world(platform: Platform, namespace: str = NAMESPACE) -> AsyncIterator[World]:
    """The platform for one test that makes its objects in a namespace."""
    async with (
        await KubeClient.connect(kubeconfig=str(platform.cluster.kubeconfig)) as client,
        aiohttp.ClientSession() as http,
        Ledger(host=platform.address).serving() as ledger,
    ):
        yield World(platform, client, ledger, http, namespace)


def _old_cron_job(namespace: str) -> JsonObject:
    """As the Go controller made it, owned by a kind that never existed; it never runs here."""
    owner = {"apiVersion": "kubeless.io/v1beta1", "kind": "Trigger", "name": "old", "uid": "0b3c8a5e-1"}
    pod = {"restartPolicy": "Never", "containers": [{"name": "trigger", "image": "registry.invalid/c"}]}
    return {
        "metadata": {
            "name": OLD_CRON_JOB,
            "namespace": namespace,
            "labels": {"created-by": "kubeless"},
            "ownerReferences": [owner],
        },
        "spec": {"schedule": "0 0 29 2 *", "jobTemplate": {"spec": {"template": {"spec": pod}}}},
    }


def _service_monitors() -> JsonObject:
    """The definition that the Prometheus operator brings, without its schema."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "servicemonitors", "kind": "ServiceMonitor"}
    return {
        "metadata": {"name": SERVICE_MONITORS.qualified_name},
        "spec": {"group": SERVICE_MONITORS.group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
