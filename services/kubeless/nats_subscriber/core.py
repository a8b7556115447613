"""
Core NATS: a member of a queue group, for one trigger and one function.

The server keeps nothing and asks for nothing: what comes is taken at once or lost, so there is a bound on what is held,
and what comes beyond it is dropped and counted. Somebody who waits for a reply gets one in every case.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import uuid4

from kubeless.core.event import Event
from kubeless.delivery.counters import Tally
from kubeless.delivery.outcome import DropReason, Outcome
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.nats_subscriber import replies
from kubeless.nats_subscriber.connection import Connection, Link
from kubeless.nats_subscriber.foreign import FAILURES, BrokerUnavailable, ask, flush
from kubeless.nats_subscriber.intake import Deliveries, Intake, Trouble, run_until
from kubeless.nats_subscriber.metrics import PairCounters
from kubeless.nats_subscriber.records import CoreEvent, core_event
from kubeless.nats_subscriber.settings import Settings

SLOW_FOR = 60.0
"""Seconds after a drop in which the condition stands."""

REPLY_HEADERS = 32 * 1024
"""Bytes that the headers of a reply take at most."""


class CoreIntake(Intake):
    """The subscription to a subject or a pattern."""

    def __init__(
        self,
        *,
        topic: str,
        queue: str,
        key_token: int,
        settings: Settings,
        connection: Connection,
        deliveries: Deliveries,
        tally: Tally,
        counters: PairCounters,
        changed: Callable[[], None],
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`tally` is that of the deliverer: drops are counted beside what it counts."""
        super().__init__(connection=connection, deliveries=deliveries, counters=counters, changed=changed)
        self._topic = topic
        self._queue = queue
        self._key_token = key_token
        self._settings = settings
        self._tally = tally
        self._wall = wall
        self._prefix = f"{topic}/{uuid4().hex}"
        self._number = 0
        self._held = 0
        self._bytes = 0
        self._waiting: dict[str, str] = {}
        self._subscription: Any = None
        self._dropped_at: float | None = None
        self._idle = asyncio.Event()
        self._max_reply = settings.max_reply
        self.parted = asyncio.Event()
        """No more messages come; what was taken is still under way."""

    @property
    def pending(self) -> int:
        """Messages held."""
        return self._held

    @property
    def slow(self) -> bool:
        """Whether messages were dropped lately."""
        return self._dropped_at is not None and time.monotonic() - self._dropped_at < SLOW_FOR

    def update(self, policy: DeliveryPolicy) -> None:
        """Deliver by `policy` from now on."""
        self._deliveries.update(policy)

    def answer(self, event: Event, outcome: Outcome) -> None:
        """The deliverer's `on_outcome`: reply to those who wait."""
        if isinstance(event, CoreEvent) and event.reply and self._waiting.pop(event.id, ""):
            self._counters.replies += 1
            self._outbox.put(replies.reply(event.reply, outcome, limit=self._max_reply))

    async def _session(self, link: Link) -> None:
        before = self._subscription
        self._max_reply = max(0, min(self._settings.max_reply, link.client.max_payload - REPLY_HEADERS))
        subscription = await ask(
            # Bounded here and not there: the library's bound drops without telling which.
            link.client.subscribe(
                self._topic, queue=self._queue, cb=self._receive, pending_msgs_limit=0, pending_bytes_limit=0
            )
        )
        await ask(flush(link.client, self._settings.request_timeout))
        if (denied := link.lost.denied.get(self._topic)) is not None:
            with suppress(*FAILURES):
                await subscription.unsubscribe()
            raise Trouble("PermissionDenied", f"{denied}; allow it at the server, or change spec.topic")
        self._subscription = subscription
        await leave(before)
        self._backoff.reset()
        self._say("Subscribed", f"subscribed to {self._topic}", healthy=True)
        gone = asyncio.Event()
        await run_until(gone, self._until_over(link), self._outbox.send_forever(link.client))
        if not self._stopping.is_set():
            self._say("Reconnecting", "the connection was lost; messages published meanwhile are lost", healthy=False)

    async def _until_over(self, link: Link) -> None:
        await run_until(link.lost.event, _until(self._stopping))

    async def _receive(self, message: Any) -> None:
        """The library's callback; it never waits, so nothing queues up before our bound."""
        size = len(message.data)
        if self._held >= self._settings.pending_messages or self._bytes + size > self._settings.pending_bytes:
            self._drop(message.reply)
            return
        self._number += 1
        identity = f"{self._prefix}/{self._number}"
        reply = message.reply
        event = core_event(
            message.subject,
            message.data,
            message.headers,
            identity=identity,
            reply=reply,
            now=self._wall(),
            token=self._key_token,
        )
        self._held += 1
        self._bytes += size
        if reply:
            self._waiting[identity] = reply
        self._deliveries.offer(event, partial(self._done, size))

    def _done(self, size: int) -> None:
        self._held -= 1
        self._bytes -= size
        if not self._held:
            self._idle.set()

    def _drop(self, reply: str) -> None:
        self._tally.received += 1
        self._tally.dropped_for(DropReason.SLOW_CONSUMER, 0.0)
        was_slow, self._dropped_at = self.slow, time.monotonic()
        if not was_slow:
            self._changed()
        if reply:
            self._counters.replies += 1
            self._outbox.put(replies.failure(reply, replies.UNAVAILABLE, "too many messages wait for the function"))

    async def _finish(self) -> None:
        """Deliver what was taken, within the time for draining: nobody would deliver it again."""
        sending = asyncio.ensure_future(self._send_replies())
        try:
            await leave(self._subscription)
            self.parted.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.drain_timeout):
                    while self._held:
                        self._idle.clear()
                        await self._idle.wait()
            await self._deliveries.drain(0.0)
            for reply in self._waiting.values():
                self._outbox.put(replies.failure(reply, replies.UNAVAILABLE, "the service stopped before it was done"))
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        with suppress(BrokerUnavailable):
            await self._outbox.flush(self._connection.client(), self._settings.request_timeout)

    async def _send_replies(self) -> None:
        while True:
            link = await self._connection.link()
            with suppress(BrokerUnavailable):
                await self._outbox.send_forever(link.client)


async def _until(event: asyncio.Event) -> None:
    await event.wait()


async def leave(subscription: Any) -> None:
    """Leave the group, and take what the server has sent until then."""
    if subscription is None:
        return
    with suppress(*FAILURES):
        async with asyncio.timeout(2.0):
            await subscription.drain()
