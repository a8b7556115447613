"""
What a scheduler knows when it loses the lead, and its journal does not: calls it made, or saw the end of, since its
last write, as the API server was away.

It tells the journal as soon as that can be written again, and gives it up with that. Another leader waits for a moment
for such a last word (see `journal.DOUBT`). If nobody else has written meanwhile and the lead comes back, what was
remembered counts instead of the journal. Otherwise those calls would be made once more.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NoReturn, Self

from kubeless.cron_scheduler.journal import Deposed, JournalLike, Page
from kubeless.kube.errors import KubeError

PACE = 0.25
"""Seconds between two tries."""
PATIENCE = 1.0
"""Seconds for one."""


class Parting:
    """Of one scheduler, for the life of its process."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        """To be held while a journal is taken: a last word of the lead before must not come after that."""
        self._last_word: tuple[JournalLike, Page] | None = None
        self._news = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Tell the journal while the body runs."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._tell_forever(), name="last word to the journal")
            try:
                yield self
            finally:
                task.cancel()

    def leave(self, journal: JournalLike, page: Page) -> None:
        """The lead is lost; `page` is what would have been written next."""
        self._last_word = journal, page
        self._news.set()

    def known(self, page: Page) -> Page:
        """The truth about a journal that was just taken, and said `page`."""
        last, self._last_word = self._last_word, None
        return last[1] if last is not None and last[1].holder == page.holder else page

    async def _tell_forever(self) -> NoReturn:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._last_word is not None:
                with suppress(KubeError, TimeoutError):
                    await self._tell()
                await asyncio.sleep(PACE)

    async def _tell(self) -> None:
        async with self.turn:
            if self._last_word is None:
                return
            journal, page = self._last_word
            try:
                async with asyncio.timeout(PATIENCE):
                    await journal.write(lambda _holder: page.released())
            except Deposed:
                pass  # another one has taken over, and has made those calls again
            self._last_word = None
