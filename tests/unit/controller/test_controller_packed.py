"""What is kept of an object, and when two are the same."""

import pytest

from kubeless.controller.labels import key_of
from kubeless.controller.packed import content_of, packer, unpacked
from kubeless.core.jsontypes import JsonObject

PACK = packer(key_of)

OBJECT: JsonObject = {
    "kind": "Deployment",
    "metadata": {
        "name": "echo",
        "namespace": "shop",
        "uid": "u",
        "resourceVersion": "1",
        "generation": 1,
        "managedFields": [{"manager": "kubectl"}],
    },
    "spec": {"replicas": 1},
}


def test_an_object_comes_back_without_its_managers() -> None:
    kept = {key: value for key, value in OBJECT["metadata"].items() if key != "managedFields"}
    packed = PACK(OBJECT)
    assert packed.unpack() == {**OBJECT, "metadata": kept}
    assert (packed.uid, packed.function) == ("u", ("shop", "echo"))
    assert unpacked(None) is None


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"metadata": {**OBJECT["metadata"], "resourceVersion": "2", "generation": 2, "managedFields": []}}, True),
        ({"status": {"replicas": 1}}, True),
        ({"spec": {"replicas": 2}}, False),
        ({"metadata": {**OBJECT["metadata"], "labels": {"a": "b"}}}, False),
        ({"metadata": {**OBJECT["metadata"], "deletionTimestamp": "2026-01-02T03:04:05Z"}}, False),
        ({"metadata": {**OBJECT["metadata"], "uid": "v"}}, False),
    ],
    ids=["bookkeeping", "status", "spec", "label", "deletion", "another"],
)
def test_contents_differ_by_what_is_written_on_purpose(change: JsonObject, same: bool) -> None:
    assert (content_of(PACK({**OBJECT, **change})) == content_of(PACK(OBJECT))) is same
    assert content_of(None) != content_of(PACK(OBJECT))
