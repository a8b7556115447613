"""
Make the cluster hold an object as it should be: create it, update it, or leave it alone.

An object that belongs to somebody else is never touched. Nothing is written that is already so, and nothing is
written again that the server would not take as wanted: a policy that rewrites our objects must not lead to an endless
argument.
"""

from dataclasses import dataclass
from typing import Protocol

from kubeless.api.resource import GROUP, Resource
from kubeless.controller.desired.deployment import digest
from kubeless.controller.desired.ownership import CREATED_BY
from kubeless.controller.problem import BeingDeleted, ForeignObject
from kubeless.controller.update import differs, marked, must_be_remade, updated
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import AlreadyExists, NotFound


class Writer(Protocol):
    """What is asked of a client. `kubeless.kube.client.KubeClient` is one."""

    async def get(self, resource: Resource, name: str, *, namespace: str | None = None) -> JsonObject:
        """Read an object."""

    async def create(self, resource: Resource, body: JsonObject, *, namespace: str | None = None) -> JsonObject:
        """Create an object and return it as stored."""

    async def replace(self, resource: Resource, body: JsonObject, *, namespace: str | None = None) -> JsonObject:
        """Replace an object and return it as stored."""

    async def delete(
        self, resource: Resource, name: str, *, namespace: str | None = None, uid: str | None = None
    ) -> JsonObject:
        """Delete an object; with `uid`, only that very one."""


@dataclass(frozen=True, slots=True)
class _Settled:
    """What we wanted, and what the server made of it."""

    wanted: str
    answered: str


_SettledKey = tuple[str, str, str, str]
"""Plural, namespace, owner's name, name."""


class Applier:
    """Applies objects and remembers what the server made of them."""

    def __init__(self, client: Writer) -> None:
        self._client = client
        self._settled: dict[_SettledKey, _Settled] = {}

    async def apply(self, resource: Resource, desired: JsonObject, live: JsonObject | None) -> JsonObject:
        """
        Bring about `desired`, given what a cache knows of the object, and return it as it is now.

        Raises ForeignObject if the name is taken by somebody else's object, BeingDeleted if the object is on its way
        out, and KubeError; a Conflict means that the cache was behind.
        """
        metadata = desired["metadata"]
        if live is None:
            try:
                return await self._create(resource, desired)
            except AlreadyExists:
                live = await self._client.get(resource, metadata["name"], namespace=metadata["namespace"])
        refuse_foreign(resource, desired, live)
        if live["metadata"].get("deletionTimestamp"):
            raise BeingDeleted(resource.kind, metadata["namespace"], metadata["name"])
        if must_be_remade(desired, live):
            return await self._remake(resource, desired, live)
        if not differs(desired, live) or self._is_settled(resource, desired, live):
            return live
        answer = await self._client.replace(resource, updated(desired, live), namespace=metadata["namespace"])
        return self._remember(resource, desired, answer)

    async def _create(self, resource: Resource, desired: JsonObject) -> JsonObject:
        namespace = desired["metadata"]["namespace"]
        return self._remember(
            resource, desired, await self._client.create(resource, marked(desired), namespace=namespace)
        )

    async def _remake(self, resource: Resource, desired: JsonObject, live: JsonObject) -> JsonObject:
        metadata = live["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        try:
            await self._client.delete(resource, name, namespace=namespace, uid=metadata["uid"])
            return await self._create(resource, desired)
        except (AlreadyExists, NotFound) as error:
            raise BeingDeleted(resource.kind, namespace, name) from error

    def forget(self, namespace: str, owner: str) -> None:
        """The owner of some objects is gone."""
        for key in [key for key in self._settled if key[1:3] == (namespace, owner)]:
            del self._settled[key]

    def _remember(self, resource: Resource, desired: JsonObject, answer: JsonObject) -> JsonObject:
        key = _key(resource, desired)
        if differs(desired, answer):
            self._settled[key] = _Settled(digest(desired), _content(answer))
        else:
            self._settled.pop(key, None)
        return answer

    def _is_settled(self, resource: Resource, desired: JsonObject, live: JsonObject) -> bool:
        settled = self._settled.get(_key(resource, desired))
        return settled is not None and settled == _Settled(digest(desired), _content(live))


def refuse_foreign(resource: Resource, desired: JsonObject, live: JsonObject) -> None:
    """Raises ForeignObject if `live` has the name of `desired` and belongs to somebody else."""
    if is_foreign(live, desired):
        metadata = desired["metadata"]
        owner = metadata["ownerReferences"][0]["kind"].lower()
        raise ForeignObject(resource.kind.lower(), metadata["namespace"], metadata["name"], owner=owner)


def is_foreign(live: JsonObject, desired: JsonObject) -> bool:
    """
    Whether `live` belongs to somebody else.

    Ours are those that the function owns by uid, and those with our label that no other controller owns: the Go
    controller marked its objects so, and an owner that was restored from a backup has a new uid.
    """
    metadata = live["metadata"]
    owner = desired["metadata"]["ownerReferences"][0]
    references = metadata.get("ownerReferences") or []
    if any(reference.get("uid") == owner["uid"] for reference in references):
        return False
    if not CREATED_BY.items() <= (metadata.get("labels") or {}).items():
        return True
    return any(reference.get("controller") and not _is_namesake(reference, owner) for reference in references)


def _is_namesake(reference: JsonObject, owner: JsonObject) -> bool:
    group = str(reference.get("apiVersion", "")).partition("/")[0]
    return group == GROUP and (reference.get("kind"), reference.get("name")) == (owner["kind"], owner["name"])


def _key(resource: Resource, desired: JsonObject) -> _SettledKey:
    metadata = desired["metadata"]
    return (resource.plural, metadata["namespace"], metadata["ownerReferences"][0]["name"], metadata["name"])


def _content(obj: JsonObject) -> str:
    """A digest of what people and policies write, leaving out what changes by itself."""
    metadata = obj["metadata"]
    kept = {key: metadata.get(key) for key in ("labels", "annotations", "ownerReferences")}
    annotations = dict(kept["annotations"] or {})
    annotations.pop("deployment.kubernetes.io/revision", None)
    kept["annotations"] = annotations
    body = {key: value for key, value in obj.items() if key not in ("metadata", "status")}
    if isinstance(body.get("spec"), dict):
        body["spec"] = {key: value for key, value in body["spec"].items() if key != "replicas"}
    return digest([kept, body])
