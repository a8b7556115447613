"""The state and the counters of a transport for Prometheus, read when somebody asks."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from kubeless.delivery.transport.transport import Transport


class TransportCollector(Collector):
    """Register it with the registry of the service that owns the transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def collect(self) -> Iterator[Metric]:
        """Called from another thread than the loop's: only reads, each value on its own."""
        transport, counters = self._transport, self._transport.counters
        states = GaugeMetricFamily("kubeless_transport_connections", "Connections to endpoints.", labels=["state"])
        states.add_metric(["busy"], transport.busy)
        states.add_metric(["idle"], transport.idle)
        yield states
        yield GaugeMetricFamily(
            "kubeless_transport_shunned", "Endpoints that took no connections and are left alone.", transport.shunned
        )
        yield GaugeMetricFamily("kubeless_transport_waiting", "Requests that wait for a connection.", transport.waiting)
        for name, help_text, value in (
            ("requests", "Requests sent.", counters.requests),
            ("retries", "Attempts beyond the first, all of them safe.", counters.retries),
            ("connections_opened", "Connections made.", counters.connections_opened),
            ("connections_reused", "Exchanges on a kept connection.", counters.connections_reused),
            ("connections_closed", "Connections closed by either side.", counters.connections_closed),
        ):
            yield CounterMetricFamily(f"kubeless_transport_{name}", help_text, value)
        errors = CounterMetricFamily("kubeless_transport_errors", "Failed attempts.", labels=["kind"])
        for kind, count in list(counters.errors.items()):
            errors.add_metric([kind], count)
        yield errors
