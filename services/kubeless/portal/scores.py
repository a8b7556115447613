"""
What the routers count, read from their admin ports through the API server's service proxy with the person's account.

A service of several replicas answers with those of one: what is shown is a sample, and Prometheus has the whole.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

from kubeless.core.errors import KubelessError
from kubeless.delivery.admin.names import PORT
from kubeless.kube.client import KubeClient
from kubeless.manage import cronnames, kafkanames, natsnames
from kubeless.portal.decide.flows import Edge, Flow, Reading, flows_between, read_counts

INTERVAL = 3.0
"""Seconds between two readings."""

PATIENCE = 4.0

SERVICES: Mapping[str, str] = {
    "HTTP": "kubeless-gateway",
    "Kafka": kafkanames.SERVICE,
    "NATS": natsnames.SERVICE,
    "Schedule": cronnames.SERVICE,
}
"""By kind of trigger, the Kubernetes Service."""


class Scores:
    """Of one account. `run` reads while somebody looks."""

    def __init__(self, client: KubeClient, namespace: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._namespace = namespace
        self._clock = clock
        self._viewers: set[object] = set()
        self._looking = asyncio.Event()
        self._readings: dict[str, tuple[Reading, Reading]] = {}
        self.problems: dict[str, str] = {}
        """By kind, why nothing is known."""

    def look(self, viewer: object) -> None:
        """Somebody looks."""
        self._viewers.add(viewer)
        self._looking.set()

    def leave(self, viewer: object) -> None:
        """And no longer does."""
        self._viewers.discard(viewer)
        if not self._viewers:
            self._looking.clear()

    def flows(self) -> dict[Edge, Flow]:
        """Between the last two readings of each service."""
        found: dict[Edge, Flow] = {}
        for before, after in self._readings.values():
            found |= flows_between(before, after)
        return found

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._looking.wait()
            await asyncio.gather(*(self._read(kind, service) for kind, service in SERVICES.items()))
            await asyncio.sleep(INTERVAL)

    async def _read(self, kind: str, service: str) -> None:
        try:
            answer = await self._client.proxy(self._namespace, service, port=PORT, path="metrics", timeout=PATIENCE)
        except KubelessError as error:
            self.problems[kind] = str(error)
            return
        if answer.status != 200:
            self.problems[kind] = f"{service} answered {answer.status}"
            return
        self.problems.pop(kind, None)
        # Thousands of series take longer to read than a click may wait.
        counts = await asyncio.to_thread(read_counts, answer.body, kind=kind)
        reading = Reading(self._clock(), counts)
        _, last = self._readings.get(kind, (reading, reading))
        self._readings[kind] = (last, reading)
