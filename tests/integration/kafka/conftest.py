"""The brokers, and the Java client, for all tests of this folder."""

from collections.abc import Iterator

import pytest

from support.javaclient import JavaProcess
from support.kafkafixtures import embedded_kafka, kafka, own_kafka, real_kafka
from support.kafkajars import KafkaUnavailable

__all__ = ["embedded_kafka", "kafka", "own_kafka", "real_kafka"]


@pytest.fixture(scope="session")
def java_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JavaProcess]:
    """The Java client; skips where it cannot be compiled or run."""
    try:
        process = JavaProcess(tmp_path_factory.mktemp("java"))
    except KafkaUnavailable as error:
        pytest.skip(f"no Java client: {error}")
    with process:
        yield process
