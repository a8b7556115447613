"""
The operations on the admin port: streams, publishing and dead letters, for the command `kubeless`.

They are reached through the API server's service proxy, so that Kubernetes RBAC (`services/proxy` of the Service
`nats-trigger-controller`) guards them and nothing else needs to listen. Whoever may use that proxy may do all of this,
in all namespaces: it is a right for operators.
"""

from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from kubeless.core.errors import shorten
from kubeless.delivery.admin.answers import Handler, answering
from kubeless.delivery.admin.locks import LetterLocks
from kubeless.delivery.admin.redrive import Redelivery
from kubeless.nats_subscriber.admin_clients import Clients
from kubeless.nats_subscriber.admin_deadletters import DeadLetterRoutes
from kubeless.nats_subscriber.admin_errors import explain
from kubeless.nats_subscriber.admin_publish import PublishRoutes
from kubeless.nats_subscriber.admin_streams import StreamRoutes


class AdminContext(Protocol):
    """What the operations need of the service."""

    @property
    def connection(self) -> Clients:
        """How to reach NATS."""

    @property
    def redelivery(self) -> Redelivery:
        """How to reach functions."""


def routes(context: AdminContext) -> list[web.RouteDef]:
    """The routes for `core.health.AdminServer`."""
    publishing = PublishRoutes(context.connection)
    letters = DeadLetterRoutes(context.connection, context.redelivery, LetterLocks("subject"))
    streams = StreamRoutes(context.connection)
    return [
        _route(web.get, "/streams", streams.list),
        _route(web.post, "/streams", streams.create),
        _route(web.delete, "/streams/{stream}", streams.delete),
        _route(web.post, "/messages", publishing.publish),
        _route(web.get, "/deadletters", letters.list),
        _route(web.get, "/deadletters/{sequence}", letters.show),
        _route(web.post, "/deadletters/purge", letters.purge),
        _route(web.post, "/deadletters/redrive", letters.redrive),
    ]


def _route(verb: Callable[..., web.RouteDef], path: str, handler: Handler) -> web.RouteDef:
    return verb(path, answering(_subject, explain, handler))


def _subject(request: web.Request) -> str:
    subject, stream = request.query.get("subject"), request.match_info.get("stream")
    if stream is not None:
        return f"stream {shorten(stream)}"
    return "NATS" if subject is None else f"subject {shorten(subject)}"
