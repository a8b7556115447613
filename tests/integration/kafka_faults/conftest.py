"""The brokers: Apache Kafka where it can run, ours otherwise."""

import pytest

from support.kafkafixtures import Kafka, embedded_kafka, real_kafka
from support.kafkajars import KafkaUnavailable, kafka_jars

__all__ = ["embedded_kafka", "real_kafka"]


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> Kafka:
    """Apache Kafka itself, or the embedded broker on a machine without it."""
    try:
        kafka_jars()
    except KafkaUnavailable:
        name = "embedded_kafka"
    else:
        name = "real_kafka"
    found: Kafka = request.getfixturevalue(name)
    return found
