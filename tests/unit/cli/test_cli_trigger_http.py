"""The HTTPTrigger objects that create and update send."""

import pytest

from kubeless.cli.failure import Fatal
from kubeless.cli.mergepatch import merge_patch
from kubeless.cli.trigger.http.build import HTTPTriggerSettings, changed_http_trigger, default_host, new_http_trigger


def test_a_new_trigger_is_the_object_that_kubeless_always_wrote() -> None:
    settings = HTTPTriggerSettings(function="bill", path="/v1", host="bill.example.com")
    assert new_http_trigger("bill", "prod", settings) == {
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
    current = new_http_trigger("bill", "prod", HTTPTriggerSettings(function="bill", tls_acme=True))
    patch = merge_patch(current, changed_http_trigger(current, HTTPTriggerSettings(host="new.example.com")))
    assert patch == {"spec": {"host-name": "new.example.com"}}


def test_one_kind_of_tls_takes_the_place_of_the_other() -> None:
    current = new_http_trigger("bill", "prod", HTTPTriggerSettings(function="bill", tls_acme=True))
    changed = changed_http_trigger(current, HTTPTriggerSettings(tls_secret="cert"))
    assert (changed["spec"]["tls"], changed["spec"]["tls-secret"]) == (False, "cert")
    back = changed_http_trigger(changed, HTTPTriggerSettings(tls_acme=True))
    assert (back["spec"]["tls"], back["spec"]["tls-secret"]) == (True, "")


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(Fatal, match=r"^Unsupported gateway istio"):
        HTTPTriggerSettings(gateway="istio").check()
    with pytest.raises(Fatal, match=r"^Cannot specify both --enableTLSAcme and --tls-secret$"):
        HTTPTriggerSettings(tls_acme=True, tls_secret="cert").check()


def test_the_default_host_is_where_the_api_server_is() -> None:
    assert default_host("bill", "nginx", server="https://10.0.0.1:6443") == "bill.10.0.0.1.nip.io"
    with pytest.raises(Fatal, match=r"^The --hostname flag is required$"):
        default_host("bill", "kong", server="https://10.0.0.1:6443")
