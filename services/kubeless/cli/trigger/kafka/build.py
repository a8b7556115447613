"""The specs of KafkaTriggers that the commands write."""

from dataclasses import dataclass
from typing import Any

from kubeless.cli.kafkaadmin import read_topic_name
from kubeless.cli.trigger.selector import read_selector
from kubeless.core.jsontypes import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaWanted:
    """See `Wanted`; None is "not given"."""

    topic: str | None = None
    selector: JsonObject | None = None

    def new_spec(self, _server: str, /) -> JsonObject:
        """See `Wanted`."""
        return self.changed_spec({})

    def changed_spec(self, spec: JsonObject, /) -> JsonObject:
        """See `Wanted`. A new selector takes the place of all of the old."""
        given = {"topic": self.topic, "functionSelector": self.selector}
        return spec | {name: value for name, value in given.items() if value is not None}


def read_wanted(given: dict[str, Any]) -> KafkaWanted:
    """Raises Fatal for a selector that cannot be read, in the spelling of the Kubeless of old."""
    topic, selector = given["topic"], given["selector"]
    return KafkaWanted(
        topic=read_topic_name(topic) if topic else None,
        selector=read_selector(selector, label="lable") if selector else None,
    )
