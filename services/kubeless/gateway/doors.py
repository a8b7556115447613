"""Where requests come in: the two ports of the gateway, and what becomes of those who knock with nonsense."""

import ssl

from kubeless.gateway.accesslog import AccessLog
from kubeless.gateway.forward import Forwarder
from kubeless.gateway.http.problem import BadRequest
from kubeless.gateway.metrics import GatewayMetrics
from kubeless.gateway.server import Server
from kubeless.gateway.settings import Settings, client_limits


class Refusals:
    """Counts what was no request, and tells the access log of it."""

    def __init__(self, metrics: GatewayMetrics, access_log: AccessLog) -> None:
        self._metrics = metrics
        self._access_log = access_log

    def refused(self, error: BadRequest, peer: str) -> None:
        """Called by the server, with what was wrong and the address it came from."""
        self._metrics.refused(error.status)
        if self._access_log.wants(status=error.status, outcome="refused"):
            self._access_log.write_refused(status=error.status, error=str(error), peer=peer)


class Doors:
    """Makes the servers of both ports."""

    def __init__(self, settings: Settings, forwarder: Forwarder, refusals: Refusals, *, shared: bool) -> None:
        """`shared`: other processes listen on the same ports."""
        self._settings = settings
        self._forwarder = forwarder
        self._refusals = refusals
        self._shared = shared
        self._limits = client_limits(settings)

    def plain(self) -> Server:
        """The port without TLS."""
        return self._server(self._settings.port, None)

    def secure(self, tls: ssl.SSLContext) -> Server:
        """The port with TLS."""
        return self._server(self._settings.tls_port, tls)

    def _server(self, port: int, tls: ssl.SSLContext | None) -> Server:
        return Server(
            self._forwarder.begin,
            host=self._settings.host,
            port=port,
            limits=self._limits,
            tls=tls,
            shared=self._shared,
            on_refused=self._refusals.refused,
            expressway=self._forwarder.expressway,
        )
