"""The brokers, for all tests of this folder."""

from support.kafkafixtures import embedded_kafka, kafka, own_kafka, real_kafka

__all__ = ["embedded_kafka", "kafka", "own_kafka", "real_kafka"]
