"""Where dead letters are: the topics of triggers, and the letters in them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.cli.failure import Fatal
from kubeless.cli.kafkaadmin import KafkaAdmin, Refused, read_topic_name
from kubeless.cli.trigger.objects import find_trigger
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.admin.names import MAX_LETTERS
from kubeless.kafka_consumer.admin_names import dead_letter_topic

if TYPE_CHECKING:
    from kubeless.kube.client import KubeClient


@dataclass(frozen=True, slots=True)
class Place:
    """One topic, and the trigger whose letters there are meant; empty: all."""

    topic: str
    trigger: str = ""
    """`<kind>/<namespace>/<name>`"""


async def find_places(client: "KubeClient", trigger: str | None, topic: str | None, namespace: str) -> list[Place]:
    """
    Where to look.

    Raises:
        Fatal: there is no such trigger, and no topic is given.
    """
    if topic:
        return [Place(read_topic_name(topic), trigger_text(namespace, trigger) if trigger else "")]
    if trigger:
        found = [await find_trigger(client, KAFKA_TRIGGERS, trigger, namespace, title="Kafka")]
    else:
        found = list((await client.list(KAFKA_TRIGGERS, namespace=namespace)).items)
    return [place for each in found if (place := place_of(each, namespace)) is not None]


def place_of(trigger: JsonObject, namespace: str) -> Place | None:
    """Where the dead letters of a trigger are; None if it keeps none."""
    name, spec = trigger["metadata"]["name"], trigger.get("spec") or {}
    choice = (spec.get("delivery") or {}).get("deadLetter") or {}
    if choice.get("disabled"):
        return None
    topic = choice.get("topic") or dead_letter_topic(str(spec.get("topic")), namespace, name)
    return Place(topic, trigger_text(namespace, name))


def trigger_text(namespace: str, name: str) -> str:
    """How a dead letter names its trigger."""
    return f"{KAFKA_TRIGGERS.kind}/{namespace}/{name}"


async def list_letters(
    admin: KafkaAdmin, place: Place, *, function: str = "", limit: int | None = None
) -> list[JsonObject]:
    """
    The letters of a place, oldest first in each partition, `limit` at most. A topic that does not exist holds none:
    it is made with the first letter.
    """
    found: list[JsonObject] = []
    while limit is None or len(found) < limit:
        wanted = MAX_LETTERS if limit is None else min(MAX_LETTERS, limit - len(found))
        query = {"trigger": place.trigger, "function": function, "limit": str(wanted)}
        if found:
            query["after"] = found[-1]["id"]
        try:
            page = await admin.call("GET", f"deadletters/{place.topic}?{urlencode(query)}")
        except Refused as error:
            if error.reason != "TopicNotFound":
                raise
            return found
        found += page
        if len(page) < wanted:
            break
    return found


def one_place(places: list[Place], trigger: str | None) -> Place:
    """The only place; raises `Fatal` if there is none or more than one."""
    if len(places) == 1:
        return places[0]
    if trigger:
        raise Fatal(f"Kafka trigger {trigger} keeps no dead letters: spec.delivery.deadLetter.disabled is true")
    raise Fatal("Name the trigger of the dead letter, as 'kubeless deadletter list' shows it")
