"""
Who of several may use one JetStream consumer.

Two pairs that name the same consumer would share its messages, so each would miss some of them. The one whose name
sorts first has it, so that all replicas agree without talking; the others say why they have to wait.
"""

from collections.abc import Callable

from kubeless.delivery.sources.pair import Pair

Place = tuple[str, str]
"""Stream and consumer."""


class Claims:
    """Who asks for which consumer."""

    def __init__(self) -> None:
        self._claims: dict[Place, dict[Pair, Callable[[], None]]] = {}

    def claim(self, place: Place, pair: Pair, lost: Callable[[], None]) -> None:
        """Ask for `place`; `lost` is called when another pair comes that goes before this one, or when it is free."""
        claims = self._claims.setdefault(place, {})
        before = min(claims, default=None)
        claims[pair] = lost
        if before is not None and pair < before:
            claims[before]()

    def release(self, place: Place, pair: Pair) -> None:
        """Ask no more."""
        claims = self._claims.get(place, {})
        had = min(claims, default=None) == pair
        claims.pop(pair, None)
        if not claims:
            self._claims.pop(place, None)
        elif had:
            claims[min(claims)]()

    def holder(self, place: Place) -> Pair | None:
        """Who has it."""
        return min(self._claims.get(place, {}), default=None)
