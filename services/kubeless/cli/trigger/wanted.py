"""What the flags of `create` and `update` say of a trigger, whatever its kind."""

from collections.abc import Callable
from typing import Any, Protocol

from kubeless.core.jsontypes import JsonObject


class Wanted(Protocol):
    """The flags of one kind, checked as far as that needs no cluster."""

    def new_spec(self, server: str, /) -> JsonObject:
        """The spec of a new trigger; `server` is the URL of the API server. Raises Fatal for what is missing."""

    def changed_spec(self, spec: JsonObject, /) -> JsonObject:
        """The spec with what was given replaced, the rest as it is; `spec` is left alone."""


Read = Callable[[dict[str, Any]], Wanted]
"""Makes one of the values of flags, by name; raises Fatal and InvalidField."""
