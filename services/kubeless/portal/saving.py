"""
Saving what a person changed in a function, without undoing what others did meanwhile.

A save names the version it started from. If the object has moved on only in its status, the save goes on from there;
if somebody asked for something else meanwhile, both changes are put together where they do not touch, and where they
do, nothing is written and the difference is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kubeless.api.resource import FUNCTIONS
from kubeless.core.errors import KubelessError
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.client import KubeClient
from kubeless.kube.errors import Conflict as VersionConflict
from kubeless.portal.decide.difference import Conflict, conflicts_of, merged
from kubeless.portal.decide.form import apply_fields, fields_of

ATTEMPTS = 5

_OURS = frozenset({"name", "namespace", "labels", "annotations"})
"""What people say about an object; the rest of its metadata is the API server's."""


class Replaced(KubelessError):
    """The function was deleted, and another one has its name now; copy your code and load the page again."""


class TooBusy(KubelessError):
    """The function changes all the time; try again."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The object as stored, or what stands against storing it."""

    function: JsonObject
    """As it is in the cluster now."""
    conflicts: tuple[Conflict, ...] = ()


async def save(client: KubeClient, base: JsonObject, fields: Mapping[str, str], *, force: bool = False) -> Saved:
    """
    Write the `fields` that differ from `base`, the object that the person saw.

    With `force` the person has seen the conflicts, and theirs win where they touch.

    Raises:
        InvalidField: a field cannot be used.
        NotFound: the function was deleted meanwhile.
        Replaced: it was made anew meanwhile.
        KubeError: the API server refused.
    """
    metadata = base["metadata"]
    before, current = fields_of(base), base
    for _ in range(ATTEMPTS):
        theirs = fields_of(current)
        conflicts = conflicts_of(before, fields, theirs)
        if conflicts and not force:
            return Saved(current, tuple(conflicts))
        wanted = apply_fields(current, merged(before, fields, theirs))
        try:
            return Saved(await client.replace(FUNCTIONS, _without_status(wanted)))
        except VersionConflict:
            current = await client.get(FUNCTIONS, metadata["name"], namespace=metadata["namespace"])
        if current["metadata"].get("uid") != metadata.get("uid"):
            raise Replaced
    raise TooBusy


async def deploy_anew(client: KubeClient, base: JsonObject, fields: Mapping[str, str]) -> Saved:
    """
    Make a function that was deleted once more, with what the person has before them.

    Raises:
        InvalidField: a field cannot be used.
        AlreadyExists: somebody else made it first.
        KubeError: the API server refused.
    """
    wanted = apply_fields(base, fields)
    kept = {name: value for name, value in wanted["metadata"].items() if name in _OURS}
    return Saved(await client.create(FUNCTIONS, _without_status({**wanted, "metadata": kept})))


def _without_status(function: JsonObject) -> JsonObject:
    return {key: value for key, value in function.items() if key != "status"}
