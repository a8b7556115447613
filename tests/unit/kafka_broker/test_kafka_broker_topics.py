"""Topics made, grown, deleted; their bounds."""

import pytest
from kio.schema.errors import ErrorCode

from kubeless.local.kafka.failure import Failure
from kubeless.local.kafka.settings import BrokerSettings
from kubeless.local.kafka.topics import Topics


@pytest.fixture
def topics() -> Topics:
    return Topics(BrokerSettings(default_partitions=2, max_partitions=5, partition_bytes=1000))


def test_a_topic_has_the_default_partitions_unless_told_otherwise(topics: Topics) -> None:
    assert len(topics.create("one").partitions) == 2
    assert len(topics.create("two", partitions=1).partitions) == 1


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "ä", "a" * 250, "a\n"])
def test_names_that_kafka_refuses_are_refused(topics: Topics, name: str) -> None:
    with pytest.raises(Failure) as caught:
        topics.create(name)
    assert caught.value.code is ErrorCode.invalid_topic_exception


@pytest.mark.parametrize(
    ("partitions", "configs", "code"),
    [
        (0, {}, ErrorCode.invalid_partitions),
        (6, {}, ErrorCode.policy_violation),
        (2**31 - 1, {}, ErrorCode.policy_violation),
        (1, {"no.such.thing": "1"}, ErrorCode.invalid_config),
        (1, {"retention.bytes": "much"}, ErrorCode.invalid_config),
    ],
)
def test_a_topic_that_cannot_be_made_is_refused(
    topics: Topics, partitions: int, configs: dict[str, str], code: ErrorCode
) -> None:
    with pytest.raises(Failure) as caught:
        topics.create("topic", partitions=partitions, configs=configs)
    assert caught.value.code is code
    assert list(topics) == []


def test_a_topic_keeps_less_than_the_broker_allows_but_never_more(topics: Topics) -> None:
    kept = [
        topics.create(f"keeps{each}", partitions=1, configs={"retention.bytes": each}) for each in ("500", "5000", "-1")
    ]
    assert [each.partition_bytes for each in kept] == [500, 1000, 1000]


def test_a_check_makes_nothing(topics: Topics) -> None:
    topics.create("topic", dry=True)
    assert list(topics) == []
    topics.create("topic", partitions=1)
    topics.grow("topic", 3, dry=True)
    assert len(topics.get("topic").partitions) == 1


def test_partitions_only_become_more_and_keep_what_they_have(topics: Topics) -> None:
    first = topics.create("topic").partitions[0]
    topics.grow("topic", 4)
    assert len(topics.get("topic").partitions) == 4
    assert topics.partition("topic", 0) is first
    for count, code in ((4, ErrorCode.invalid_partitions), (6, ErrorCode.policy_violation)):
        with pytest.raises(Failure) as caught:
            topics.grow("topic", count)
        assert caught.value.code is code


def test_a_topic_made_again_is_another_one(topics: Topics) -> None:
    former = topics.create("topic")
    woken: list[bool] = []
    former.partitions[0].waiters.add(lambda: woken.append(True))

    topics.delete("topic")

    assert woken, "who waits for its messages must learn that there will be none"
    assert topics.create("topic").id != former.id
    with pytest.raises(Failure) as caught:
        topics.get_by_id(former.id)
    assert caught.value.code is ErrorCode.unknown_topic_id


@pytest.mark.parametrize("index", [-1, 2])
def test_there_are_no_other_partitions(topics: Topics, index: int) -> None:
    topics.create("topic")
    with pytest.raises(Failure) as caught:
        topics.partition("topic", index)
    assert caught.value.code is ErrorCode.unknown_topic_or_partition
