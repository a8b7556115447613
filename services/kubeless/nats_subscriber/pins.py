"""
The pin: of all replicas, the server gives the messages of a consumer with order to the one that has it (ADR-42).

The server hands the pin out with a message, and takes it back when no request has named it for a while, or when it is
asked to. Two habits of servers are met here. A request whose sender has left can still be given the pin, for the server
looks only afterwards whether anybody listens; then nobody gets a message until the pin runs out. And a replica that is
full makes no requests, so it would lose its pin to a successor, who would overtake what is under way.
"""

from collections.abc import MutableMapping
from contextlib import suppress

from kubeless.core.jsontypes import JsonObject
from kubeless.nats_subscriber.foreign import BrokerUnavailable
from kubeless.nats_subscriber.jetstream import JetStream, JetStreamRefused

HEADER = "Nats-Pin-Id"
"""On a message, the server's; none of the publisher's."""

DEFAULT_TIMEOUT = 120.0
"""Seconds that a server keeps an unnamed pin if the consumer does not say."""

_NANOSECONDS = 10**9


class Pin:
    """What one replica knows of the pin of one consumer; it holds over any number of connections."""

    def __init__(self) -> None:
        self.id = ""
        """Empty: we do not have it."""
        self.group = ""
        """The priority group of the consumer; empty: it has no pins."""
        self.timeout = DEFAULT_TIMEOUT
        """Seconds after which the server takes it back from somebody who does not name it."""

    def configured(self, config: JsonObject) -> None:
        """The consumer is like this from now on."""
        group = next(iter(config.get("priority_groups") or []), "")
        if group != self.group:
            self.group, self.id = group, ""
        self.timeout = int(config.get("priority_timeout") or 0) / _NANOSECONDS or DEFAULT_TIMEOUT

    def heed(self, headers: MutableMapping[str, str]) -> None:
        """Take ours out of the headers of a message."""
        self.id = headers.pop(HEADER, self.id)

    def fields(self) -> JsonObject:
        """What a request says of it."""
        if not self.group:
            return {}
        return {"group": self.group, "id": self.id} if self.id else {"group": self.group}

    def keeping(self) -> JsonObject:
        """A request that names it and brings nothing: no message is that small."""
        return {"batch": 1, "no_wait": True, "max_bytes": 1, **self.fields()}


def forsaken(info: JsonObject, ours: str) -> bool:
    """
    Whether the pin of a consumer is to be freed: it is ours, or is held by somebody who has left, since nobody waits
    and nothing is under way. `info` was asked for while we had no requests open.
    """
    found = next((str(group.get("pinned_client_id") or "") for group in info.get("priority_groups") or []), "")
    idle = not info.get("num_waiting") and not info.get("num_ack_pending")
    return bool(found) and (found == ours or idle)


async def clear_requests(jetstream: JetStream, stream: str, consumer: str) -> JsonObject:
    """
    How the consumer is. The server has forgotten the requests of all who have left by then: it looks when it is asked.
    Empty if it does not say.
    """
    with suppress(BrokerUnavailable, JetStreamRefused):
        return await jetstream.consumer(stream, consumer) or {}
    return {}


async def let_go(jetstream: JetStream, stream: str, consumer: str, pin: Pin) -> None:
    """Let another replica have the messages at once; ours asks for none any more."""
    info = await clear_requests(jetstream, stream, consumer)
    await free_forsaken(jetstream, info, stream, consumer, pin)
    pin.id = ""


async def free_forsaken(jetstream: JetStream, info: JsonObject, stream: str, consumer: str, pin: Pin) -> None:
    """Free the pin if that is to be done, going by `info`; so nobody waits for it to run out after a crash."""
    if forsaken(info, pin.id):
        with suppress(BrokerUnavailable, JetStreamRefused):
            await jetstream.request(f"CONSUMER.UNPIN.{stream}.{consumer}", {"group": pin.group})
