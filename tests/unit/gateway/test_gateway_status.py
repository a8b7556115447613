"""Statuses change with time alone: a certificate that was good is one day not, and nobody has touched anything."""

from datetime import datetime, timedelta

from kubeless.api.resource import HTTP_TRIGGERS
from kubeless.api.selector import LabelSelector
from kubeless.core.jsontypes import JsonObject
from kubeless.gateway.certificate import Certificate
from kubeless.gateway.protection import Protection
from kubeless.gateway.secretwatch import Secret, SecretWatch
from kubeless.gateway.status import TriggerStatus
from kubeless.gateway.table import RouteTable
from kubeless.gateway.triggers import TriggerFeed, read_trigger
from kubeless.kube.cache import ObjectKey
from kubeless.routing.endpoints import Endpoint
from kubeless.routing.functions import FunctionRecord
from support.rawhttp import NoCluster
from support.servercertificates import make_certificate

KEY = ObjectKey("n", "t")
SECRET = ObjectKey("n", "c")


class Reachable:
    """One function, which is ready."""

    version = 0

    def function(self, namespace: str, name: str) -> FunctionRecord | None:
        return FunctionRecord(namespace, name, {}, timeout=5.0, port=8080, generation=1)

    def select(self, _namespace: str, _selector: LabelSelector) -> list[FunctionRecord]:
        return []

    def endpoints(self, _namespace: str, _name: str) -> tuple[Endpoint, ...]:
        return (Endpoint("127.0.0.1", 8080),)


class Cluster:
    """A trigger with a certificate of one day, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.protection = Protection(SecretWatch(NoCluster()))
        self.now = datetime.min
        routes = RouteTable()
        feed = TriggerFeed(routes, self.protection, route_gone=lambda _: None)
        spec = {"function-name": "f", "host-name": "x.example.com", "tls-secret": "c"}
        trigger: JsonObject = {
            "apiVersion": HTTP_TRIGGERS.api_version,
            "kind": "HTTPTrigger",
            "metadata": {"namespace": "n", "name": "t", "generation": 1, "resourceVersion": "1"},
            "spec": spec,
        }
        feed.changed(KEY, None, read_trigger(trigger))
        self._status = TriggerStatus(feed, routes, Reachable(), self.protection, clock=lambda: self.now)

    def put_certificate(self, *, serial: int, days: int) -> Certificate:
        made = make_certificate("x.example.com", serial=serial, days=days)
        secret = Secret("kubernetes.io/tls", {"tls.crt": made.certificate, "tls.key": made.key})
        self.protection.tls.set_secret(SECRET, secret)
        loaded = self.protection.tls.certificate(SECRET)
        assert isinstance(loaded, Certificate)
        return loaded

    def says(self, kind: str) -> tuple[str, str, str]:
        record = self._status.trigger(KEY)
        assert record is not None
        conditions = self._status.desired(record)["conditions"]
        found = next(condition for condition in conditions if condition["type"] == kind)
        return found["status"], found["reason"], found["message"]


def test_a_certificate_that_runs_out_is_told_with_its_remedy_and_renewing_it_mends_the_trigger() -> None:
    cluster = Cluster()
    loaded = cluster.put_certificate(serial=1, days=1)
    cluster.now = loaded.not_after - timedelta(seconds=1)
    assert cluster.says("TLSReady")[:2] == ("True", "CertificateLoaded")
    assert cluster.says("Ready")[:2] == ("True", "Serving")

    cluster.now = loaded.not_after
    for kind in ("TLSReady", "Ready"):
        status, reason, message = cluster.says(kind)
        assert (status, reason) == ("False", "CertificateExpired")
        assert message == f"Secret n/c: the certificate expired at {loaded.not_after:%Y-%m-%dT%H:%M:%SZ}; renew it"
    assert cluster.protection.tls.find("x.example.com") is loaded, "clients decide whom they trust"

    cluster.put_certificate(serial=2, days=30)
    assert cluster.says("TLSReady")[:2] == ("True", "CertificateLoaded")
    assert cluster.says("Ready")[:2] == ("True", "Serving")


def test_a_certificate_of_tomorrow_says_when_it_begins() -> None:
    cluster = Cluster()
    loaded = cluster.put_certificate(serial=1, days=1)
    cluster.now = loaded.not_before - timedelta(seconds=1)
    status, reason, message = cluster.says("TLSReady")
    assert (status, reason) == ("False", "CertificateNotYetValid")
    assert f"{loaded.not_before:%Y-%m-%dT%H:%M:%SZ}" in message
