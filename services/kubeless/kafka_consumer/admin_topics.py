"""Topics: list, create, delete. `kubeless topic` comes here through the API server's service proxy."""

from collections.abc import AsyncGenerator
from typing import Any

from aiohttp import web
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.answers import read_object, stream_lines, whole_number
from kubeless.delivery.admin.errors import AdminError
from kubeless.kafka_consumer.admin_clients import Clients
from kubeless.kafka_consumer.admin_errors import explain, for_code
from kubeless.manage.kafkanames import check_topic

_MAX_PARTITIONS = 100_000
_MAX_REPLICAS = 32_767
_TIMEOUT_MS = 15_000
"""How long the broker may take to make or remove a topic."""


class TopicRoutes:
    """The operations over HTTP."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def list(self, request: web.Request) -> web.StreamResponse:
        """`GET /topics`: `{"name", "partitions", "replicationFactor"}` a line, by name."""
        return await stream_lines(request, self._lines(), explain)

    async def create(self, request: web.Request) -> web.StreamResponse:
        """`POST /topics` of `{"name", "partitions"?: 1, "replicationFactor"?: 1}`: 201."""
        topic = read_topic(await read_object(request))
        async with self._clients.admin() as admin:
            _check(await admin.create_topics([topic], timeout_ms=_TIMEOUT_MS))
        created = {"name": topic.name, "partitions": topic.num_partitions}
        return web.json_response(created | {"replicationFactor": topic.replication_factor}, status=201)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """`DELETE /topics/<name>`."""
        name = check_topic(request.match_info["topic"])
        async with self._clients.admin() as admin:
            _check(await admin.delete_topics([name], timeout_ms=_TIMEOUT_MS))
        return web.json_response({"name": name})

    async def _lines(self) -> AsyncGenerator[JsonObject]:
        async with self._clients.admin() as admin:
            found = await all_topics(admin)
        for name in sorted(found):
            yield {"name": name} | found[name]


def read_topic(body: JsonObject) -> NewTopic:
    """The topic that a request asks for; raises AdminError or InvalidField."""
    unknown = body.keys() - {"name", "partitions", "replicationFactor"}
    if unknown:
        raise AdminError(400, "Invalid", f"{min(unknown)}: is unknown; use name, partitions and replicationFactor")
    name = body.get("name")
    return NewTopic(
        name=check_topic(name if isinstance(name, str) else ""),
        num_partitions=whole_number(body.get("partitions"), "partitions", low=1, high=_MAX_PARTITIONS, default=1),
        replication_factor=whole_number(
            body.get("replicationFactor"), "replicationFactor", low=1, high=_MAX_REPLICAS, default=1
        ),
    )


async def all_topics(admin: AIOKafkaAdminClient) -> dict[str, JsonObject]:
    """
    Partitions and replicas of every topic that is not Kafka's own.

    All, also where one is asked about: to ask for one by name may bring it into being.
    """
    return {
        topic["topic"]: {
            "partitions": len(topic["partitions"]),
            "replicationFactor": max((len(each["replicas"]) for each in topic["partitions"]), default=0),
        }
        for topic in await admin.describe_topics()
        if not topic["is_internal"] and not topic["error_code"]
    }


def _check(response: Any) -> None:
    """Raise the error of the one topic in a response; its versions differ in what else they tell."""
    answer = response.to_object()
    for topic in answer.get("topic_errors") or answer.get("topic_error_codes") or answer.get("responses") or ():
        if topic["error_code"]:
            raise for_code(topic["error_code"], topic.get("error_message"))
