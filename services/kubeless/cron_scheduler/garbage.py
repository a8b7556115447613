"""
Look for garbage when nothing is due.

Ten thousand triggers are a million objects, and whenever Python's collector walks over all of them, which it does when
it sees fit, nobody is called for a fifth of a second. So what is known at the start is put out of its sight, and what
has come since is put there from time to time, in a moment that is long enough before the next time of any schedule.
"""

import gc
import time
from collections.abc import Callable

EVERY = 60.0
"""Seconds between two thorough collections."""
MARGIN = 1.5
"""How many times as long as the last collection took the quiet has to be."""
SELDOM = 1000
"""Collections of the middle generation before Python makes a full one of its own: for who is never quiet."""


def collect_thoroughly() -> None:
    """Collect everything there is, and keep what survives out of later collections."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def collect_when_quiet() -> "QuietCollector":
    """What a process does that is nothing but a scheduler."""
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, SELDOM)
    return QuietCollector()


class QuietCollector:
    """Decides when. The first collection is made at once."""

    def __init__(
        self, *, collect: Callable[[], None] = collect_thoroughly, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` is in seconds and only grows."""
        self._collect = collect
        self._clock = clock
        self._took = self._at = 0.0
        self._run()

    def quiet(self, seconds: float) -> None:
        """Nothing is due for so long."""
        if self._clock() - self._at >= EVERY and seconds >= MARGIN * self._took:
            self._run()

    def _run(self) -> None:
        began = self._clock()
        self._collect()
        self._at = self._clock()
        self._took = self._at - began
