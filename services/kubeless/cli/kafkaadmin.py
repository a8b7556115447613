"""
The operations that the Kafka trigger controller serves on its admin port, through the API server's service proxy.

So a command needs no way to the brokers and no credentials for them: who may proxy to that Service may use it.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubeless.cli.failure import Fatal
from kubeless.core.jsontypes import JsonObject

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient
    from kubeless.kube.service_proxy import ProxyResponse

AnyCallable = TypeVar("AnyCallable", bound=Callable[..., Any])

PATIENCE = 120.0
"""Seconds for an operation. The service itself gives up earlier and then says on what."""


class Refused(Fatal):
    """The service answered with an error."""

    def __init__(self, message: str, *, status: int, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class KafkaAdmin:
    """The service in one namespace."""

    def __init__(self, client: "KubeClient", namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def call(
        self, method: str, path: str, *, body: bytes | None = None, timeout: float = PATIENCE
    ) -> list[JsonObject]:
        """
        The JSON objects of the answer, one a line.

        Raises `Refused` for an error of the service, `Fatal` if it cannot be reached, `KubeError` for other errors of
        the API server.
        """
        response = await self._send(method, path, body, timeout)
        if response.status >= 400:
            raise _refusal(response)
        lines = [_object(line) for line in response.body.splitlines() if line.strip()]
        if lines and isinstance(lines[-1].get("error"), dict):
            failure = lines[-1]["error"]
            raise Refused(str(failure.get("message")), status=502, reason=str(failure.get("reason")))
        return lines

    async def _send(self, method: str, path: str, body: bytes | None, timeout: float) -> "ProxyResponse":
        from kubeless.delivery.admin.names import PORT
        from kubeless.kafka_consumer.admin_names import SERVICE
        from kubeless.kube.errors import NotFound, ServerError

        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            return await self._client.proxy(
                self._namespace,
                SERVICE,
                port=PORT,
                path=path,
                method=method,
                headers=headers,
                body=body,
                timeout=timeout,
            )
        except NotFound as error:
            raise Fatal(
                f"Unable to find the service {SERVICE} in namespace {self._namespace}: install the Kafka trigger "
                f"controller, or name its namespace with --kafka-namespace. Error: {error}"
            ) from error
        except ServerError as error:
            if error.status != 503:
                raise
            raise Fatal(
                f"The Kafka trigger controller in namespace {self._namespace} does not answer; see why its pods are "
                f"not ready with 'kubectl get pods -n {self._namespace}'. Error: {error}"
            ) from error


def kafka_namespace_option(command: AnyCallable) -> AnyCallable:
    """`--kafka-namespace`."""
    return click.option(
        "--kafka-namespace",
        default="kubeless",
        show_default=True,
        metavar="NAME",
        help="Namespace of the Kafka trigger controller.",
    )(command)


def read_topic_name(name: str) -> str:
    """The name of a topic, checked before anybody is asked; raises `InvalidField`."""
    from kubeless.kafka_consumer.admin_names import check_topic

    return check_topic(name)


def _refusal(response: "ProxyResponse") -> Refused:
    try:
        failure = _object(response.body)
    except Fatal:
        failure = {}
    text = response.body[:200].decode(errors="replace").strip()
    message = str(failure.get("message") or f"the Kafka trigger controller answered {response.status} {text}")
    return Refused(message, status=response.status, reason=str(failure.get("reason") or ""))


def _object(line: bytes) -> JsonObject:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Fatal(
            "The answer is not from a Kafka trigger controller of this version; update the command or the controller"
        )
    return value
