"""The dead letters that a command line means."""

from typing import TYPE_CHECKING

from kubeless.cli.deadletter.places import Where, find_places
from kubeless.manage.letterbox import LetterBox, Place

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient


def open_box(client: "KubeClient", where: Where, place: Place) -> LetterBox:
    """The letters of a place."""
    return LetterBox(place, place.kind.admin(client, where.service_namespace(place.kind)))


async def find_boxes(client: "KubeClient", where: Where, namespace: str) -> list[LetterBox]:
    """Those that a command line means; raises `Fatal`."""
    return [open_box(client, where, place) for place in await find_places(client, where, namespace)]
