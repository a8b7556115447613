import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from kubeless.api.resource import FUNCTIONS, Resource
from kubeless.core.backoff import Backoff
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.cache import ObjectKey
from kubeless.kube.client import Page
from kubeless.kube.errors import Forbidden, Gone, Invalid, KubeError, Unreachable
from kubeless.kube.follower import Source, next_limit
from kubeless.kube.informer import Informer
from kubeless.kube.watch import WatchEvent

Answers = Sequence[Page | WatchEvent | KubeError]
"""What the server says to lists, one by one, or during one watch."""

A, B, C = (ObjectKey("default", name) for name in "abc")


def make_object(key: ObjectKey, version: int, value: int | None = None) -> JsonObject:
    return {
        "metadata": {"namespace": key.namespace, "name": key.name, "resourceVersion": str(version)},
        "spec": {"value": version if value is None else value},
    }


def bookmark(version: int) -> WatchEvent:
    return WatchEvent("BOOKMARK", {"metadata": {"resourceVersion": str(version)}})


class ScriptedServer:
    """Answers lists and watches in the order they are written down, and then leaves the last watch open."""

    def __init__(self, *script: Answers) -> None:
        self.script = [list(answers) for answers in script]
        self.asked: list[str] = []
        self.idle = asyncio.Event()

    async def list_page(
        self,
        resource: Resource,
        *,
        namespace: str | None,
        label_selector: str,
        field_selector: str,
        limit: int,
        token: str,
    ) -> Page:
        self.asked.append(f"list {token}".strip())
        await asyncio.sleep(0)
        step = self.script[0].pop(0)
        if not self.script[0]:
            self.script.pop(0)
        if isinstance(step, KubeError):
            raise step
        assert isinstance(step, Page)
        return step

    async def watch(
        self,
        resource: Resource,
        *,
        namespace: str | None,
        label_selector: str,
        field_selector: str,
        resource_version: str,
        timeout: float,
    ) -> AsyncGenerator[WatchEvent, None]:
        self.asked.append(f"watch {resource_version}")
        if not self.script:
            self.idle.set()
            await asyncio.Event().wait()
        for step in self.script.pop(0):
            await asyncio.sleep(0)
            if isinstance(step, KubeError):
                raise step
            assert isinstance(step, WatchEvent)
            yield step


def page(*objects: JsonObject, version: int = 1, token: str = "") -> Page:
    return Page(list(objects), str(version), token, 100)


def make_informer(server: Source, namespaces: Sequence[str] = ()) -> Informer[int]:
    return Informer(
        server,
        FUNCTIONS,
        namespaces=namespaces,
        transform=lambda obj: obj["spec"]["value"] or None,
        indexers={"parity": lambda value: [value % 2]},
        backoff=Backoff(draw=lambda _low, _high: 0.0),
    )


Told = list[tuple[ObjectKey, int | None, int | None]]


async def play(*script: Answers) -> tuple[Informer[int], Told, list[str]]:
    """Run an informer to the end of the script; returns it, what it told and what it asked."""
    server = ScriptedServer(*script)
    informer, told = make_informer(server), Told()
    informer.subscribe(lambda *change: told.append(change))
    async with asyncio.timeout(2), informer.running():
        await server.idle.wait()
    return informer, told, server.asked


@contextmanager
def raises_inside_group(error: type[Exception]) -> Iterator[None]:
    with pytest.raises(ExceptionGroup) as caught:
        yield
    assert caught.group_contains(error)


async def test_all_pages_are_read_and_watched_from_the_version_of_the_last() -> None:
    informer, told, asked = await play(
        [page(make_object(A, 1), token="more", version=7), page(make_object(B, 2), version=7)]
    )
    assert asked == ["list", "list more", "watch 7"]
    assert told == [(A, None, 1), (B, None, 2)]
    assert informer.synced


