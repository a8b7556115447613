"""What the portal tells about itself."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from kubeless.portal.sessions import Sessions


class PortalCollector(Collector):
    """Read when asked for."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """See `Collector`."""
        sessions = self._sessions.values()
        yield GaugeMetricFamily("kubeless_portal_sessions", "people who are signed in", len(sessions))
        yield GaugeMetricFamily(
            "kubeless_portal_watches", "collections that are followed", sum(len(each.feeds) for each in sessions)
        )
