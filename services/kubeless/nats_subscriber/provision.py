"""
Find the consumer of a pair at the server, and make or change it as is needed; what it should be like, `consumers` says.

One that has gone is made again behind the last message that was acknowledged, as long as its stream is the same.
"""

from dataclasses import replace

from kubeless.core.jsontypes import JsonObject
from kubeless.nats_subscriber.connection import Link
from kubeless.nats_subscriber.consumers import ConsumerPlan, check_stream, wanted_config
from kubeless.nats_subscriber.intake import Trouble

PINNED_SINCE = (2, 11)
"""The first server that can pin a client."""


class Provision:
    """Remembers over all sessions how far the consumer was."""

    def __init__(self, plan: ConsumerPlan) -> None:
        self._plan = plan
        self._stream_made = ""
        self._floor: int | None = None

    def learn(self, info: JsonObject) -> None:
        """The consumer is like this now."""
        self._floor = int((info.get("ack_floor") or {}).get("stream_seq") or 0) or None

    async def find(self, link: Link) -> JsonObject:
        """How the consumer is. Raises Trouble, and what the JetStream API raises."""
        plan, jetstream = self._plan, link.jetstream
        if link.has_jetstream is False:
            raise Trouble(
                "JetStreamUnavailable", "the server has no JetStream; start it with -js, or remove spec.stream"
            )
        stream = await jetstream.stream(plan.stream)
        check_stream(stream, plan)
        stream = stream or {}
        self._look_at(stream)
        found = await jetstream.consumer(plan.stream, plan.name)
        wished = wanted_config(
            None if found is None else found["config"],
            replace(plan, pinned=_can_pin(link)),
            resume=None if self._floor is None else self._floor + 1,
            subjects=stream["config"].get("subjects") or (),
        )
        return (found or {}) if wished is None else await jetstream.put_consumer(plan.stream, wished)

    def _look_at(self, stream: JsonObject) -> None:
        made = str(stream.get("created"))
        if made != self._stream_made:
            self._stream_made, self._floor = made, None


def _can_pin(link: Link) -> bool:
    version = link.client.connected_server_version
    return (version.major, version.minor) >= PINNED_SINCE
