import pytest

from kubeless.core.jsontypes import JsonObject
from kubeless.local.apiserver.storage.history import Change, ChangeType, Expired, History
from kubeless.local.apiserver.storage.record import Key, Record
from kubeless.local.apiserver.storage.store import Store

CONFIG_MAPS = ("", "configmaps")


def key(name: str) -> Key:
    return Key(CONFIG_MAPS, "default", name)


def config_map(name: str, **data: str) -> JsonObject:
    metadata = {"name": name, "namespace": "default", "uid": f"uid-{name}"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def added(revision: int, size: int = 1) -> Change:
    return Change(ChangeType.ADDED, Record(key(f"n{revision}"), config_map("x", x="x" * size), revision), None)


def test_changes_are_read_from_any_point_in_pieces() -> None:
    history = History(10)
    for revision in range(11, 16):
        history.append(added(revision))
    changes, complete = history.since(12, limit=2)
    assert ([change.revision for change in changes], complete) == ([13, 14], False)
    changes, complete = history.since(14, limit=2)
    assert ([change.revision for change in changes], complete) == ([15], True)
    assert history.since(15) == ([], True)


def test_the_oldest_changes_are_forgotten_by_count() -> None:
    history = History(0, max_changes=4)
    for revision in range(1, 10):
        history.append(added(revision))
    with pytest.raises(Expired):
        history.since(history.floor - 1)
    changes, _ = history.since(history.floor)
    assert 1 <= len(changes) <= 4
    assert changes[-1].revision == 9


def test_the_oldest_changes_are_forgotten_by_size() -> None:
    history = History(0, max_bytes=10_000)
    for revision in range(1, 10):
        history.append(added(revision, size=4_000))
    changes, _ = history.since(history.floor)
    assert len(changes) <= 2


def test_one_change_larger_than_the_bound_is_still_told() -> None:
    history = History(0, max_bytes=100)
    history.append(added(1, size=4_000))
    assert history.since(0)[0][0].revision == 1


def test_the_past_can_be_listed() -> None:
    store = Store()
    store.put(key("a"), config_map("a", x="1"))
    store.put(key("b"), config_map("b"))
    then = store.revision
    store.put(key("a"), config_map("a", x="2"))
    store.remove(key("b"))
    store.put(key("c"), config_map("c"))
    past = {record.key.name: record.object.get("data") for record in store.objects(CONFIG_MAPS, at=then)}
    assert past == {"a": {"x": "1"}, "b": {}}
    assert [record.key.name for record in store.objects(CONFIG_MAPS)] == ["a", "c"]


def test_what_cannot_be_encoded_changes_nothing() -> None:
    store = Store()
    seen: list[Change] = []
    store.subscribe(seen.append)
    with pytest.raises(TypeError):
        store.put(key("a"), config_map("a") | {"data": {"x": object()}})
    assert (store.revision, store.get(key("a")), seen) == (0, None, [])


def test_a_stored_object_does_not_follow_its_maker() -> None:
    store = Store()
    obj = config_map("a")
    record = store.put(key("a"), obj)
    assert "resourceVersion" not in obj["metadata"]
    assert record.object["metadata"]["resourceVersion"] == "1"


def test_a_history_that_begins_late_knows_nothing_earlier() -> None:
    store = Store(revision=50)
    with pytest.raises(Expired):
        store.history(CONFIG_MAPS).since(49)
    assert store.history(CONFIG_MAPS).since(50) == ([], True)


def test_a_type_that_comes_back_has_forgotten_its_first_life() -> None:
    store = Store()
    store.put(key("a"), config_map("a"))
    store.remove(key("a"))
    store.drop_history(CONFIG_MAPS)
    with pytest.raises(Expired):
        store.history(CONFIG_MAPS).since(1)
