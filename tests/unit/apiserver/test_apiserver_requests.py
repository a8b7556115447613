"""What a request says: its path, its query, what it accepts."""

import pytest

from kubeless.local.apiserver.answers import bytes_answer
from kubeless.local.apiserver.bodies import decode_yaml
from kubeless.local.apiserver.discovery import aggregated_version
from kubeless.local.apiserver.negotiation import Form, negotiate
from kubeless.local.apiserver.paths import Target, parse_target
from kubeless.local.apiserver.resources import PODS
from kubeless.local.apiserver.rest.options import parse_bool, parse_list_options, parse_write_options
from kubeless.local.apiserver.status import ApiError

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/api/v1/pods", Target("", "v1", "pods")),
        ("/api/v1/namespaces", Target("", "v1", "namespaces")),
        ("/api/v1/namespaces/a", Target("", "v1", "namespaces", name="a")),
        ("/api/v1/namespaces/a/status", Target("", "v1", "namespaces", name="a", subresource="status")),
        ("/api/v1/namespaces/a/pods", Target("", "v1", "pods", "a")),
        ("/api/v1/namespaces/a/pods/p/log", Target("", "v1", "pods", "a", "p", "log")),
        ("/apis/apps/v1/namespaces/a/deployments/d", Target("apps", "v1", "deployments", "a", "d")),
        (
            "/api/v1/namespaces/a/services/http:s:80/proxy/x%2Fy/%2e%2e/z",
            Target("", "v1", "services", "a", "http:s:80", "proxy", "x%2Fy/%2e%2e/z"),
        ),
    ],
)
def test_paths_are_understood(path: str, target: Target) -> None:
    assert parse_target(path) == target


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces/a%2fb/pods",
        "/api/v1/namespaces/%2e%2e/pods",
        "/api/v1/namespaces/a/pods/%00",
        "/api/v1/namespaces/a/pods/%ff",
        "/api/v1/namespaces//pods",
        f"/api/v1/namespaces/{'a' * 500}/pods",
        "/api/v1/" + "a/" * 9000,
        "/apis/apps",
        "/other",
    ],
)
def test_paths_that_lead_astray_are_refused(path: str) -> None:
    with pytest.raises(ApiError) as refusal:
        parse_target(path)
    assert refusal.value.code in {400, 404}


@pytest.mark.parametrize(
    ("accept", "form", "yaml"),
    [
        ("", Form.OBJECT, False),
        ("*/*", Form.OBJECT, False),
        ("application/yaml", Form.OBJECT, True),
        (f"{TABLE},application/json", Form.TABLE, False),
        ("application/vnd.kubernetes.protobuf,application/json", Form.OBJECT, False),
        ("application/json;as=Table;v=v9;g=meta.k8s.io,application/json", Form.OBJECT, False),
        ("application/json;q=0.5,application/yaml", Form.OBJECT, True),
        ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", Form.METADATA, False),
    ],
)
def test_the_best_form_we_have_is_chosen(accept: str, form: Form, yaml: bool) -> None:
    presentation = negotiate(accept)
    assert (presentation.form, presentation.yaml) == (form, yaml)


def test_a_client_that_accepts_nothing_we_have_is_told() -> None:
    with pytest.raises(ApiError) as refusal:
        negotiate("application/vnd.kubernetes.protobuf")
    assert refusal.value.code == 406


@pytest.mark.parametrize(
    ("accept", "version"),
    [
        ("application/json", None),
        ("application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json", "v2beta1"),
        (
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
            "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json",
            "v2",
        ),
    ],
)
def test_discovery_is_aggregated_for_those_who_know_it(accept: str, version: str | None) -> None:
    assert aggregated_version(accept) == version


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("1", True), ("True", True), ("", True), ("false", False), ("0", False), ("F", False)],
)
def test_booleans_are_spelled_as_in_go(text: str, value: bool) -> None:
    assert parse_bool({"watch": text}, "watch") is value


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "-1"},
        {"resourceVersion": "abc"},
        {"resourceVersionMatch": "Exact"},
        {"resourceVersionMatch": "Exact", "resourceVersion": "0"},
        {"resourceVersionMatch": "Roughly", "resourceVersion": "1"},
        {"sendInitialEvents": "true", "watch": "true"},
        {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"},
        {"fieldSelector": "spec.containers=x"},
        {"labelSelector": "((("},
    ],
)
def test_contradictions_in_a_query_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(ApiError) as refusal:
        parse_list_options(query, PODS)
    assert refusal.value.code in {400, 422}


def test_the_manager_of_fields_is_the_client_if_it_says_nothing() -> None:
    assert parse_write_options({}, "kubectl/v1.32.0 (linux/amd64)").manager == "kubectl"
    assert parse_write_options({"fieldManager": "me"}, "kubectl/v1.32.0").manager == "me"


async def test_yaml_that_stands_for_more_than_it_is_is_refused() -> None:
    bomb = b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    with pytest.raises(ApiError, match="aliases"):
        await decode_yaml(bomb)


async def test_yaml_means_what_json_could_say() -> None:
    assert await decode_yaml(b"day: 2001-01-01\n1: x\nflag: yes\n") == {"day": "2001-01-01", "1": "x", "flag": True}
    with pytest.raises(ApiError):
        await decode_yaml(b"x: !!set {a, b}\n")
    with pytest.raises(ApiError):
        await decode_yaml(b"x: !!python/object/apply:os.getcwd []\n")


def test_a_warning_stays_within_its_header() -> None:
    response = bytes_answer(b"{}", warnings=('unknown field "a\r\nSet-Cookie: x=1\\"',))
    assert response.headers["Warning"] == '299 - "unknown field \\"a??Set-Cookie: x=1\\\\\\""'
