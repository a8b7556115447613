from kubeless.kube.cache import IndexedCache, ObjectKey

A, B = ObjectKey("default", "a"), ObjectKey("default", "b")


def make_cache() -> IndexedCache[str]:
    return IndexedCache({"letter": list})


def test_an_object_is_found_under_every_value_of_an_index() -> None:
    cache = make_cache()
    cache.put(A, "xy")
    cache.put(B, "yz")
    assert cache.by_index("letter", "y") == ["xy", "yz"]
    assert cache.by_index("letter", "x") == ["xy"]
    assert cache.by_index("letter", "?") == []
    assert cache.count("letter", "y") == 2


def test_a_replaced_object_leaves_its_old_places() -> None:
    cache = make_cache()
    cache.put(A, "xy")
    assert cache.put(A, "yz") == "xy"
    assert cache.by_index("letter", "x") == []
    assert cache.by_index("letter", "y") == ["yz"]


def test_a_value_given_twice_is_one_entry() -> None:
    cache = make_cache()
    cache.put(A, "xx")
    assert cache.by_index("letter", "x") == ["xx"]
    assert cache.remove(A) == "xx"
    assert cache.count("letter", "x") == 0


def test_removing_what_is_not_there_changes_nothing() -> None:
    assert make_cache().remove(A) is None
