"""The topic of dead letters takes what is large, where the cluster allows it."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.admin import NewTopic

from kubeless.delivery.deadletter import DeadLetterFailed
from kubeless.kafka_consumer.deadletters import LARGE, Shape, make_topic

POLICY_VIOLATION = 44
TOPIC_ALREADY_EXISTS = 36
INVALID_REPLICATION_FACTOR = 38


@dataclass(slots=True)
class FakeAdmin:
    """Answers with `codes` in turn, and keeps what it was asked for."""

    codes: list[int]
    asked: list[dict[str, str]] = field(default_factory=list)

    async def create_topics(self, topics: list[NewTopic]) -> Any:
        (topic,) = topics
        self.asked.append(topic.topic_configs)
        return SimpleNamespace(topic_errors=[(topic.name, self.codes.pop(0), "too large for us")])


async def make(*codes: int) -> list[dict[str, str]]:
    admin = FakeAdmin(list(codes))
    await make_topic(cast("Any", admin), "letters", Shape(3, 1))
    return admin.asked


async def test_it_is_made_as_large_as_can_be() -> None:
    assert await make(0) == [LARGE]


async def test_where_a_policy_forbids_that_it_gets_the_clusters_limits() -> None:
    assert await make(POLICY_VIOLATION, 0) == [LARGE, {}]


async def test_another_replica_may_have_made_it_meanwhile() -> None:
    assert await make(TOPIC_ALREADY_EXISTS) == [LARGE]


async def test_what_the_broker_says_is_told() -> None:
    with pytest.raises(DeadLetterFailed, match="cannot make topic letters: too large for us"):
        await make(INVALID_REPLICATION_FACTOR)
