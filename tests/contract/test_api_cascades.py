"""What goes when something else goes: dependents, the content of namespaces, pods in their own time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from contract.conftest import Api
    from kubeless.core.jsontypes import JsonObject


def owned_by(*owners: JsonObject, name: str = "dependent", block: bool = True) -> JsonObject:
    references = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "blockOwnerDeletion": block,
        }
        for owner in owners
    ]
    return {"metadata": {"name": name, "ownerReferences": references}}


@pytest.fixture(autouse=True)
def controllers(api: Api) -> None:
    """What goes after something else is taken away by controllers, not by the API server itself."""
    if not api.has_controllers:
        pytest.skip("no kube-controller-manager beside the real API server")


@pytest.fixture
async def owner(api: Api) -> JsonObject:
    return await api.made(api.core("configmaps"), {"metadata": {"name": "owner"}})


async def test_dependents_go_after_their_owner(api: Api, owner: JsonObject) -> None:
    dependent = await api.made(api.core("configmaps"), owned_by(owner))
    await api.made(api.core("secrets"), owned_by(dependent, name="grandchild"))
    await api.delete(api.core("configmaps", "owner"), {"propagationPolicy": "Background"})
    await api.until_gone(api.core("configmaps", "dependent"))
    await api.until_gone(api.core("secrets", "grandchild"))


async def test_in_the_foreground_the_owner_goes_last(api: Api, owner: JsonObject) -> None:
    body = owned_by(owner)
    body["metadata"]["finalizers"] = ["example.com/hold"]
    await api.made(api.core("configmaps"), body)
    await api.delete(api.core("configmaps", "owner"), {"propagationPolicy": "Foreground"})

    async def dependent_is_leaving() -> bool:
        return "deletionTimestamp" in (await api.get(api.core("configmaps", "dependent"))).object["metadata"]

    await api.until(dependent_is_leaving)
    waiting = await api.get(api.core("configmaps", "owner"))
    assert waiting.object["metadata"]["finalizers"] == ["foregroundDeletion"]
    await api.merge(api.core("configmaps", "dependent"), {"metadata": {"finalizers": None}})
    await api.until_gone(api.core("configmaps", "owner"))


async def test_orphans_stay_and_forget_their_owner(api: Api, owner: JsonObject) -> None:
    await api.made(api.core("configmaps"), owned_by(owner))
    await api.delete(api.core("configmaps", "owner"), {"propagationPolicy": "Orphan"})
    await api.until_gone(api.core("configmaps", "owner"))
    orphan = await api.get(api.core("configmaps", "dependent"))
    assert "ownerReferences" not in orphan.object["metadata"]


async def test_one_remaining_owner_keeps_a_dependent(api: Api, owner: JsonObject) -> None:
    other = await api.made(api.core("configmaps"), {"metadata": {"name": "other"}})
    await api.made(api.core("configmaps"), owned_by(owner, other))
    await api.delete(api.core("configmaps", "owner"), {"propagationPolicy": "Foreground"})
    await api.until_gone(api.core("configmaps", "owner"))

    async def other_alone() -> bool:
        references = (await api.get(api.core("configmaps", "dependent"))).object["metadata"]["ownerReferences"]
        return [reference["name"] for reference in references] == ["other"]

    await api.until(other_alone)


async def test_the_dependent_of_nobody_is_collected(api: Api) -> None:
    ghost: JsonObject = {"metadata": {"name": "ghost", "uid": "0b3c8a5e-0000-4000-8000-000000000000"}}
    await api.made(api.core("configmaps"), owned_by(ghost))
    await api.until_gone(api.core("configmaps", "dependent"))


async def test_owners_of_each_other_do_not_wait_for_ever(api: Api, owner: JsonObject) -> None:
    other = await api.made(api.core("configmaps"), owned_by(owner))
    circle = owned_by(other)["metadata"]["ownerReferences"]
    await api.merge(api.core("configmaps", "owner"), {"metadata": {"ownerReferences": circle}})
    await api.delete(api.core("configmaps", "owner"), {"propagationPolicy": "Foreground"})
    await api.until_gone(api.core("configmaps", "owner"))
    await api.until_gone(api.core("configmaps", "dependent"))


async def test_a_namespace_takes_its_content_with_it(api: Api) -> None:
    name = f"{api.namespace}-b"
    path = f"/api/v1/namespaces/{name}"
    await api.made("/api/v1/namespaces", {"metadata": {"name": name}})
    await api.made(f"{path}/configmaps", {"metadata": {"name": "a"}})
    held = {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    await api.made(f"{path}/configmaps", held)
    await api.delete(path)

    async def rest_is_gone() -> bool:
        return (await api.get(f"{path}/configmaps/a")).status == 404

    await api.until(rest_is_gone)
    assert (await api.get(path)).object["status"]["phase"] == "Terminating"
    late = await api.create(f"{path}/configmaps", {"metadata": {"name": "late"}})
    assert (late.status, late.object["reason"]) == (403, "Forbidden")
    assert late.object["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    await api.merge(f"{path}/configmaps/held", {"metadata": {"finalizers": None}})
    await api.until_gone(path)


async def test_a_pod_on_a_node_leaves_when_the_node_says_so(api: Api) -> None:
    body: JsonObject = {
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "registry.invalid/c"}], "nodeName": "contract"},
    }
    await api.made(api.core("pods"), body)
    deleted = await api.delete(api.core("pods", "p"), {"gracePeriodSeconds": 20})
    assert deleted.status == 200
    waiting = (await api.get(api.core("pods", "p"))).object
    assert waiting["metadata"]["deletionGracePeriodSeconds"] == 20
    await api.delete(api.core("pods", "p"), {"gracePeriodSeconds": 0})
    await api.until_gone(api.core("pods", "p"))
