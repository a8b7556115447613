"""The one table of what the errors of Kafka mean to a person who typed a command."""

from aiokafka import errors as kafka

from kubeless.delivery.admin import errors
from kubeless.delivery.admin.errors import AdminError, Meaning

_AWAY = "no Kafka broker answers; check that it runs and that KAFKA_BROKERS of the service names it"
_DENIED = "Kafka does not allow it to the service; add an ACL for its principal"

_MEANINGS = (
    Meaning(
        kafka.TopicAlreadyExistsError, 409, "TopicExists", "the topic exists; choose another name, or delete it first"
    ),
    Meaning(
        kafka.UnknownTopicOrPartitionError,
        404,
        "TopicNotFound",
        "there is no such topic, and the broker does not make it; create it with 'kubeless topic create'",
    ),
    Meaning(
        kafka.InvalidTopicError, 400, "InvalidTopic", "the broker does not take this name of a topic; choose another"
    ),
    Meaning(kafka.InvalidPartitionsError, 400, "InvalidPartitions", "give a number of partitions from 1 on"),
    Meaning(
        kafka.InvalidReplicationFactorError,
        400,
        "InvalidReplicationFactor",
        "give a replication factor from 1 to the number of brokers",
    ),
    Meaning(kafka.PolicyViolationError, 400, "PolicyViolation", "a policy of the broker forbids it"),
    Meaning(kafka.MessageSizeTooLargeError, 413, "TooLarge", "larger than the broker takes; see its message.max.bytes"),
    Meaning(kafka.RecordListTooLargeError, 413, "TooLarge", "larger than the broker takes; see its message.max.bytes"),
    Meaning(kafka.RecordTooLargeError, 413, "TooLarge", "larger than the service reads at once"),
    Meaning(kafka.OffsetOutOfRangeError, 404, "NoSuchRecord", "the record is not there any more"),
    Meaning(kafka.TopicAuthorizationFailedError, 403, "Forbidden", _DENIED),
    Meaning(kafka.GroupAuthorizationFailedError, 403, "Forbidden", _DENIED),
    Meaning(kafka.ClusterAuthorizationFailedError, 403, "Forbidden", _DENIED),
    Meaning(
        kafka.UnsupportedVersionError, 501, "Unsupported", "the broker is too old for this; it needs Kafka 1.0 or later"
    ),
    Meaning(kafka.IncompatibleBrokerVersion, 501, "Unsupported", "the broker does not offer this operation"),
    Meaning(
        kafka.AuthenticationFailedError,
        503,
        "AuthenticationFailed",
        "Kafka refuses the service's credentials; correct its user and password",
    ),
    Meaning(kafka.KafkaConnectionError, 503, "BrokerUnreachable", _AWAY),
    Meaning(kafka.NodeNotReadyError, 503, "BrokerUnreachable", _AWAY),
    Meaning(kafka.NoBrokersAvailable, 503, "BrokerUnreachable", _AWAY),
    Meaning(kafka.KafkaTimeoutError, 503, "BrokerUnreachable", _AWAY),
    Meaning(kafka.RequestTimedOutError, 503, "BrokerUnreachable", _AWAY),
    Meaning(kafka.LeaderNotAvailableError, 503, "NoLeader", "a partition has no leader at the moment; try again"),
    Meaning(kafka.NotLeaderForPartitionError, 503, "NoLeader", "a partition has no leader at the moment; try again"),
    Meaning(TimeoutError, 503, "BrokerUnreachable", _AWAY),
    Meaning(OSError, 503, "BrokerUnreachable", _AWAY),
    Meaning(kafka.KafkaError, 502, "KafkaError", "Kafka answered {error}"),
)


def explain(error: Exception, subject: str) -> AdminError:
    """
    The answer to an error of Kafka or of the input, told about `subject`, such as `topic "bills"`.

    An error that nobody foresaw is raised again: it is a defect.
    """
    return errors.explain(error, subject, _MEANINGS)


def for_code(code: int, text: str | None) -> Exception:
    """The error for a code in a response; `text` is what the broker says about it."""
    error: Exception = kafka.for_code(code)(text or "")
    return error
