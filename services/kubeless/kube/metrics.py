"""How current the copies are that a service keeps of the Kubernetes API."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from kubeless.kube.informer import Informer


class InformerCollector(Collector):
    """Two numbers for each of the informers of one service."""

    def __init__(
        self,
        registry: CollectorRegistry,
        informers: Callable[[], Iterable[Informer[Any]]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`informers` returns those that there are now; `clock` must be theirs."""
        self._informers = informers
        self._clock = clock
        self._started = clock()
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        now = self._clock()
        silence = GaugeMetricFamily(
            "kubeless_informer_silence_seconds", "Since the API server was last heard of.", labels=["resource"]
        )
        objects = GaugeMetricFamily("kubeless_informer_objects", "Objects that are known.", labels=["resource"])
        for informer in self._informers():
            # Never heard of counts from the start: that is what is wrong then.
            last = self._started if informer.last_contact is None else informer.last_contact
            silence.add_metric([informer.resource.qualified_name], now - last)
            objects.add_metric([informer.resource.qualified_name], len(informer))
        yield silence
        yield objects

    def describe(self) -> Iterator[Metric]:
        """Nothing, so that registering does not collect."""
        return iter(())
