"""What a trigger's status says."""

from dataclasses import replace

import pytest

from kubeless.api.selector import parse_selector_string
from kubeless.gateway.conditions import Facts, conditions
from kubeless.gateway.problem import Problem
from kubeless.gateway.route import Route

ROUTE = Route(
    key=("n", "t"), host="a.example.com", prefix="/p", namespace="n", function="f", tls_secret="c", auth_secret="u"
)
FINE = Facts(ROUTE, "", 3, functions=("f",), reachable=("f",))
WINNER = replace(ROUTE, key=("n", "older"))


def said(facts: Facts) -> dict[str, tuple[bool | None, str]]:
    return {condition.type: (condition.status, condition.reason) for condition in conditions(facts)}


def test_a_trigger_without_problems_is_ready() -> None:
    assert said(FINE) == {
        "Ready": (True, "Serving"),
        "RouteConflict": (False, "NoConflict"),
        "TLSReady": (True, "CertificateLoaded"),
        "BasicAuthReady": (True, "UsersLoaded"),
        "Suspended": (False, "Active"),
    }
    assert {condition.observed_generation for condition in conditions(FINE)} == {3}


@pytest.mark.parametrize(
    ("facts", "reason", "words"),
    [
        (Facts(None, "spec.path: bad", 1), "InvalidSpec", "spec.path: bad"),
        (replace(FINE, route=replace(ROUTE, suspended=True)), "Suspended", "suspended"),
        (replace(FINE, winner=WINNER), "RouteConflict", "a.example.com/p belongs to the older trigger n/older"),
        (replace(FINE, tls=Problem("CertificateExpired", "renew it")), "CertificateExpired", "Secret n/c: renew it"),
        (
            replace(FINE, tls=Problem("SecretMissing", "Secret n/c is not there")),
            "SecretMissing",
            "Secret n/c is not there",
        ),
        (
            replace(FINE, users=Problem("BasicAuthUnusable", "no u"), users_usable=False),
            "BasicAuthUnusable",
            "Secret n/u: no u",
        ),
        (replace(FINE, functions=(), reachable=()), "NoFunction", "function n/f does not exist; deploy it"),
        (
            replace(FINE, route=replace(ROUTE, selector=parse_selector_string("a=b")), functions=(), reachable=()),
            "NoFunction",
            "labels a=b; deploy or label one",
        ),
        (replace(FINE, reachable=()), "NoEndpoints", "no endpoint of f is ready"),
    ],
)
def test_what_stands_in_the_way_is_said_with_its_remedy(facts: Facts, reason: str, words: str) -> None:
    ready = conditions(facts)[0]
    assert (ready.status, ready.reason) == (False, reason)
    assert words in ready.message


def test_some_bad_lines_are_told_but_close_nothing() -> None:
    facts = replace(FINE, users=Problem("BasicAuthLinesUnusable", "line 2"))
    assert said(facts)["Ready"] == (True, "Serving")
    assert said(facts)["BasicAuthReady"] == (True, "BasicAuthLinesUnusable")