async def test_events_change_the_copy_and_its_indexes() -> None:
    informer, told, _ = await play(
        [page(make_object(A, 1))],
        [
            WatchEvent("ADDED", make_object(B, 2)),
            WatchEvent("MODIFIED", make_object(A, 4)),
            WatchEvent("DELETED", make_object(B, 5)),
        ],
    )
    assert told == [(A, None, 1), (B, None, 2), (A, 1, 4), (B, 2, None)]
    assert informer.by_index("parity", 0) == [4]
    assert informer.by_index("parity", 1) == []
    assert len(informer) == 1


async def test_an_ended_watch_goes_on_at_the_newest_version_bookmarks_included() -> None:
    _, _, asked = await play([page()], [WatchEvent("ADDED", make_object(A, 3)), bookmark(9)])
    assert asked == ["list", "watch 1", "watch 9"]


async def test_a_broken_watch_goes_on_without_a_new_list() -> None:
    informer, _, asked = await play(
        [page(make_object(A, 1))], [WatchEvent("MODIFIED", make_object(A, 2)), Unreachable()], [Unreachable()]
    )
    assert asked == ["list", "watch 1", "watch 2", "watch 2"]
    assert informer.get(A) == 2


async def test_a_version_that_is_gone_brings_a_new_list_and_only_differences_are_told() -> None:
    informer, told, asked = await play(
        [page(make_object(A, 1), make_object(B, 2), version=2)],
        [Gone()],
        [page(make_object(A, 1), make_object(C, 8), version=9)],
    )
    assert asked == ["list", "watch 2", "list", "watch 9"]
    assert told == [(A, None, 1), (B, None, 2), (C, None, 8), (B, 2, None)]
    assert informer.get(B) is None


async def test_known_objects_stay_while_a_new_list_fails() -> None:
    server = ScriptedServer([page(make_object(A, 1))], [Gone()], [Unreachable(), page(make_object(A, 1), version=5)])
    informer = make_informer(server)
    async with asyncio.timeout(2), informer.running():
        while server.asked.count("list") < 3:
            await asyncio.sleep(0)
            assert not informer.synced or informer.get(A) == 1
    assert informer.synced


async def test_a_list_that_breaks_between_pages_starts_over() -> None:
    informer, _, asked = await play(
        [page(make_object(A, 1), token="more"), Gone(), page(make_object(A, 1), make_object(B, 2), version=3)]
    )
    assert asked == ["list", "list more", "list", "watch 3"]
    assert len(informer) == 2


async def test_an_unchanged_result_of_the_transform_is_not_told() -> None:
    """A status update changes the object, but not the part of it that was kept."""
    _, told, asked = await play([page(make_object(A, 1))], [WatchEvent("MODIFIED", make_object(A, 6, value=1))])
    assert told == [(A, None, 1)]
    assert asked[-1] == "watch 6"


async def test_an_object_the_transform_drops_counts_as_deleted() -> None:
    informer, told, _ = await play([page(make_object(A, 1))], [WatchEvent("MODIFIED", make_object(A, 2, value=0))])
    assert told == [(A, None, 1), (A, 1, None)]
    assert informer.values() == []


async def test_missing_permission_is_waited_out() -> None:
    informer, _, asked = await play([Forbidden(), page(make_object(A, 1))])
    assert asked == ["list", "list", "watch 1"]
    assert informer.get(A) == 1


async def test_a_request_the_server_does_not_understand_ends_the_informer() -> None:
    with raises_inside_group(Invalid):
        await play([Invalid()])


async def test_what_a_handler_raises_ends_the_informer_and_the_body_that_relies_on_it() -> None:
    informer = make_informer(ScriptedServer([page(make_object(A, 1))]))

    def fail(*_change: object) -> None:
        raise ZeroDivisionError

    informer.subscribe(fail)
    with raises_inside_group(ZeroDivisionError):
        async with asyncio.timeout(2), informer.running():
            await informer.wait_synced()


