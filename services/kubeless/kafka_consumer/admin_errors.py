"""
Answers of the admin operations that are no success: `{"reason": "…", "message": "…"}`.

The one table of what the errors of Kafka mean to a person who typed a command. `reason` is for programs and never
changes; `message` names the remedy.
"""

from aiokafka import errors as kafka

from kubeless.core.errors import InvalidInput, KubelessError


class AdminError(KubelessError):
    """An operation failed."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        """`status` is the HTTP status of the answer."""
        super().__init__(message)
        self.status = status
        self.reason = reason


_AWAY = "no Kafka broker answers; check that it runs and that KAFKA_BROKERS of the service names it"
_DENIED = "Kafka does not allow it to the service; add an ACL for its principal"

_MEANINGS: tuple[tuple[type[Exception], int, str, str], ...] = (
    (kafka.TopicAlreadyExistsError, 409, "TopicExists", "the topic exists; choose another name, or delete it first"),
    (
        kafka.UnknownTopicOrPartitionError,
        404,
        "TopicNotFound",
        "there is no such topic, and the broker does not make it; create it with 'kubeless topic create'",
    ),
    (kafka.InvalidTopicError, 400, "InvalidTopic", "the broker does not take this name of a topic; choose another"),
    (kafka.InvalidPartitionsError, 400, "InvalidPartitions", "give a number of partitions from 1 on"),
    (
        kafka.InvalidReplicationFactorError,
        400,
        "InvalidReplicationFactor",
        "give a replication factor from 1 to the number of brokers",
    ),
    (kafka.PolicyViolationError, 400, "PolicyViolation", "a policy of the broker forbids it"),
    (kafka.MessageSizeTooLargeError, 413, "TooLarge", "larger than the broker takes; see its message.max.bytes"),
    (kafka.RecordListTooLargeError, 413, "TooLarge", "larger than the broker takes; see its message.max.bytes"),
    (kafka.RecordTooLargeError, 413, "TooLarge", "larger than the service reads at once"),
    (kafka.OffsetOutOfRangeError, 404, "NoSuchRecord", "the record is not there any more"),
    (kafka.TopicAuthorizationFailedError, 403, "Forbidden", _DENIED),
    (kafka.GroupAuthorizationFailedError, 403, "Forbidden", _DENIED),
    (kafka.ClusterAuthorizationFailedError, 403, "Forbidden", _DENIED),
    (kafka.UnsupportedVersionError, 501, "Unsupported", "the broker is too old for this; it needs Kafka 1.0 or later"),
    (kafka.IncompatibleBrokerVersion, 501, "Unsupported", "the broker does not offer this operation"),
    (
        kafka.AuthenticationFailedError,
        503,
        "AuthenticationFailed",
        "Kafka refuses the service's credentials; correct its user and password",
    ),
    (kafka.KafkaConnectionError, 503, "BrokerUnreachable", _AWAY),
    (kafka.NodeNotReadyError, 503, "BrokerUnreachable", _AWAY),
    (kafka.NoBrokersAvailable, 503, "BrokerUnreachable", _AWAY),
    (kafka.KafkaTimeoutError, 503, "BrokerUnreachable", _AWAY),
    (kafka.RequestTimedOutError, 503, "BrokerUnreachable", _AWAY),
    (kafka.LeaderNotAvailableError, 503, "NoLeader", "a partition has no leader at the moment; try again"),
    (kafka.NotLeaderForPartitionError, 503, "NoLeader", "a partition has no leader at the moment; try again"),
    (TimeoutError, 503, "BrokerUnreachable", _AWAY),
    (OSError, 503, "BrokerUnreachable", _AWAY),
)


def explain(error: Exception, subject: str) -> AdminError:
    """
    The answer to an error of Kafka or of the input, told about `subject`, such as `topic "bills"`.

    An error that nobody foresaw is raised again: it is a defect.
    """
    if isinstance(error, AdminError):
        return error
    if isinstance(error, InvalidInput):
        return AdminError(400, "Invalid", str(error))
    for kind, status, reason, text in _MEANINGS:
        if isinstance(error, kind):
            return AdminError(status, reason, f"{subject}: {text}{_detail(error)}")
    if isinstance(error, kafka.KafkaError):
        return AdminError(502, "KafkaError", f"{subject}: Kafka answered {type(error).__name__}{_detail(error)}")
    if isinstance(error, KubelessError):
        return AdminError(503 if error.retriable else 500, type(error).__name__, f"{subject}: {error}")
    raise error


def for_code(code: int, text: str | None) -> Exception:
    """The error for a code in a response; `text` is what the broker says about it."""
    error: Exception = kafka.for_code(code)(text or "")
    return error


def _detail(error: Exception) -> str:
    """What the broker itself said, if it said anything beyond the name of the error."""
    said = [str(part) for part in error.args if part]
    return f" ({'; '.join(said)[:300]})" if said else ""
