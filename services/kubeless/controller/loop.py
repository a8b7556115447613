"""Work off the keys of one kind, several at a time, each key by one worker only."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from kubeless.controller.metrics import Metrics
from kubeless.core.backoff import Backoff
from kubeless.core.workqueue import WorkQueue
from kubeless.kube.cache import ObjectKey
from kubeless.kube.errors import Conflict

CONFLICT_PAUSE = 0.05
"""Seconds to let the caches catch up after an object was changed under our hands."""

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 60.0
"""Seconds, at most, before the first and any later look at an object that is in trouble though nothing has changed."""


class Loop:
    """A queue and what is done about its keys."""

    def __init__(
        self,
        kind: str,
        reconcile: Callable[[ObjectKey], Awaitable[bool]],
        keys: Callable[[], Iterable[ObjectKey]],
        metrics: Metrics,
    ) -> None:
        """
        `reconcile` looks at an object, `keys` are those of all objects.

        It returns whether something stands in the way that is not watched, such as a foreign object or a missing
        permission, so that the object has to be looked at again from time to time.
        """
        self.queue: WorkQueue[ObjectKey] = WorkQueue(kind)
        metrics.queue(kind, self.queue.__len__)
        self._kind = kind
        self._reconcile = reconcile
        self._keys = keys
        self._metrics = metrics
        self._troubled: dict[ObjectKey, Backoff] = {}

    def add_all(self) -> None:
        """Look at every object once."""
        for key in self._keys():
            self.queue.add(key)

    async def run(self, *, workers: int) -> None:
        """Work until cancelled."""
        # A replica that just began to lead may have missed retries.
        self.add_all()
        await self.queue.run(self._work, workers=workers)

    async def _work(self, key: ObjectKey) -> None:
        # Where there is nothing to write nothing is awaited either, and ten thousand such looks in a row would keep
        # the lease from being renewed.
        await asyncio.sleep(0)
        try:
            with self._metrics.reconciling(self._kind):
                look_again = await self._reconcile(key)
        except Conflict:
            self.queue.add_after(key, CONFLICT_PAUSE)
            return
        if look_again:
            backoff = self._troubled.setdefault(key, Backoff(initial=FIRST_PAUSE, maximum=LONGEST_PAUSE))
            self.queue.add_after(key, backoff.next())
        else:
            self._troubled.pop(key, None)
