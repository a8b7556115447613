"""Records become calls, offsets are committed after them, and what cannot be delivered is kept."""

from uuid import uuid4

from support.kafkaworld import World, until


def new_topic() -> str:
    return f"t-{uuid4().hex[:8]}"


async def test_records_reach_the_function_and_are_committed(world: World) -> None:
    topic = new_topic()
    await world.make_topic(topic, 2)
    ledger = await world.function()
    await world.trigger(topic=topic)
    async with world.service():
        bodies = await world.publish_many(topic, 200)
        await until(lambda: len(ledger.done) >= 200)
        await until(lambda: _committed(world, topic, 200))
    assert sorted(ledger.bodies) == sorted(bodies)
    assert set(ledger.ids.values()) == {1}


async def _committed(world: World, topic: str, count: int) -> bool:
    return sum((await world.committed(f"default_orders_greet_{topic}")).values()) == count
