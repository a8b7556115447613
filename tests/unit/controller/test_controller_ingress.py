"""What the Ingress of a trigger looks like."""

from typing import Any

import pytest

from kubeless.api.httptrigger import HTTPTrigger, parse_http_trigger
from kubeless.controller.desired.ingress import desired_ingress
from kubeless.core.errors import InvalidField
from kubeless.core.jsontypes import JsonObject


def trigger(annotations: Any = None, **spec: Any) -> HTTPTrigger:
    metadata = {"name": "web", "namespace": "shop", "uid": "u", "labels": {"team": "a"}, "annotations": annotations}
    base = {"function-name": "echo", "host-name": "a.example.com", "path": "v1", "gateway": "nginx"}
    return parse_http_trigger({"metadata": metadata, "spec": {**base, **spec}})


def annotations_of(ingress: JsonObject) -> dict[str, str]:
    annotations: dict[str, str] = ingress["metadata"]["annotations"]
    return annotations


def test_an_ingress_leads_to_the_port_of_the_service() -> None:
    ingress = desired_ingress(trigger(), port=80)
    assert ingress["spec"] == {
        "ingressClassName": "nginx",
        "rules": [
            {
                "host": "a.example.com",
                "http": {
                    "paths": [
                        {
                            "path": "/v1",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "echo", "port": {"number": 80}}},
                        }
                    ]
                },
            }
        ],
    }
    assert ingress["metadata"]["labels"] == {"team": "a", "created-by": "kubeless"}
    assert ingress["metadata"]["ownerReferences"][0]["kind"] == "HTTPTrigger"
    assert annotations_of(ingress) == {"nginx.ingress.kubernetes.io/rewrite-target": "/"}


def test_without_a_host_every_host_is_meant() -> None:
    assert "host" not in desired_ingress(trigger(**{"host-name": "", "path": "/"}), port=80)["spec"]["rules"][0]


@pytest.mark.parametrize(
    ("gateway", "expected"),
    [
        (
            "nginx",
            {
                "nginx.ingress.kubernetes.io/rewrite-target": "/",
                "nginx.ingress.kubernetes.io/enable-cors": "true",
                "nginx.ingress.kubernetes.io/auth-secret": "s",
                "nginx.ingress.kubernetes.io/auth-type": "basic",
            },
        ),
        (
            "traefik",
            {
                "ingress.kubernetes.io/enable-cors": "true",
                "ingress.kubernetes.io/auth-secret": "s",
                "ingress.kubernetes.io/auth-type": "basic",
            },
        ),
    ],
)
def test_each_gateway_is_told_in_its_own_words(gateway: str, expected: dict[str, str]) -> None:
    spec = {"gateway": gateway, "cors-enable": True, "basic-auth-secret": "s"}
    assert annotations_of(desired_ingress(trigger(**spec), port=80)) == expected


def test_annotations_of_the_trigger_win_and_may_choose_the_class() -> None:
    mine = {"kubernetes.io/ingress.class": "internal", "nginx.ingress.kubernetes.io/rewrite-target": "/$1"}
    ingress = desired_ingress(trigger(mine), port=80)
    assert ingress["spec"]["ingressClassName"] == "internal"
    assert annotations_of(ingress) == {"nginx.ingress.kubernetes.io/rewrite-target": "/$1"}


@pytest.mark.parametrize(("spec", "secret"), [({"tls": True}, "web-tls"), ({"tls-secret": "cert"}, "cert")])
def test_tls_names_its_secret_and_host(spec: dict[str, Any], secret: str) -> None:
    ingress = desired_ingress(trigger(**spec), port=80)
    assert ingress["spec"]["tls"] == [{"secretName": secret, "hosts": ["a.example.com"]}]
    assert ("kubernetes.io/tls-acme" in annotations_of(ingress)) is ("tls" in spec)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"gateway": "kong", "basic-auth-secret": "s"}, "Setting basic authentication with Kong is not yet supported"),
        ({"function-name": "", "functionSelector": {}}, "an Ingress leads to one Service"),
    ],
)
def test_what_a_gateway_cannot_do_is_refused(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidField, match=message):
        desired_ingress(trigger(**spec), port=80)
