"""Saving and rights, against a client that only remembers; sessions on a clock that is turned by hand."""

import copy
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kubeless.api.resource import FUNCTIONS, Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import Conflict
from kubeless.portal.decide.form import fields_of
from kubeless.portal.rights import Rights
from kubeless.portal.saving import Replaced, save
from kubeless.portal.sessions import Session, Sessions


class Cluster:
    """One function, as the API server keeps it."""

    def __init__(self) -> None:
        metadata = {"name": "f", "namespace": "d", "uid": "1", "resourceVersion": "1", "labels": {}}
        self.stored: JsonObject = {
            "metadata": metadata,
            "spec": {"runtime": "python3.11", "handler": "a.b", "function": "one"},
        }
        self.questions = 0

    def change(self, **spec: Any) -> None:
        self.stored = copy.deepcopy(self.stored)
        self.stored["spec"].update(spec)
        self.stored["metadata"]["resourceVersion"] += "x"

    async def get(self, _: Resource, name: str, *, namespace: str) -> JsonObject:
        assert (name, namespace) == ("f", "d")
        return self.stored

    async def replace(self, _: Resource, body: JsonObject) -> JsonObject:
        if body["metadata"]["resourceVersion"] != self.stored["metadata"]["resourceVersion"]:
            raise Conflict("it has changed")
        self.stored = copy.deepcopy(body)
        return self.stored

    async def create(self, _: Resource, body: JsonObject) -> JsonObject:
        self.questions += 1
        allowed = body["spec"]["resourceAttributes"]["verb"] == "get"
        return {"status": {"allowed": allowed, "reason": "" if allowed else "no role"}}

    @property
    def client(self) -> KubeClient:
        return cast(KubeClient, self)


async def test_a_change_of_the_status_alone_is_no_conflict() -> None:
    cluster = Cluster()
    base = cluster.stored
    cluster.change()
    saved = await save(cluster.client, base, fields_of(base) | {"code": "two"})
    assert (saved.conflicts, cluster.stored["spec"]["function"]) == ((), "two")


async def test_changes_that_do_not_touch_are_put_together() -> None:
    cluster = Cluster()
    base = cluster.stored
    cluster.change(timeout="7")
    await save(cluster.client, base, fields_of(base) | {"code": "two"})
    assert (cluster.stored["spec"]["timeout"], cluster.stored["spec"]["function"]) == ("7", "two")


async def test_a_conflict_writes_nothing_until_the_person_says_so() -> None:
    cluster = Cluster()
    base = cluster.stored
    cluster.change(function="theirs")
    mine = fields_of(base) | {"code": "mine"}
    saved = await save(cluster.client, base, mine)
    assert [conflict.what for conflict in saved.conflicts] == ["code"]
    assert cluster.stored["spec"]["function"] == "theirs"
    await save(cluster.client, base, mine, force=True)
    assert cluster.stored["spec"]["function"] == "mine"


async def test_another_function_of_the_same_name_is_not_overwritten() -> None:
    cluster = Cluster()
    base = cluster.stored
    cluster.change()
    cluster.stored["metadata"]["uid"] = "2"
    with pytest.raises(Replaced):
        await save(cluster.client, base, fields_of(base) | {"code": "two"})


async def test_a_right_is_asked_for_once_and_its_lack_is_told() -> None:
    cluster, now = Cluster(), 0.0
    rights = Rights(cluster.client, clock=lambda: now)
    assert (await rights.may("get", FUNCTIONS, "d")).allowed
    verdict = await rights.may("delete", FUNCTIONS, "d")
    assert verdict.reason == "You may not delete functions in namespace d: no role"
    await rights.may("delete", FUNCTIONS, "d")
    assert cluster.questions == 2
    now = 60.0
    await rights.may("delete", FUNCTIONS, "d")
    assert cluster.questions == 3


async def test_a_session_ends_when_it_is_idle_or_old_and_tells_who_listens() -> None:
    now = 0.0
    sessions = Sessions(idle=10.0, lifetime=25.0, clock=lambda: now)
    session = _session()
    told: list[str] = []
    session.listeners.append(lambda: told.append(session.reason))
    sessions.add(session)
    now = 9.0
    sessions.seen(session)
    now = 18.0
    assert sessions.find(session.id) is session
    sessions.seen(session)
    now = 26.0
    assert sessions.find(session.id) is None
    await sessions.end_expired()
    assert (len(sessions), session.over.is_set(), len(told)) == (0, True, 1)


def _session() -> Session:
    async def leave(*_: object) -> None:
        """A client that closes."""

    part = cast(Any, SimpleNamespace(close=lambda: None))
    client = cast(Any, type("Client", (), {"__aexit__": leave})())
    return Session(cast(Any, None), client, part, part, part, part, part, born=0.0, seen=0.0)
