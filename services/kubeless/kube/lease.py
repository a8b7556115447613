"""
One of several replicas leads, by a `coordination.k8s.io/v1` Lease.

The leader renews the lease; the others take it once it was not renewed for as long as it promised. Clocks of different
machines are never compared: a candidate counts from when it itself saw the lease change, as client-go does, and a
leader counts from before it sent its last successful renewal. It steps down after `renew_deadline`, which is shorter
than `duration`, so there are never two leaders, unless a process is frozen between a check and an act.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from math import ceil
from typing import NoReturn, Self

import structlog

from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import AlreadyExists, Conflict, KubeError, NotFound
from kubeless.kube.resources import LEASES

log = structlog.get_logger(__name__)

RELEASE_TIMEOUT = 3.0
"""Seconds to give the lease back at the end; after that the next leader waits until it expires."""


class Step(Enum):
    """What a replica does about the lease it has read."""

    CREATE = "create"
    TAKE = "take"
    RENEW = "renew"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A lease as it was read, and since when it has looked like that (`since`: seconds of a monotonic clock)."""

    lease: JsonObject
    since: float

    @property
    def holder(self) -> str:
        """The identity in the lease; empty after a release."""
        return str(_spec(self.lease).get("holderIdentity") or "")

    @property
    def duration(self) -> float:
        """How long the holder asked others to wait after each renewal, in seconds."""
        return float(_spec(self.lease).get("leaseDurationSeconds") or 0)


def see(lease: JsonObject, before: Sighting | None, *, now: float) -> Sighting:
    """Remember a lease; an unchanged one keeps the time of its first sight."""
    if before is not None and _spec(before.lease) == _spec(lease):
        return Sighting(lease, before.since)
    return Sighting(lease, now)


def decide(sighting: Sighting | None, *, identity: str, now: float) -> Step:
    """What `identity` does next; None means that there is no lease."""
    if sighting is None:
        return Step.CREATE
    if sighting.holder == identity:
        return Step.RENEW
    if not sighting.holder or now - sighting.since >= sighting.duration:
        return Step.TAKE
    return Step.WAIT


def claim(step: Step, sighting: Sighting | None, *, identity: str, duration: float, moment: datetime) -> JsonObject:
    """The lease's spec after `step`; `moment` is for people to read, nobody decides by it."""
    spec: JsonObject = {} if sighting is None else dict(_spec(sighting.lease))
    now = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if step is not Step.RENEW:
        spec["acquireTime"] = now
        spec["leaseTransitions"] = 0 if step is Step.CREATE else int(spec.get("leaseTransitions") or 0) + 1
    return {**spec, "holderIdentity": identity, "leaseDurationSeconds": ceil(duration), "renewTime": now}


