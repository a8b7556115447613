"""
How often functions are called, how many calls fail and how long they take, from the functions' own `/metrics`.

Asked through the API server's service proxy with the person's account, and only for functions that somebody looks at.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from itertools import pairwise

from kubeless.core.errors import KubelessError
from kubeless.kube.client import KubeClient
from kubeless.portal.decide.samples import Rates, Sample, rates_between, read_sample

INTERVAL = 5.0
"""Seconds between two samples of a function."""

PATIENCE = 4.0
"""Seconds for one function to answer."""

AT_ONCE = 8
"""Functions asked at the same time."""

KEPT = 120
"""Samples of a function: ten minutes."""

Key = tuple[str, str, int]
"""Namespace, name and port of a function's Service."""


class Meters:
    """Of one account. `run` samples whatever is wanted."""

    def __init__(self, client: KubeClient, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock
        self._wanted: dict[object, frozenset[Key]] = {}
        self._samples: dict[Key, deque[Sample]] = {}
        self._changed = asyncio.Event()
        self.rounds = 0
        """How often all that is wanted was sampled."""

    def want(self, viewer: object, keys: Iterable[Key]) -> None:
        """What a tab looks at, in place of what it looked at before; nothing, if it is closed."""
        wanted = frozenset(keys)
        if wanted == self._wanted.get(viewer, frozenset()):
            return
        if wanted:
            self._wanted[viewer] = wanted
        else:
            self._wanted.pop(viewer, None)
        still = frozenset().union(*self._wanted.values())
        self._samples = {key: samples for key, samples in self._samples.items() if key in still}
        self._changed.set()

    def rates(self, key: Key) -> Rates | None:
        """Between the last two samples; None if there are no two."""
        samples = self._samples.get(key, deque())
        return rates_between(samples[-2], samples[-1]) if len(samples) > 1 else None

    def series(self, key: Key) -> list[Rates]:
        """Between each two samples that are kept, oldest first."""
        samples = list(self._samples.get(key) or ())
        return [rates_between(one, two) for one, two in pairwise(samples)]

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._changed.clear()
            keys = frozenset().union(*self._wanted.values())
            room = asyncio.Semaphore(AT_ONCE)
            async with asyncio.TaskGroup() as group:
                for key in keys:
                    group.create_task(self._sample(key, room))
            self.rounds += 1
            try:
                async with asyncio.timeout(INTERVAL if keys else None):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def _sample(self, key: Key, room: asyncio.Semaphore) -> None:
        namespace, name, port = key
        async with room:
            try:
                answer = await self._client.proxy(namespace, name, port=port, path="metrics", timeout=PATIENCE)
                if answer.status != 200:
                    return
                sample = read_sample(answer.body, time=self._clock())
            except KubelessError:  # not ready, not allowed, or not of the format: then there are no numbers
                return
        self._samples.setdefault(key, deque(maxlen=KEPT)).append(sample)
