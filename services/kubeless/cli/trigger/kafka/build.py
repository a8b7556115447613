"""The KafkaTrigger objects that the commands write."""

from kubeless.api.resource import KAFKA_TRIGGERS
from kubeless.cli.trigger import selector
from kubeless.core.jsontypes import JsonObject


def read_selector(text: str) -> JsonObject:
    """See `selector.read_selector`; the spelling of its error is that of the Kubeless of old."""
    return selector.read_selector(text, label="lable")


def new_kafka_trigger(name: str, namespace: str, *, topic: str, selector: JsonObject) -> JsonObject:
    """The object that `trigger kafka create` creates."""
    return {
        "apiVersion": KAFKA_TRIGGERS.api_version,
        "kind": KAFKA_TRIGGERS.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": {"created-by": "kubeless"}},
        "spec": {"topic": topic, "functionSelector": selector},
    }
