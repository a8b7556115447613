"""One trigger and one function that it selects: what is subscribed for, delivered and counted by itself."""

from typing import NamedTuple

from kubeless.kube.cache import ObjectKey


class Pair(NamedTuple):
    """Both are in the same namespace."""

    namespace: str
    trigger: str
    function: str

    @property
    def trigger_key(self) -> ObjectKey:
        """Of the trigger."""
        return ObjectKey(self.namespace, self.trigger)

    @property
    def function_key(self) -> ObjectKey:
        """Of the function."""
        return ObjectKey(self.namespace, self.function)
