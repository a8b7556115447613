"""The HTTPTrigger objects that create and update send, and what status says."""

import pytest

from kubeless.cli.failure import Fatal
from kubeless.cli.mergepatch import merge_patch
from kubeless.cli.trigger.creation import new_trigger
from kubeless.cli.trigger.http.build import HTTPWanted, default_host
from kubeless.cli.trigger.http.report import status_object, status_rows
from kubeless.cli.trigger.kind import HTTP

SERVER = "https://10.0.0.1:6443"


def test_a_new_trigger_is_the_object_that_kubeless_always_wrote() -> None:
    wanted = HTTPWanted(function="bill", path="/v1", host="bill.example.com")
    assert new_trigger(HTTP, "bill", "prod", wanted.new_spec(SERVER)) == {
        "apiVersion": "kubeless.io/v1beta1",
        "kind": "HTTPTrigger",
        "metadata": {"name": "bill", "namespace": "prod", "labels": {"created-by": "kubeless"}},
        "spec": {
            "function-name": "bill",
            "host-name": "bill.example.com",
            "path": "v1",
            "gateway": "nginx",
            "tls": False,
            "tls-secret": "",
            "basic-auth-secret": "",
            "cors-enable": False,
        },
    }


def test_an_update_leaves_tls_alone() -> None:
    current = HTTPWanted(function="bill", tls_acme=True).new_spec(SERVER)
    patch = merge_patch(current, HTTPWanted(host="new.example.com").changed_spec(current))
    assert patch == {"host-name": "new.example.com"}


def test_one_kind_of_tls_takes_the_place_of_the_other() -> None:
    current = HTTPWanted(function="bill", tls_acme=True).new_spec(SERVER)
    changed = HTTPWanted(tls_secret="cert").changed_spec(current)
    assert (changed["tls"], changed["tls-secret"]) == (False, "cert")
    back = HTTPWanted(tls_acme=True).changed_spec(changed)
    assert (back["tls"], back["tls-secret"]) == (True, "")


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(Fatal, match=r"^Unsupported gateway istio"):
        HTTPWanted(gateway="istio").check()
    with pytest.raises(Fatal, match=r"^Cannot specify both --enableTLSAcme and --tls-secret$"):
        HTTPWanted(tls_acme=True, tls_secret="cert").check()


def test_the_default_host_is_where_the_api_server_is() -> None:
    assert default_host("bill", "nginx", server=SERVER) == "bill.10.0.0.1.nip.io"
    with pytest.raises(Fatal, match=r"^The --hostname flag is required$"):
        default_host("bill", "kong", server=SERVER)
    assert HTTPWanted(function="bill").new_spec(SERVER)["host-name"] == "bill.10.0.0.1.nip.io"


def test_a_report_says_where_a_trigger_is_reached() -> None:
    spec = HTTPWanted(function="bill", path="/v1", host="bill.example.com", tls_secret="cert").new_spec(SERVER)
    trigger = new_trigger(HTTP, "web", "prod", spec)
    rows = dict(status_rows(trigger))
    assert (rows["Host:"], rows["Path:"], rows["TLS:"], rows["Function:"]) == (
        "bill.example.com",
        "/v1",
        "cert",
        "bill",
    )
    assert status_object(trigger)["path"] == "/v1"
