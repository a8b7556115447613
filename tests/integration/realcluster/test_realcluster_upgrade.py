"""
Objects that were stored under the definitions of a version before go on working when the definitions are upgraded.

`definitions-before.json` has them as they were before triggers told what they consume, without descriptions.
"""

import asyncio
import json
from pathlib import Path

import nats

from kubeless.api.crds import custom_resource_definitions
from kubeless.api.resource import CRONJOB_TRIGGERS, FUNCTIONS, HTTP_TRIGGERS, KAFKA_TRIGGERS, NATS_TRIGGERS, Resource
from kubeless.core.jsontypes import JsonObject
from kubeless.kube.errors import KubeError
from kubeless.kube.resources import CRDS
from support.clusterworld import NAMESPACE, World
from support.kafkaworld import until

BEFORE: list[JsonObject] = json.loads((Path(__file__).parent / "definitions-before.json").read_text())
NEW_FIELD = {"delivery": {"order": "key", "keyToken": 1}}
SUBJECT = {"topic": "upgraded.*", "functionSelector": {"matchLabels": {"function": "old"}}}
OLD_TRIGGERS: dict[Resource, JsonObject] = {
    HTTP_TRIGGERS: {"function-name": "old", "host-name": "old.test"},
    CRONJOB_TRIGGERS: {"function-name": "old", "schedule": "* * * * * *"},
    NATS_TRIGGERS: SUBJECT,
    KAFKA_TRIGGERS: {"topic": "old", "functionSelector": {"matchLabels": {"function": "old"}}, "suspend": True},
}


async def test_objects_of_the_version_before_outlive_an_upgrade_of_their_definitions(world: World) -> None:
    """The definitions first, then the services: the controller notes more on triggers than it could before."""
    await go_back(world)
    await world.function("old")
    before = {kind: await world.make(kind, "old", spec) for kind, spec in OLD_TRIGGERS.items()}
    await world.until_condition(HTTP_TRIGGERS, "old", "Ready", "True")
    await upgrade(world)
    await asyncio.to_thread(world.platform.services["controller"].restart)
    await world.change(FUNCTIONS, "old", {"metadata": {"annotations": {"touched": "yes"}}})
    for kind in (HTTP_TRIGGERS, CRONJOB_TRIGGERS, NATS_TRIGGERS):
        await world.until_condition(kind, "old", "Ready", "True")
    assert await world.get("old.test") == (200, "ok")
    publisher = await nats.connect(world.platform.nats_url)
    await publisher.publish("upgraded.a", b"message")
    await publisher.close()
    ticks = len(world.ledger.done)
    await until(lambda: b"message" in world.ledger.bodies and len(world.ledger.done) > ticks + 2)
    await world.until_told(CRONJOB_TRIGGERS, "old", "nextScheduleTime")
    for kind, made in before.items():
        now = await world.client.get(kind, "old", namespace=NAMESPACE)
        assert (now["metadata"]["uid"], now["spec"]) == (made["metadata"]["uid"], made["spec"])
    await world.change(NATS_TRIGGERS, "old", {"spec": NEW_FIELD})
    for kind in (HTTP_TRIGGERS, CRONJOB_TRIGGERS):
        await world.until_bound(kind, "old")
    await world.delete(FUNCTIONS, "old")
    await world.until_gone(CRONJOB_TRIGGERS, "old")
    for kind in (NATS_TRIGGERS, KAFKA_TRIGGERS):
        await world.delete(kind, "old")


async def go_back(world: World) -> None:
    """To the definitions of before; no object of ours is there that they would not know."""
    for definition in BEFORE:
        live = await world.client.get(CRDS, definition["metadata"]["name"])
        await world.client.replace(CRDS, {**live, "spec": definition["spec"]})

    async def unknown() -> bool:
        return not await knows_new_field(world)

    await until(unknown)


async def upgrade(world: World) -> None:
    """As `kubectl apply --server-side` does."""
    for definition in custom_resource_definitions():
        await world.client.apply(CRDS, definition, field_manager="upgrade", force=True)

    async def known() -> bool:
        return await knows_new_field(world)

    await until(known)


async def knows_new_field(world: World) -> bool:
    """Whether the API server takes an object that the definitions of before had no words for."""
    metadata = {"name": "asked", "namespace": NAMESPACE}
    head = {"apiVersion": NATS_TRIGGERS.api_version, "kind": NATS_TRIGGERS.kind, "metadata": metadata}
    try:
        await world.client.create(
            NATS_TRIGGERS, {**head, "spec": SUBJECT | NEW_FIELD}, dry_run=True, field_validation="Strict"
        )
    except KubeError:
        return False
    return True
