"""
The operations that a service serves on its admin port, through the API server's service proxy.

So a person needs no way to the broker behind the service and no credentials for it: who may proxy to the Kubernetes
Service may use it.
"""

import json
from typing import TYPE_CHECKING, ClassVar

from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.manage import cronnames, kafkanames, natsnames

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient
    from kubeless.kube.service_proxy import ProxyResponse

PATIENCE = 120.0
"""Seconds for an operation. The service itself gives up earlier and then says on what."""


class OperationFailed(KubelessError):
    """The operation cannot be done."""


class Refused(OperationFailed):
    """The service answered with an error."""

    def __init__(self, message: str, *, status: int, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class ServiceAdmin:
    """A service in one namespace; each is a subclass."""

    service: ClassVar[str]
    """Name of the Kubernetes Service."""
    title: ClassVar[str]
    """How messages call it."""
    flag: ClassVar[str]
    """What names its namespace on the command line."""

    def __init__(self, client: "KubeClient", namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def call(
        self, method: str, path: str, *, body: bytes | None = None, timeout: float = PATIENCE
    ) -> list[JsonObject]:
        """
        The JSON objects of the answer, one a line.

        Raises `Refused` for an error of the service, `OperationFailed` if it cannot be reached, `KubeError` for other
        errors of the API server.
        """
        response = await self._send(method, path, body, timeout)
        if response.status >= 400:
            raise self._refusal(response)
        lines = [self._object(line) for line in response.body.splitlines() if line.strip()]
        if lines and isinstance(lines[-1].get("error"), dict):
            failure = lines[-1]["error"]
            raise Refused(str(failure.get("message")), status=502, reason=str(failure.get("reason")))
        return lines

    async def _send(self, method: str, path: str, body: bytes | None, timeout: float) -> "ProxyResponse":
        from kubeless.delivery.admin.names import PORT
        from kubeless.kube.errors import NotFound, ServerError

        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            return await self._client.proxy(
                self._namespace,
                self.service,
                port=PORT,
                path=path,
                method=method,
                headers=headers,
                body=body,
                timeout=timeout,
            )
        except NotFound as error:
            raise OperationFailed(
                f"Unable to find the service {self.service} in namespace {self._namespace}: install the {self.title}, "
                f"or name its namespace with {self.flag}. Error: {error}"
            ) from error
        except ServerError as error:
            if error.status != 503:
                raise
            raise OperationFailed(
                f"The {self.title} in namespace {self._namespace} does not answer; see why its pods are "
                f"not ready with 'kubectl get pods -n {self._namespace}'. Error: {error}"
            ) from error

    def _refusal(self, response: "ProxyResponse") -> Refused:
        try:
            failure = self._object(response.body)
        except OperationFailed:
            failure = {}
        text = response.body[:200].decode(errors="replace").strip()
        message = str(failure.get("message") or f"the {self.title} answered {response.status} {text}")
        return Refused(message, status=response.status, reason=str(failure.get("reason") or ""))

    def _object(self, line: bytes) -> JsonObject:
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise OperationFailed(
                f"The answer is not from a {self.title} of this version; update the command or the controller"
            )
        return value


class KafkaAdmin(ServiceAdmin):
    """The Kafka trigger controller in one namespace."""

    service = kafkanames.SERVICE
    title = "Kafka trigger controller"
    flag = "--kafka-namespace"


class NatsAdmin(ServiceAdmin):
    """The NATS trigger controller in one namespace."""

    service = natsnames.SERVICE
    title = "NATS trigger controller"
    flag = "--nats-namespace"


class CronAdmin(ServiceAdmin):
    """The cronjob trigger controller in one namespace."""

    service = cronnames.SERVICE
    title = "cronjob trigger controller"
    flag = "--cronjob-namespace"
