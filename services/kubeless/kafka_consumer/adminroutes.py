"""
The operations on the admin port: topics and dead letters, for the command `kubeless`.

They are reached through the API server's service proxy, so that Kubernetes RBAC (`services/proxy` of the Service
`kafka-trigger-controller`) guards them and nothing else needs to listen. Whoever may use that proxy may do all of this,
in all namespaces: it is a right for operators.
"""

from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from kubeless.core.errors import shorten
from kubeless.delivery.admin.answers import Handler, answering
from kubeless.delivery.admin.locks import LetterLocks
from kubeless.delivery.admin.redrive import Redelivery
from kubeless.kafka_consumer.admin_clients import Clients
from kubeless.kafka_consumer.admin_deadletters import DeadLetterRoutes
from kubeless.kafka_consumer.admin_errors import explain
from kubeless.kafka_consumer.admin_publish import PublishRoutes
from kubeless.kafka_consumer.admin_redrive import RedriveRoutes
from kubeless.kafka_consumer.admin_topics import TopicRoutes


class AdminContext(Protocol):
    """What the operations need of the service."""

    @property
    def connection(self) -> Clients:
        """How to reach Kafka."""

    @property
    def redelivery(self) -> Redelivery:
        """How to reach functions."""


def routes(context: AdminContext) -> list[web.RouteDef]:
    """The routes for `core.health.AdminServer`."""
    locks = LetterLocks("topic")
    topics, publishing = TopicRoutes(context.connection), PublishRoutes(context.connection)
    letters = DeadLetterRoutes(context.connection, locks)
    redriving = RedriveRoutes(context.connection, context.redelivery, locks)
    return [
        _route(web.get, "/topics", topics.list),
        _route(web.post, "/topics", topics.create),
        _route(web.delete, "/topics/{topic}", topics.delete),
        _route(web.post, "/topics/{topic}/records", publishing.publish),
        _route(web.get, "/deadletters/{topic}", letters.list),
        _route(web.get, "/deadletters/{topic}/{partition}/{offset}", letters.show),
        _route(web.post, "/deadletters/{topic}/purge", letters.purge),
        _route(web.post, "/deadletters/{topic}/redrive", redriving.redrive),
    ]


def _route(verb: Callable[..., web.RouteDef], path: str, handler: Handler) -> web.RouteDef:
    return verb(path, answering(_subject, explain, handler))


def _subject(request: web.Request) -> str:
    topic = request.match_info.get("topic")
    return "Kafka" if topic is None else f"topic {shorten(topic)}"
