"""Which Secrets are followed, and what is known of them."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.gateway.problem import Problem
from kubeless.gateway.protection import Protection
from kubeless.gateway.route import Route
from kubeless.gateway.secretwatch import Secret, SecretWatch, read_secret
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import Page
from kubeless.kube.errors import Invalid
from kubeless.kube.watch import WatchEvent

KEY = ObjectKey("n", "users")
LINE = b"ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="


class Secrets:
    """The Secrets of a cluster; keeps who asked for what."""

    def __init__(self, **secrets: bytes) -> None:
        self.asked: list[tuple[str | None, str]] = []
        self.error: Exception | None = None
        self._secrets = secrets

    async def list_page(self, resource: Any, *, namespace: str | None, field_selector: str, **_: Any) -> Page:
        self.asked.append((namespace, field_selector))
        if self.error is not None:
            raise self.error
        name = field_selector.removeprefix("metadata.name=")
        items = [obj(name, self._secrets[name])] if name in self._secrets else []
        return Page(items=items, resource_version="1", next="", size=0)

    async def watch(self, resource: Any, **_: Any) -> AsyncGenerator[WatchEvent, None]:
        await asyncio.Event().wait()
        yield WatchEvent("BOOKMARK", {})


def obj(name: str, auth: bytes) -> JsonObject:
    return {"metadata": {"namespace": "n", "name": name}, "data": {"auth": base64.b64encode(auth).decode()}}


def reason(found: object) -> str:
    assert isinstance(found, Problem)
    return found.reason


async def test_a_secret_that_was_not_read_is_told_from_one_that_is_missing() -> None:
    watch = SecretWatch(Secrets(users=LINE))
    watch.want(("n", "a"), frozenset({"users", "none"}))
    assert reason(watch.get(KEY)) == "SecretNotRead"
    async with watch.running():
        assert await watch.wait_read(5)
        assert watch.get(KEY) == Secret("Opaque", {"auth": LINE})
        assert reason(watch.get(ObjectKey("n", "none"))) == "SecretMissing"


@pytest.mark.parametrize("name", ["a,metadata.namespace=kube-system", "a=b", "../x", "A", "", "-a", "x" * 254])
async def test_a_name_that_could_ask_for_more_is_never_asked_for(name: str) -> None:
    secrets = Secrets()
    watch = SecretWatch(secrets)
    watch.want(("n", "a"), frozenset({name}))
    async with watch.running():
        assert await watch.wait_read(5)
    assert secrets.asked == []
    assert reason(watch.get(ObjectKey("n", name))) == "InvalidSecretName"


async def test_a_secret_of_several_routes_is_followed_once_and_until_the_last_lets_go() -> None:
    secrets = Secrets(users=LINE)
    watch = SecretWatch(secrets)
    async with watch.running():
        for name in ("a", "b"):
            watch.want(("n", name), frozenset({"users"}))
        assert await watch.wait_read(5)
        watch.want(("n", "a"), frozenset())
        assert isinstance(watch.get(KEY), Secret)
        watch.want(("n", "b"), frozenset())
        assert isinstance(watch.get(KEY), Problem)
    assert secrets.asked == [("n", "metadata.name=users")]


async def test_a_server_that_refuses_to_tell_of_a_secret_does_not_end_the_others() -> None:
    secrets = Secrets(users=LINE)
    watch = SecretWatch(secrets)
    async with watch.running():
        secrets.error = Invalid("no")
        watch.want(("n", "a"), frozenset({"bad"}))
        assert not await watch.wait_read(0.01)
        secrets.error = None
        told = asyncio.Event()
        watch.subscribe(lambda _: told.set())
        watch.want(("n", "b"), frozenset({"users"}))
        await asyncio.wait_for(told.wait(), 5)
        assert isinstance(watch.get(KEY), Secret)
    assert reason(watch.get(ObjectKey("n", "bad"))) == "SecretNotRead"


@pytest.mark.parametrize("data", [None, {"auth": 5}, {"auth": "!!!"}, {"auth": None}])
def test_what_is_no_base64_is_nothing(data: Any) -> None:
    read = read_secret({"metadata": {"name": "users"}, "data": data}, KEY)
    assert read is not None
    assert read.data.get("auth", b"") == b""


async def test_a_route_is_protected_by_what_its_secret_holds_now() -> None:
    watch = SecretWatch(Secrets(users=LINE))
    protection, told = Protection(watch), list[tuple[str, str]]()
    protection.subscribe(told.append)
    route = Route(key=("n", "a"), host="", prefix="", namespace="n", function="f", auth_secret="users")
    protection.put(route)
    assert reason(protection.users(route)) == "SecretNotRead"
    async with watch.running():
        assert await watch.wait_read(5)
        assert not isinstance(protection.users(route), Problem)
        assert ("n", "a") in told
        protection.remove(route.key)
        assert isinstance(protection.users(route), Problem)
