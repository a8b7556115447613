"""How current the copies of the API are, as numbers."""

from prometheus_client import CollectorRegistry

from kubeless.api.resource import FUNCTIONS
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.informer import Informer
from kubeless.kube.metrics import InformerCollector


class Silent:
    """An informer that last heard of the server when it is told."""

    def __init__(self, last_contact: float | None) -> None:
        self.resource = FUNCTIONS
        self.last_contact = last_contact

    def __len__(self) -> int:
        return 3


def silence(*informers: Silent, now: float) -> float | None:
    registry = CollectorRegistry()
    times = iter([100.0, now])
    found: list[Informer[JsonObject]] = list(informers)  # type: ignore[arg-type]  # as much of one as is looked at
    InformerCollector(registry, lambda: found, clock=lambda: next(times))
    return registry.get_sample_value("kubeless_informer_silence_seconds", {"resource": "functions.kubeless.io"})


def test_it_counts_from_the_last_sign_of_the_server() -> None:
    assert silence(Silent(130.0), now=137.5) == 7.5


def test_a_server_that_was_never_heard_of_counts_from_the_start() -> None:
    assert silence(Silent(None), now=137.5) == 37.5


def test_without_informers_there_is_nothing_to_tell() -> None:
    assert silence(now=137.5) is None
