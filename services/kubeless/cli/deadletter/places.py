"""Where dead letters are: the topics and subjects of triggers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubeless.cli.failure import Fatal
from kubeless.core.jsontypes import JsonObject
from kubeless.manage.letterbox import Place, place_of, trigger_text
from kubeless.manage.letterkind import KINDS, LetterKind

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient


@dataclass(frozen=True, slots=True)
class Where:
    """What a command line says of the place, as `flags.place_options` reads it."""

    trigger: str | None
    kind: str | None
    topic: str | None
    subject: str | None
    namespace: str | None
    kafka_namespace: str
    nats_namespace: str

    def check(self) -> None:
        """Raises `Fatal` for flags that contradict each other."""
        named = [name for name, place in (("kafka", self.topic), ("nats", self.subject)) if place]
        if len(named) > 1:
            raise Fatal("--topic is of Kafka and --subject of NATS; give one of them")
        if named and self.kind not in (None, *named):
            flag = "--topic" if self.topic else "--subject"
            raise Fatal(f"{flag}: is not of --kind {self.kind}; leave one of the two away")

    @property
    def kinds(self) -> list[LetterKind]:
        """Those that can be meant."""
        if self.topic or self.subject:
            return [KINDS["kafka" if self.topic else "nats"]]
        return [KINDS[self.kind]] if self.kind else list(KINDS.values())

    def service_namespace(self, kind: LetterKind) -> str:
        """Where the service of a kind is."""
        return self.kafka_namespace if kind is KINDS["kafka"] else self.nats_namespace


async def find_places(client: "KubeClient", where: Where, namespace: str) -> list[Place]:
    """
    Where to look.

    Raises:
        Fatal: there is no such trigger, or there are two, and no place is given.
    """
    where.check()
    if name := where.topic or where.subject:
        (kind,) = where.kinds
        trigger = trigger_text(kind, namespace, where.trigger) if where.trigger else ""
        return [Place(kind, kind.check_place(name), trigger)]
    if where.trigger:
        found = [await _find(client, where.kinds, where.trigger, namespace)]
    else:
        found = [(kind, each) for kind in where.kinds for each in await _list(client, kind, namespace)]
    return [place for kind, each in found if (place := place_of(kind, each, namespace)) is not None]


def one_place(places: list[Place], where: Where) -> Place:
    """The only place; raises `Fatal` if there is none or more than one."""
    if len(places) == 1:
        return places[0]
    if where.trigger:
        raise Fatal(f"Trigger {where.trigger} keeps no dead letters: spec.delivery.deadLetter.disabled is true")
    raise Fatal("Name the trigger of the dead letter, as 'kubeless deadletter list' shows it")


async def _find(
    client: "KubeClient", kinds: list[LetterKind], name: str, namespace: str
) -> tuple[LetterKind, JsonObject]:
    from kubeless.kube.errors import NotFound

    found: list[tuple[LetterKind, JsonObject]] = []
    for kind in kinds:
        try:
            found.append((kind, await client.get(kind.resource, name, namespace=namespace)))
        except NotFound as error:
            missing = error
    if not found:
        title, *others = (kind.title for kind in kinds)
        what = f"{title} trigger {name} in namespace {namespace}{''.join(f', nor a {other} one' for other in others)}"
        raise Fatal(f"Unable to find {what}. Error {missing}") from missing
    if len(found) > 1:
        raise Fatal(
            f"There is more than one trigger {name} in namespace {namespace}; choose with --kind "
            + " or --kind ".join(kind.name for kind, _ in found)
        )
    return found[0]


async def _list(client: "KubeClient", kind: LetterKind, namespace: str) -> list[JsonObject]:
    """The triggers of a kind; none where the cluster does not know it."""
    from kubeless.kube.errors import NotFound

    try:
        return list((await client.list(kind.resource, namespace=namespace)).items)
    except NotFound:
        return []
