"""
JetStream: the messages of a durable pull consumer, for one trigger and one function.

Order of things, so that a crash between any two of them loses nothing: a message is taken, offered for delivery, done
(delivered, kept as a dead letter, or dropped as the trigger asks for), and only then acknowledged. As long as it is
under way the server hears that it is. What goes wrong ends the session with the server, never this object, and what is
under way goes on: its acknowledgement is as good in the next session.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn

import orjson

from kubeless.core.event import Event
from kubeless.core.jsontypes import JsonObject
from kubeless.delivery.outcome import Delivered, Outcome
from kubeless.delivery.policy import DeliveryPolicy, bound
from kubeless.nats_subscriber.connection import Connection, Link
from kubeless.nats_subscriber.consumers import ConsumerPlan, ack_wait
from kubeless.nats_subscriber.core import leave
from kubeless.nats_subscriber.foreign import FAILURES, BrokerUnavailable, ask
from kubeless.nats_subscriber.held import Holding, Identity
from kubeless.nats_subscriber.intake import Deliveries, Intake, Trouble, run_until
from kubeless.nats_subscriber.metrics import PairCounters
from kubeless.nats_subscriber.outbox import Note
from kubeless.nats_subscriber.pins import Pin, clear_requests, free_forsaken, let_go
from kubeless.nats_subscriber.provision import Provision
from kubeless.nats_subscriber.pulling import Limits, Pulling, Signal, judge
from kubeless.nats_subscriber.records import StreamEvent, position, stream_event
from kubeless.nats_subscriber.settings import Settings
from kubeless.nats_subscriber.stallwatch import StallWatch

ACK = b"+ACK"
TERM = b"+TERM"
PROGRESS = b"+WPI"

MOMENT = 0.05
"""Seconds. With a delay the server sorts what was given back; without one, the first may come last."""


class StreamIntake(Intake):
    """The consumer on a stream."""

    def __init__(
        self,
        *,
        plan: ConsumerPlan,
        policy: DeliveryPolicy,
        key_token: int,
        settings: Settings,
        connection: Connection,
        deliveries: Deliveries,
        counters: PairCounters,
        changed: Callable[[], None],
    ) -> None:
        super().__init__(connection=connection, deliveries=deliveries, counters=counters, changed=changed)
        self._plan = plan
        self._policy = policy
        self._key_token = key_token
        self._settings = settings
        self._holding = Holding()
        self._capacity = max(1, deliveries.free)
        self._pulling = Pulling(Limits(), max_payload=0, heartbeat=settings.heartbeat)
        self._wake = asyncio.Event()
        self._heard = 0.0
        self._ack_wait = plan.ack_wait
        self._pin = Pin()
        self._lag: int | None = None
        self._provision = Provision(plan)

    @property
    def pending(self) -> int:
        """Messages that the server knows and nobody has acknowledged; those held here while it has not told."""
        return len(self._holding) if self._lag is None else self._lag

    def update(self, policy: DeliveryPolicy) -> None:
        """Deliver by `policy` from now on."""
        self._policy = policy
        self._deliveries.update(policy)
        self._capacity = max(1, self._deliveries.free + self._deliveries.in_flight + self._deliveries.queued)
        self._wake.set()

    def note_outcome(self, event: Event, outcome: Outcome) -> None:
        """The deliverer's `on_outcome`: what failed ends at the server once its dead letter is stored."""
        if isinstance(event, StreamEvent) and not isinstance(outcome, Delivered):
            self._holding.fail(event.identity)

    async def _session(self, link: Link) -> None:
        info = await self._provision.find(link)
        config = info["config"]
        self._ack_wait = ack_wait(config)
        self._pin.configured(config)
        if not self._pin.id:
            await free_forsaken(link.jetstream, info, self._plan.stream, self._plan.name, self._pin)
        self._pulling = Pulling(
            Limits.of(config), max_payload=link.client.max_payload, heartbeat=self._settings.heartbeat
        )
        inbox = link.client.new_inbox()
        subscription = await ask(
            link.client.subscribe(inbox, cb=self._receive, pending_msgs_limit=0, pending_bytes_limit=0)
        )
        self._heard = time.monotonic()
        self._wake.set()
        self._backoff.reset()
        self._say("Consuming", f"{self._plan.topic} of stream {self._plan.stream} is consumed", healthy=True)
        try:
            await run_until(
                link.lost.event,
                self._stopping_wait(),
                self._pull_forever(link, inbox),
                self._watch_forever(),
                self._look_forever(link),
                self._keep(link),
            )
        finally:
            # What the server sent until it heard that we leave is held too, and given back in the end.
            if link.usable:
                await leave(subscription)
                if self._pin.group:
                    await clear_requests(link.jetstream, self._plan.stream, self._plan.name)
        if not self._stopping.is_set():
            self._say("Reconnecting", "the connection was lost", healthy=False)

    # Taking in.

    def _pull_subject(self, link: Link) -> str:
        return link.jetstream.subject(f"CONSUMER.MSG.NEXT.{self._plan.stream}.{self._plan.name}")

    async def _pull_forever(self, link: Link, inbox: str) -> NoReturn:
        subject = self._pull_subject(link)
        while True:
            self._wake.clear()
            count = self._pulling.request(self._deliveries.free, capacity=self._capacity, now=time.monotonic())
            if count:
                body = orjson.dumps(self._pulling.body(count) | self._pin.fields())
                await ask(link.client.publish(subject, body, reply=inbox))
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._wake.wait()

    async def _receive(self, message: Any) -> None:
        """The library's callback; it never waits."""
        self._heard = now = time.monotonic()
        at = position(message.reply)
        headers = message.headers
        if at is None:
            self._heed(headers or {})
            return
        self._pulling.came()
        if headers:
            self._pin.heed(headers)
        if at.delivered > 1:
            self._counters.redelivered += 1
        identity = (at.sequence, at.stored)
        if self._holding.take(identity, message.reply, len(message.data), delivered=at.delivered, now=now):
            event = stream_event(message.subject, message.data, headers, at, token=self._key_token)
            self._deliveries.offer(event, partial(self._done, identity))
        elif self._holding.is_done(identity):
            self._outbox.put(Note(message.reply, ACK))

    def _heed(self, headers: dict[str, str]) -> None:
        """A status of the server."""
        signal = judge(headers.get("Status", ""), headers.get("Description", ""))
        if signal is Signal.ALIVE:
            return
        if signal is Signal.GONE:
            self._heard = float("-inf")
        if signal is Signal.UNPINNED:
            self._pin.id = ""
        self._pulling.ended(headers)
        self._wake.set()

    def _done(self, identity: Identity) -> None:
        held = self._holding.done(identity)
        if held is None:
            return
        if held.failed:
            self._counters.terms += 1
            self._outbox.put(Note(held.reply, TERM))
        else:
            self._counters.acks += 1
            self._outbox.put(Note(held.reply, ACK))
        if self._deliveries.free - self._pulling.asked >= self._capacity // 8:
            self._wake.set()

    # Watching.

    async def _keep(self, link: Link) -> None:
        """Send what is to be said, and say of everything that takes long that it is under way."""
        await run_until(
            link.lost.event,
            self._outbox.send_forever(link.client),
            self._touch_forever(),
            self._keep_pin(link),
        )

    async def _touch_forever(self) -> NoReturn:
        while True:
            pause = self._ack_wait / 3
            now = time.monotonic()
            for held in self._holding.quiet(now - pause * 0.9):
                held.touched = now
                self._outbox.put(Note(held.reply, PROGRESS))
            await asyncio.sleep(pause)

    async def _keep_pin(self, link: Link) -> NoReturn:
        """For as long as anything is under way here, nobody else may have its successors."""
        subject, nowhere = self._pull_subject(link), link.client.new_inbox()
        while True:
            if self._pin.id:
                await ask(link.client.publish(subject, orjson.dumps(self._pin.keeping()), reply=nowhere))
            await asyncio.sleep(min(self._ack_wait, self._pin.timeout) / 3)

    async def _watch_forever(self) -> NoReturn:
        """The server speaks at least once per heartbeat while a request is open."""
        while True:
            beat = self._pulling.heartbeat
            await asyncio.sleep(min(beat, 0.25) if self._heard < 0 else beat / 2)
            silent = time.monotonic() - self._heard
            if self._heard < 0:
                raise Trouble("ConsumerGone", f"the server ended consumer {self._plan.name}; beginning anew")
            if self._pulling.asked and silent > 2 * beat + 1.0:
                self._counters.stalls += 1
                raise Trouble("Stalled", f"nothing was heard from the server for {silent:.0f} s; beginning anew")

    async def _look_forever(self, link: Link) -> NoReturn:
        watch = StallWatch()
        while True:
            with suppress(BrokerUnavailable):  # a leader moves: heartbeats tell if it does not come back
                info = await link.jetstream.consumer(self._plan.stream, self._plan.name)
                if info is None:
                    raise Trouble("ConsumerGone", f"consumer {self._plan.name} was removed; making it anew")
                self._learn(info)
                if watch.look(info, wanting=self._deliveries.free > 0):
                    self._counters.stalls += 1
                    raise Trouble("Stalled", "there are messages and none comes; beginning anew")
            await asyncio.sleep(min(self._settings.stall_interval, self._settings.status_interval))

    def _learn(self, info: JsonObject) -> None:
        lag = int(info.get("num_pending") or 0) + int(info.get("num_ack_pending") or 0)
        self._provision.learn(info)
        if lag != self._lag:
            self._lag = lag
            self._changed()

    # Ending.

    async def _stopping_wait(self) -> None:
        await self._stopping.wait()

    async def _finish(self) -> None:
        """Let what is being attempted end, and give back the rest, so that another replica need not wait for it."""
        keeping = asyncio.ensure_future(self._keep_over_links())
        try:
            await self._deliveries.drain(self._settings.drain_timeout)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        for held in self._holding.clear():
            self._counters.naks += 1
            self._outbox.put(Note(held.reply, nak(self._policy, delivered=held.delivered)))
        with suppress(BrokerUnavailable):
            await self._outbox.flush(self._connection.client(), self._settings.request_timeout)
        if self._pin.group:
            with suppress(BrokerUnavailable):
                await let_go(self._connection.jetstream(), self._plan.stream, self._plan.name, self._pin)

    async def _keep_over_links(self) -> NoReturn:
        while True:
            link = await self._connection.link()
            with suppress(*FAILURES, BrokerUnavailable):
                await self._keep(link)


def nak(policy: DeliveryPolicy, *, delivered: int) -> bytes:
    """
    Give a message back: the first time almost at once, then after the pause that the policy has for as many tries, for
    a message that is given back again and again is not to go round in circles.
    """
    pause = MOMENT if delivered <= 1 else max(MOMENT, bound(policy, delivered - 1))
    return b'-NAK {"delay": %d}' % int(pause * 10**9)
