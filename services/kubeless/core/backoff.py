"""
How long to wait before trying again.

Exponential with full jitter: each pause is drawn evenly from zero to a bound that doubles, so that many clients that
failed together do not come back together.
"""

import random
from collections.abc import Callable


class Backoff:
    """Pauses for one operation that is retried; call `reset` after a success."""

    def __init__(
        self,
        *,
        initial: float = 0.5,
        maximum: float = 30.0,
        factor: float = 2.0,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """`initial` and `maximum` are seconds; `draw(low, high)` is the source of chance, replaced in tests."""
        self._initial = initial
        self._maximum = maximum
        self._factor = factor
        self._draw = draw
        self._bound = initial

    def next(self) -> float:
        """The next pause in seconds."""
        pause = self._draw(0.0, self._bound)
        self._bound = min(self._bound * self._factor, self._maximum)
        return pause

    def reset(self) -> None:
        """Start again from the initial bound."""
        self._bound = self._initial
