import pytest

from kubeless.api.resource import FUNCTIONS
from kubeless.core.errors import InvalidField
from kubeless.kube.request import object_request
from kubeless.kube.resources import NAMESPACES, PODS
from kubeless.kube.service_proxy import proxy_request


def proxy_path(path: str, port: str | int = 8080) -> str:
    return proxy_request(
        "default", "hello", port=port, path=path, method="GET", headers=None, body=None, timeout=None
    ).path


PROXY = "/api/v1/namespaces/default/services/hello%3A8080/proxy"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("", "/"),
        ("/", "/"),
        ("a/b?c=d&e=f%20g", "/a/b?c=d&e=f%20g"),
        ("/ä b", "/%C3%A4%20b"),
        ("a#b\r\nX: y", "/a%23b%0D%0AX:%20y"),
        ("a?next=../b", "/a?next=../b"),
    ],
)
def test_a_path_is_passed_on_behind_the_proxy_path(path: str, sent: str) -> None:
    assert proxy_path(path) == PROXY + sent


@pytest.mark.parametrize("path", ["..", "../../pods", "a/../../b", "%2e%2E/secrets", "a/./b"])
def test_a_path_cannot_leave_the_service(path: str) -> None:
    with pytest.raises(InvalidField, match="leaves the Service"):
        proxy_path(path)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a%2fb", "a\0b"])
def test_a_name_cannot_become_another_path(name: str) -> None:
    with pytest.raises(InvalidField, match="name:"):
        object_request("get", "GET", PODS, namespace="default", name=name)
    with pytest.raises(InvalidField, match="namespace:"):
        object_request("get", "GET", PODS, namespace=name, name="x")
    with pytest.raises(InvalidField, match="port:"):
        proxy_path("", port=name)


def test_messages_say_what_is_done_to_which_object() -> None:
    assert object_request("get", "GET", FUNCTIONS, namespace="a", name="b", subresource="status").action == (
        'get functions.kubeless.io/status "b" in namespace a'
    )
    assert object_request("list", "GET", FUNCTIONS, namespace=None).action == (
        "list functions.kubeless.io in all namespaces"
    )
    assert object_request("get", "GET", NAMESPACES, namespace=None, name="a").action == 'get namespaces "a"'
