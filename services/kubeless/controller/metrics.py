"""What the controller counts."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from kubeless.api.resource import Resource
from kubeless.core.errors import KubelessError
from kubeless.kube.errors import Conflict


class Metrics:
    """Counters of one controller, in a registry of their own: in local mode several services share a process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._total = Counter(
            "kubeless_controller_reconcile_total", "Objects looked at.", ["kind"], registry=self.registry
        )
        self._errors = Counter(
            "kubeless_controller_reconcile_errors_total",
            "Objects that could not be brought into the state asked for.",
            ["kind", "reason"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "kubeless_controller_reconcile_seconds", "Seconds per object.", ["kind"], registry=self.registry
        )
        self._requests = Counter(
            "kubeless_controller_requests_total",
            "Requests to the API server that reconciling took, watches not counted.",
            ["verb", "resource"],
            registry=self.registry,
        )
        self._waiting = Gauge(
            "kubeless_controller_queue_length", "Objects that wait to be looked at.", ["kind"], registry=self.registry
        )
        self.config_valid = Gauge(
            "kubeless_controller_config_valid", "1 if the ConfigMap can be read, else 0.", registry=self.registry
        )

    @contextmanager
    def reconciling(self, kind: str) -> Iterator[None]:
        """Count one object of `kind`, how long it takes, and whether it fails."""
        started = time.perf_counter()
        self._total.labels(kind).inc()
        try:
            yield
        except Conflict:
            # Somebody else was faster, and the next look will be right: nothing is wrong.
            raise
        except KubelessError as error:
            self.failed(kind, type(error).__name__)
            raise
        finally:
            self._seconds.labels(kind).observe(time.perf_counter() - started)

    def requested(self, verb: str, resource: Resource) -> None:
        """Count one request to the API server."""
        self._requests.labels(verb, resource.plural).inc()

    def queue(self, kind: str, length: Callable[[], int]) -> None:
        """Tell where to ask how many objects of `kind` wait."""
        self._waiting.labels(kind).set_function(length)

    def failed(self, kind: str, reason: str) -> None:
        """Count one object that is not as asked for."""
        self._errors.labels(kind, reason).inc()