async def test_a_late_subscriber_learns_what_is_known() -> None:
    informer, _, _ = await play([page(make_object(A, 1), make_object(B, 2))])
    told = Told()
    informer.subscribe(lambda *change: told.append(change))
    assert told == [(A, None, 1), (B, None, 2)]


async def test_watches_that_end_at_once_are_not_reopened_in_a_busy_loop() -> None:
    bounds: list[float] = []

    def draw(_low: float, high: float) -> float:
        bounds.append(high)
        return 0.0

    server = ScriptedServer([page()], [], [], [])
    informer = Informer(server, FUNCTIONS, transform=lambda obj: obj, backoff=Backoff(initial=1, draw=draw))
    async with asyncio.timeout(2), informer.running():
        await server.idle.wait()
    assert bounds == [1, 2, 4]


@pytest.mark.parametrize(
    ("objects", "size", "limit"),
    [(100, 50_000, 500), (100, 100 << 20, 4), (1, 64 << 20, 1), (0, 50, 1)],
)
def test_pages_shrink_until_they_fit_the_memory_meant_for_them(objects: int, size: int, limit: int) -> None:
    assert next_limit(objects=objects, size=size) == limit


class Namespaces:
    """Each namespace has a server of its own."""

    def __init__(self, **servers: ScriptedServer) -> None:
        self.servers = servers

    async def list_page(self, resource: Resource, *, namespace: str | None, **query: Any) -> Page:
        return await self.servers[namespace or ""].list_page(resource, namespace=namespace, **query)

    def watch(self, resource: Resource, *, namespace: str | None, **query: Any) -> AsyncGenerator[WatchEvent, None]:
        return self.servers[namespace or ""].watch(resource, namespace=namespace, **query)


RED, BLUE = ObjectKey("red", "a"), ObjectKey("blue", "a")


async def test_several_namespaces_are_one_copy() -> None:
    red = ScriptedServer([page(make_object(RED, 1))], [WatchEvent("MODIFIED", make_object(RED, 3))])
    blue = ScriptedServer([page(make_object(BLUE, 2))])
    informer = make_informer(Namespaces(red=red, blue=blue), namespaces=["red", "blue", "red"])
    async with asyncio.timeout(2), informer.running():
        await informer.wait_synced()
        await red.idle.wait()
        await blue.idle.wait()
    assert (informer.get(RED), informer.get(BLUE)) == (3, 2)
    assert blue.asked == ["list", "watch 1"]


async def test_a_new_list_of_one_namespace_leaves_the_others_alone() -> None:
    red = ScriptedServer([page(make_object(RED, 1))], [Gone("too old")], [page(version=5)])
    blue = ScriptedServer([page(make_object(BLUE, 2))])
    informer = make_informer(Namespaces(red=red, blue=blue), namespaces=["red", "blue"])
    async with asyncio.timeout(2), informer.running():
        await red.idle.wait()
        await blue.idle.wait()
    assert (informer.get(RED), informer.get(BLUE)) == (None, 2)


async def test_the_copy_is_complete_when_every_namespace_is() -> None:
    red = ScriptedServer([Forbidden("no"), page(make_object(RED, 1))])
    blue = ScriptedServer([page(make_object(BLUE, 2))])
    informer = make_informer(Namespaces(red=red, blue=blue), namespaces=["red", "blue"])
    synced: list[bool] = []
    informer.subscribe(lambda *_: synced.append(informer.synced))
    async with asyncio.timeout(2), informer.running():
        await informer.wait_synced()
    assert synced == [False, False]
    assert len(informer) == 2


async def test_the_quietest_namespace_tells_how_current_the_copy_is() -> None:
    red, blue = ScriptedServer([page()]), ScriptedServer([Unreachable("away")] * 1000)
    informer = make_informer(Namespaces(red=red, blue=blue), namespaces=["red", "blue"])
    async with asyncio.timeout(2), informer.running():
        await red.idle.wait()
        assert informer.last_contact is None
        assert not informer.synced