class Leadership:
    """
    A replica's part in the election: an async context manager that competes while its body runs.

    On leaving, a held lease is released, so that the next replica takes over within its `retry_period`.
    """

    def __init__(
        self,
        client: KubeClient,
        *,
        namespace: str,
        name: str,
        identity: str,
        duration: float = 15.0,
        renew_deadline: float = 10.0,
        retry_period: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`identity` must be unique to this process (a pod's name); all times are seconds."""
        if not retry_period < renew_deadline < duration:
            raise ValueError("a lease needs retry_period < renew_deadline < duration")
        self._client = client
        self._namespace = namespace
        self._name = name
        self._identity = identity
        self._duration = duration
        self._renew_deadline = renew_deadline
        self._retry_period = retry_period
        self._clock = clock
        self._sighting: Sighting | None = None
        self._leading = asyncio.Event()
        self._following = asyncio.Event()
        self._following.set()
        self._claimed = False
        self._scope = AsyncExitStack()

    @property
    def is_leader(self) -> bool:
        """Whether this replica leads now."""
        return self._leading.is_set()

    async def acquired(self) -> None:
        """Wait until this replica leads."""
        await self._leading.wait()

    async def lost(self) -> None:
        """Wait until this replica does not lead."""
        await self._following.wait()

    async def lead(self, work: Callable[[], Coroutine[None, None, None]]) -> NoReturn:
        """Run `work` whenever this replica leads; it is cancelled, and has ended, before the replica competes again."""
        while True:
            await self.acquired()
            async with asyncio.TaskGroup() as group:
                task = group.create_task(work(), name=f"work of leader {self._identity}")
                await self.lost()
                task.cancel()

    async def __aenter__(self) -> Self:
        await self._scope.enter_async_context(self._competing())
        return self

    async def __aexit__(self, *exception: object) -> bool | None:
        return await self._scope.__aexit__(*exception)  # type: ignore[arg-type] # passed on as it came

    @asynccontextmanager
    async def _competing(self) -> AsyncIterator[None]:
        try:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(self._compete(), name=f"lease {self._namespace}/{self._name}")
                yield
                task.cancel()
        finally:
            if self.is_leader:
                self._step_down("stopping")
            if self._claimed:
                await self._release()

    async def _compete(self) -> NoReturn:
        while True:
            held_since = await self._acquire()
            self._following.clear()
            self._leading.set()
            log.info("leading", lease=self._name, identity=self._identity)
            self._step_down(await self._hold(held_since))

    async def _acquire(self) -> float:
        """Compete until the lease is ours and return when it began to be."""
        while True:
            started = self._clock()
            try:
                async with asyncio.timeout(self._renew_deadline):
                    if await self._claim():
                        return started
            except (AlreadyExists, Conflict):
                pass  # Another replica was faster.
            except (KubeError, TimeoutError) as error:
                log.warning("cannot compete for the lease", lease=self._name, error=str(error))
            # A little chance keeps replicas that started together from colliding for ever.
            await asyncio.sleep(self._retry_period * random.uniform(1.0, 1.2))  # noqa: S311 # no secret depends on it

    async def _hold(self, held_since: float) -> str:
        """Renew for as long as possible and return why it no longer is."""
        deadline = held_since + self._renew_deadline
        while True:
            await asyncio.sleep(min(self._retry_period, max(deadline - self._clock(), 0.0)))
            started = self._clock()
            try:
                async with asyncio.timeout(deadline - started):
                    if not await self._claim():
                        return "taken by another replica"
                deadline = started + self._renew_deadline
            except (KubeError, TimeoutError) as error:
                log.warning("cannot renew the lease", lease=self._name, error=str(error))
                if self._clock() >= deadline:
                    return "not renewed in time"

    def _step_down(self, why: str) -> None:
        self._leading.clear()
        self._following.set()
        log.info("no longer leading", lease=self._name, identity=self._identity, reason=why)

    async def _claim(self) -> bool:
        """Read the lease, decide, and write it if it is ours or free; whether we hold it now."""
        await self._look()
        step = decide(self._sighting, identity=self._identity, now=self._clock())
        if step is Step.WAIT:
            return False
        # From here on the lease may be ours even if the answer gets lost.
        self._claimed = True
        spec = claim(
            step, self._sighting, identity=self._identity, duration=self._duration, moment=datetime.now(tz=UTC)
        )
        await self._write(spec)
        return True

    async def _look(self) -> None:
        try:
            lease = await self._client.get(LEASES, self._name, namespace=self._namespace)
        except NotFound:
            self._sighting = None
        else:
            self._sighting = see(lease, self._sighting, now=self._clock())

    async def _write(self, spec: JsonObject) -> None:
        if self._sighting is None:
            metadata = {"namespace": self._namespace, "name": self._name}
            body = {"apiVersion": LEASES.api_version, "kind": LEASES.kind, "metadata": metadata, "spec": spec}
            lease = await self._client.create(LEASES, body)
        else:
            # The resourceVersion in it makes this fail if anybody wrote since we looked.
            lease = await self._client.replace(LEASES, {**self._sighting.lease, "spec": spec})
        self._sighting = see(lease, self._sighting, now=self._clock())

    async def _release(self) -> None:
        try:
            async with asyncio.timeout(RELEASE_TIMEOUT):
                await self._look()
                if self._sighting is not None and self._sighting.holder == self._identity:
                    await self._write({**_spec(self._sighting.lease), "holderIdentity": "", "leaseDurationSeconds": 1})
        except (KubeError, TimeoutError) as error:
            log.warning("cannot release the lease; it expires by itself", lease=self._name, error=str(error))


def _spec(lease: JsonObject) -> JsonObject:
    spec = lease.get("spec")
    return spec if isinstance(spec, dict) else {}
