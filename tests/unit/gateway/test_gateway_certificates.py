"""Which certificate answers, and what is said of one that cannot."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeless.gateway.certificate import BadCertificate, Certificate, load_certificate, validity
from kubeless.gateway.problem import Problem
from kubeless.gateway.route import Route
from kubeless.gateway.secretwatch import Secret
from kubeless.gateway.tlsstore import TlsStore
from kubeless.kube.cache import ObjectKey
from support.servercertificates import encrypt_key, make_certificate


def secret(name: str, **changes: bytes) -> Secret:
    made = make_certificate(name)
    data = {"tls.crt": made.certificate, "tls.key": made.key}
    return Secret("kubernetes.io/tls", data | {key.replace("__", "."): value for key, value in changes.items()})


def route(name: str, host: str, tls_secret: str) -> Route:
    return Route(key=("n", name), host=host, prefix="", namespace="n", function="f", tls_secret=tls_secret)


def test_the_time_of_a_certificate_decides_what_is_said_of_it() -> None:
    loaded = load_certificate(secret("a.example.com"))
    assert isinstance(loaded, Certificate)
    assert loaded.not_after - loaded.not_before == timedelta(days=1)
    said = {
        moment: problem and problem.reason
        for moment in (-1, 0, 86399, 86400)
        for problem in (loaded.problem(loaded.not_before + timedelta(seconds=moment)),)
    }
    assert said == {-1: "CertificateNotYetValid", 0: None, 86399: None, 86400: "CertificateExpired"}


def test_a_certificate_far_in_the_future_has_its_time_read() -> None:
    assert validity(make_certificate("far.example.com", days=36500).certificate)[1] > datetime(2060, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tls__crt": b""}, "CertificateIncomplete"),
        ({"tls__key": b""}, "CertificateIncomplete"),
        ({"tls__crt": b"nonsense"}, "CertificateUnusable"),
        ({"tls__key": b"nonsense"}, "CertificateUnusable"),
        (
            {"tls__key": b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"},
            "CertificateUnusable",
        ),
        ({"tls__crt": b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"}, "CertificateUnusable"),
    ],
)
def test_what_is_no_certificate_is_a_problem_and_not_a_crash(changes: dict[str, bytes], reason: str) -> None:
    problem = load_certificate(secret("a.example.com", **changes))
    assert isinstance(problem, Problem)
    assert problem.reason == reason


def test_an_encrypted_key_is_a_problem_and_asks_nobody_for_a_password() -> None:
    key = encrypt_key(make_certificate("a.example.com").key)
    problem = load_certificate(secret("a.example.com", tls__key=key))
    assert isinstance(problem, Problem)
    assert "encrypted" in problem.message


def test_a_key_of_another_certificate_is_a_problem() -> None:
    assert isinstance(
        load_certificate(secret("a.example.com", tls__key=make_certificate("b.example.com").key)), Problem
    )


@given(st.binary(max_size=200))
def test_whatever_a_certificate_holds_it_is_read_or_refused(der: bytes) -> None:
    with pytest.raises(BadCertificate):
        validity(b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(der) + b"\n-----END CERTIFICATE-----\n")


def test_names_are_found_as_routes_are() -> None:
    store = TlsStore(default=ObjectKey("n", "fallback"))
    names = ("exact", "wild", "any", "fallback")
    for name in names:
        store.set_secret(ObjectKey("n", name), secret(f"{name}.example.com"))

    def served(host: str) -> str | None:
        found = store.find(host)
        return next(
            (n for n in ("exact", "wild", "any", "fallback") if store.certificate(ObjectKey("n", n)) is found), None
        )

    assert served("x") == "fallback"
    store.put(route("1", "a.example.com", "exact"))
    store.put(route("2", "*.example.com", "wild"))
    store.put(route("3", "", "any"))
    assert [served(host) for host in ("a.example.com", "b.example.com", "example.com", "")] == [
        "exact",
        "wild",
        "any",
        "any",
    ]
    store.set_secret(ObjectKey("n", "exact"), Problem("SecretMissing", "gone"))
    assert served("a.example.com") == "wild"
    store.remove(("n", "2"))
    store.remove(("n", "3"))
    store.set_secret(ObjectKey("n", "fallback"), None)
    assert served("a.example.com") is None


def test_of_two_routes_of_a_host_the_older_ones_certificate_is_served() -> None:
    store = TlsStore()
    for name in ("old", "new"):
        store.set_secret(ObjectKey("n", name), secret(f"{name}.example.com"))
    old, new = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    store.put(replace(route("a", "x", "new"), created=new))
    store.put(replace(route("b", "x", "old"), created=old))
    assert store.find("x") is store.certificate(ObjectKey("n", "old"))
