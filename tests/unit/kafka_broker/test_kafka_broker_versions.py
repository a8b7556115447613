"""Requests raised to the version that handlers know, and answers lowered to the one that clients know."""

import datetime

from kio.schema.errors import ErrorCode
from kio.schema.join_group.v0.request import JoinGroupRequest as OldJoin
from kio.schema.join_group.v0.request import JoinGroupRequestProtocol as OldProtocol
from kio.schema.join_group.v9.request import JoinGroupRequest as NewJoin
from kio.schema.metadata.v0.response import MetadataResponse as OldMetadata
from kio.schema.metadata.v12.response import MetadataResponse, MetadataResponseBroker, MetadataResponseTopic
from kio.schema.types import BrokerId, GroupId, TopicName
from kio.static.primitive import i32, i32Timedelta

from kubeless.local.kafka.versions import convert


def test_an_old_request_gets_the_defaults_of_the_schema() -> None:
    old = OldJoin(
        group_id=GroupId("g"),
        session_timeout=i32Timedelta.parse(datetime.timedelta(seconds=6)),
        member_id="m",
        protocol_type="consumer",
        protocols=(OldProtocol(name="range", metadata=b"x"),),
    )

    new = convert(old, NewJoin)

    assert isinstance(new, NewJoin)
    assert (new.group_id, new.member_id, new.group_instance_id) == ("g", "m", None)
    assert new.rebalance_timeout.total_seconds() == -0.001
    assert [(each.name, each.metadata) for each in new.protocols] == [("range", b"x")]


def test_an_old_answer_lacks_what_it_cannot_say() -> None:
    topic = MetadataResponseTopic(
        error_code=ErrorCode.none, name=TopicName("t"), topic_id=None, is_internal=True, partitions=()
    )
    new = MetadataResponse(
        throttle_time=i32Timedelta.parse(datetime.timedelta(0)),
        brokers=(MetadataResponseBroker(node_id=BrokerId(1), host="h", port=i32(9), rack="r"),),
        topics=(topic,),
    )

    old = convert(new, OldMetadata)

    assert isinstance(old, OldMetadata)
    assert [(each.host, each.port) for each in old.brokers] == [("h", 9)]
    assert not hasattr(old.brokers[0], "rack")
    assert [each.name for each in old.topics] == ["t"]


def test_the_same_version_is_not_copied() -> None:
    answer = MetadataResponse(throttle_time=i32Timedelta.parse(datetime.timedelta(0)), brokers=(), topics=())
    assert convert(answer, MetadataResponse) is answer
