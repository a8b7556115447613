"""What a service keeps of a trigger, whatever somebody wrote into it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from kubeless.api.metadata import Metadata
from kubeless.core.errors import InvalidInput
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey


class TriggerSpec(Protocol):
    """What the spec of every trigger has."""

    @property
    def suspend(self) -> bool: ...


SpecT = TypeVar("SpecT", bound=TriggerSpec)
Spec_co = TypeVar("Spec_co", bound=TriggerSpec, covariant=True)


class Trigger(Protocol[Spec_co]):
    """A trigger as the `api` room parses it."""

    @property
    def metadata(self) -> Metadata: ...

    @property
    def spec(self) -> Spec_co: ...


@dataclass(frozen=True, slots=True)
class TriggerRecord(Generic[SpecT]):
    """A trigger as a service sees it."""

    metadata: Metadata
    spec: SpecT | None
    """None: it cannot be used, see `problem`."""
    problem: str
    status: JsonObject

    @property
    def key(self) -> ObjectKey:
        """Namespace and name."""
        return ObjectKey(self.metadata.namespace, self.metadata.name)

    @property
    def created(self) -> float:
        """Seconds since the Unix epoch; 0: unknown."""
        return self.metadata.created.timestamp() if self.metadata.created else 0.0

    @property
    def active(self) -> SpecT | None:
        """The spec of a trigger that takes in events now; None if it is suspended, ending, or not to be understood."""
        if self.metadata.deleting or self.spec is None or self.spec.suspend:
            return None
        return self.spec


def reader(parse: Callable[[JsonObject], Trigger[SpecT]]) -> Callable[[JsonObject], TriggerRecord[SpecT]]:
    """A transform for the informer that never fails, from a parser that raises InvalidObject."""

    def read(obj: JsonObject) -> TriggerRecord[SpecT]:
        metadata = Metadata.parse(obj)
        status = obj.get("status") or {}
        try:
            return TriggerRecord(metadata, parse(obj).spec, "", status)
        except InvalidInput as error:
            return TriggerRecord(metadata, None, str(error), status)

    return read
