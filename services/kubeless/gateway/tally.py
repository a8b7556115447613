"""The metrics of all workers as one, and what the parent counts itself."""

import asyncio
from collections.abc import Iterator, Sequence

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from kubeless.gateway.child import Child
from kubeless.gateway.snapshot import Sum

_PATIENCE = 10.0
"""Seconds for all workers to answer; each has a shorter time of its own."""


class Tally(Collector):
    """Belongs to the loop it is given; Prometheus asks from another thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.children: Sequence[Child] = ()
        self.restarts = 0
        """Workers that ended without being told to."""
        self._loop = loop
        self._ended = Sum()

    def ended(self, child: Child) -> None:
        """A worker ended: keep what it had counted when it was last asked."""
        self._ended.add(child.counted, ended=True)
        child.counted = []

    def forget(self, label: str, value: str) -> None:
        """A route or a function is gone."""
        self._ended.forget(label, value)
        for child in self.children:
            child.forget(label, value)

    def describe(self) -> list[Metric]:
        """Nothing is known before the workers are asked."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Called from another thread than the loop's, which goes on meanwhile and asks the workers."""
        total = asyncio.run_coroutine_threadsafe(self._sum(), self._loop).result(_PATIENCE)
        yield from total.metrics()
        ready = sum(child.ready for child in self.children)
        yield GaugeMetricFamily("kubeless_gateway_workers_ready", "Processes that answer requests.", ready)
        yield CounterMetricFamily(
            "kubeless_gateway_worker_restarts", "Processes that ended by themselves.", self.restarts
        )

    async def _sum(self) -> Sum:
        counted = await asyncio.gather(*(child.count() for child in self.children))
        total = self._ended.copy()
        for each in counted:
            total.add(each)
        return total
