"""Messages in."""

from kio.schema.errors import ErrorCode
from kio.schema.init_producer_id.v4.request import InitProducerIdRequest
from kio.schema.init_producer_id.v4.response import InitProducerIdResponse
from kio.schema.produce.v11.request import PartitionProduceData, ProduceRequest
from kio.schema.produce.v11.response import PartitionProduceResponse, ProduceResponse, TopicProduceResponse
from kio.schema.types import ProducerId
from kio.static.primitive import i16, i64

from kubeless.local.kafka.batch import read_batch
from kubeless.local.kafka.cluster import Client, Cluster
from kubeless.local.kafka.failure import Failure
from kubeless.local.kafka.handlers.values import NO_WAIT
from kubeless.local.kafka.malformed import Malformed

_ACKS = (-1, 0, 1)
_NO_ANSWER = 0


async def produce(cluster: Cluster, request: ProduceRequest, _client: Client) -> ProduceResponse | None:
    """
    Append each batch, or say why not. None if the client wants no answer.

    Raises:
        Malformed: a client that wants no answer has an error; as in Kafka the end of its connection tells it so.
    """
    answer = ProduceResponse(
        responses=tuple(
            TopicProduceResponse(
                name=topic.name,
                partition_responses=tuple(_append(cluster, request, topic.name, data) for data in topic.partition_data),
            )
            for topic in request.topic_data
        )
    )
    if request.acks != _NO_ANSWER:
        return answer
    if any(part.error_code for topic in answer.responses for part in topic.partition_responses):
        raise Malformed("a producer that takes no answer sent what cannot be written")
    return None


def _append(
    cluster: Cluster, request: ProduceRequest, topic_name: str, data: PartitionProduceData
) -> PartitionProduceResponse:
    try:
        _check_acks(request.acks)
        topic = cluster.topics.get(topic_name)
        log = topic.partition(data.index)
        batch = read_batch(data.records, max_bytes=topic.message_bytes)
        offset = log.append(batch, max_bytes=topic.partition_bytes)
    except Failure as failure:
        return PartitionProduceResponse(
            index=data.index,
            error_code=failure.code,
            base_offset=i64(-1),
            record_errors=(),
            error_message=str(failure),
        )
    return PartitionProduceResponse(
        index=data.index,
        error_code=ErrorCode.none,
        base_offset=i64(offset),
        log_start_offset=i64(log.start),
        record_errors=(),
    )


def _check_acks(acks: int) -> None:
    if acks not in _ACKS:
        raise Failure(ErrorCode.invalid_required_acks, f"acks must be one of {_ACKS}, got {acks}")


async def init_producer_id(cluster: Cluster, request: InitProducerIdRequest, _client: Client) -> InitProducerIdResponse:
    """An id for an idempotent producer; there are none for transactions."""
    if request.transactional_id is not None:
        return InitProducerIdResponse(
            throttle_time=NO_WAIT, error_code=ErrorCode.unsupported_version, producer_epoch=i16(-1)
        )
    producer_id, epoch = cluster.producer_ids.give(request.producer_id, request.producer_epoch)
    return InitProducerIdResponse(
        throttle_time=NO_WAIT,
        error_code=ErrorCode.none,
        producer_id=ProducerId(producer_id),
        producer_epoch=i16(epoch),
    )
