"""Bring a pod's status into the API: only when it changed, the latest one only, and again until the API takes it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NoReturn

import structlog

from kubeless.core.backoff import Backoff
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import KubeError, NotFound
from kubeless.kube.resources import PODS
from kubeless.local.node.podstatus import PodRecord, pod_status

log = structlog.get_logger(__name__)

_COALESCE = 0.003
"""Seconds; a step and the next often come in the same breath, and each write costs the API server more than this."""


class StatusWriter:
    """Writes the status of one pod. `run` must run in a task of the owner."""

    def __init__(self, client: KubeClient, pod: Callable[[], JsonObject], record: PodRecord) -> None:
        """`pod` returns the newest object known."""
        self._client = client
        self._pod = pod
        self._record = record
        self._changed = asyncio.Event()
        self._written: JsonObject | None = None

    def changed(self) -> None:
        """The record has changed."""
        self._changed.set()

    async def run(self) -> NoReturn:
        """Write after each change until cancelled."""
        backoff = Backoff(initial=0.05, maximum=5.0)
        while True:
            await self._changed.wait()
            await asyncio.sleep(_COALESCE)
            self._changed.clear()
            try:
                await self.write()
            except KubeError as error:
                log.debug("pod status not written, will retry", error=str(error))
                self._changed.set()
                await asyncio.sleep(backoff.next())
            else:
                backoff.reset()

    async def write(self) -> None:
        """Write the status if it differs from the last one. Raises KubeError; a pod that is gone is no error."""
        pod = self._pod()
        before = self._written or pod.get("status") or {}
        status = pod_status({**pod, "status": before}, self._record, now=datetime.now(UTC))
        if status == self._written:
            return
        metadata = pod["metadata"]
        try:
            await self._client.patch(
                PODS, metadata["name"], {"status": status}, namespace=metadata["namespace"], subresource="status"
            )
        except NotFound:
            return
        self._written = status
