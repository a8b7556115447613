"""
Brokers for tests: import the fixtures into a `conftest.py`.

`real_kafka` is Apache Kafka, one for the whole run; use topics and groups of your own. `own_kafka` belongs to one test,
which may stop and kill it. `embedded_kafka` is ours. `kafka` is each of the two in turn.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from kubeless.local.kafka.broker import KafkaBroker
from support.certificates import NoOpenSsl
from support.kafkajars import KafkaUnavailable
from support.realkafka import Listener, RealKafka


class Kafka(Protocol):
    """What every broker has."""

    @property
    def bootstrap(self) -> str:
        """Address of the listener without security."""


def real_kafka_or_skip(folder: Path, listeners: Iterable[Listener] = ()) -> RealKafka:
    """Apache Kafka, not started yet; skips the test on a machine that cannot run it."""
    try:
        return RealKafka(folder, listeners=listeners)
    except (KafkaUnavailable, NoOpenSsl) as error:
        pytest.skip(f"no Apache Kafka: {error}")


@pytest.fixture(scope="session")
def real_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealKafka]:
    """Apache Kafka with all listeners, for the whole run; skips where it cannot run."""
    with real_kafka_or_skip(tmp_path_factory.mktemp("kafka"), ("SASL_PLAINTEXT", "SASL_SSL", "SSL")) as kafka:
        yield kafka


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[RealKafka]:
    """Apache Kafka for this test alone, free to be stopped and killed; skips where it cannot run."""
    with real_kafka_or_skip(tmp_path / "kafka") as kafka:
        yield kafka


@pytest.fixture
async def embedded_kafka() -> AsyncIterator[KafkaBroker]:
    """The embedded broker, empty, in the test's own loop."""
    async with KafkaBroker() as broker:
        yield broker


@pytest.fixture(params=["embedded", "real"])
def kafka(request: pytest.FixtureRequest) -> Kafka:
    """Each broker in turn."""
    broker: Kafka = request.getfixturevalue(f"{request.param}_kafka")
    return broker
