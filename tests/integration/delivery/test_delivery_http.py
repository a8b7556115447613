"""The engine against functions on real sockets: what each of their misdeeds becomes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from kubeless.api.delivery import Order
from kubeless.core.event import Event
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.deliverer import Deliverer
from kubeless.delivery.httpsender import READ_BYTES, HttpSender
from kubeless.delivery.outcome import Answer, Fate
from kubeless.delivery.policy import DeliveryPolicy
from kubeless.delivery.transport.transport import Transport
from kubeless.routing.endpoints import Endpoint
from support.deliveries import FUNCTION, TRIGGER, Ledger, Letters, make_event

Handle = Callable[[bytes, bytes], Awaitable[bytes | None]]
"""From head and body of a request to the bytes of the response; None closes the connection."""

EVENT = make_event("orders/0/1", data=b'{"item": 1}')


@asynccontextmanager
async def serving(handle: Handle) -> AsyncIterator[list[Endpoint]]:
    """A function; the list it gives is where it lives."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            while (answer := await handle(*await read_request(reader))) is not None:
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        host, port = server.sockets[0].getsockname()
        yield [Endpoint(host, port)]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[16:]) for line in head.splitlines() if line.lower().startswith(b"content-length:"))
    return head, await reader.readexactly(length)


def response(status: int, body: bytes = b"", *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 %d X" % status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join([*lines, b"", body])


async def attempt(handle: Handle, *, event: Event = EVENT, timeout: float = 5.0, keep_bytes: int = 100) -> Answer:
    async with serving(handle) as endpoints, Transport() as transport:
        sender = HttpSender(
            transport, lambda *_: tuple(endpoints), user_agent="test/1", keep_bytes=keep_bytes, wall=lambda: 0.0
        )
        return await sender.send(event, FUNCTION, timeout)


async def test_a_function_gets_the_event_and_its_answer_comes_back() -> None:
    seen: list[tuple[bytes, bytes]] = []

    async def handle(head: bytes, body: bytes) -> bytes:
        seen.append((head, body))
        return response(201, b"thanks", b"X-Reply: yes")

    answer = await attempt(handle)
    assert (answer.status, answer.body, answer.error) == (201, b"thanks", "")
    assert (b"X-Reply", b"yes") in answer.headers
    ((head, body),) = seen
    assert head.startswith(b"POST / HTTP/1.1\r\n")
    assert b"\r\nevent-id: orders/0/1\r\n" in head
    assert b"\r\nUser-Agent: test/1\r\n" in head
    assert body == EVENT.data


async def test_what_a_function_says_about_its_failure_is_kept() -> None:
    async def handle(head: bytes, body: bytes) -> bytes:
        return response(503, b"database is away", b"Retry-After: 9")

    answer = await attempt(handle)
    assert (answer.status, answer.error, answer.retry_after) == (503, "status 503: database is away", 9.0)


async def test_only_the_beginning_of_a_long_answer_is_kept() -> None:
    async def handle(head: bytes, body: bytes) -> bytes:
        return response(200, b"x" * 50_000)

    assert (await attempt(handle)).body == b"x" * 100


async def test_an_answer_without_end_is_left_once_it_is_long_enough() -> None:
    async def handle(head: bytes, body: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % 10**12 + bytes(2 * READ_BYTES)

    assert (await attempt(handle)).status == 200


async def test_a_function_that_dies_while_it_answers_has_not_succeeded() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, Transport() as transport:
        endpoint = Endpoint(*server.sockets[0].getsockname())
        answer = await HttpSender(transport, lambda *_: (endpoint,), user_agent="t").send(EVENT, FUNCTION, 5.0)
    assert answer.status is None
    assert answer.sent
    assert "closed the connection" in answer.error


async def test_a_function_that_hangs_is_left_after_the_timeout() -> None:
    async def handle(head: bytes, body: bytes) -> bytes:
        await asyncio.sleep(60)
        return b""

    answer = await attempt(handle, timeout=0.2)
    assert (answer.status, answer.sent) == (None, True)
    assert "total timeout" in answer.error


async def test_nobody_there_is_not_the_functions_fault_but_a_closed_port_is() -> None:
    async with Transport() as transport:
        nobody = await HttpSender(transport, lambda *_: (), user_agent="t").send(EVENT, FUNCTION, 1.0)
        async with serving(lambda *_: asyncio.sleep(0, b"")) as endpoints:
            closed = endpoints[0]
        refused = await HttpSender(transport, lambda *_: (closed,), user_agent="t").send(EVENT, FUNCTION, 1.0)
    assert (nobody.sent, refused.sent) == (False, True)
    assert nobody.error == "function shop/bill has no ready endpoint"


@pytest.mark.parametrize("order", ["partition", "key", "none"])
async def test_a_function_that_misbehaves_at_random_loses_no_event(order: Order) -> None:
    """500, 404, 429, closed connections; each event has a fate, and what was promised in order came in order."""
    taken: list[str] = []
    calls = 0

    async def handle(head: bytes, body: bytes) -> bytes | None:
        nonlocal calls
        calls += 1
        if calls % 11 == 0:
            return None
        if calls % 7 == 0:
            return response(500)
        if calls % 13 == 0:
            return response(429, b"", b"Retry-After: 0")
        if calls % 97 == 0:
            return response(404)
        taken.append(body.decode())
        return response(200)

    policy = DeliveryPolicy(
        timeout=5.0,
        max_attempts=20,
        initial_delay=0.001,
        max_delay=0.01,
        order=order,
        concurrency=16,
    )
    counters = EventCounters(CollectorRegistry())
    tally = counters.of(TRIGGER, FUNCTION)
    letters, ledger = Letters(), Ledger()

    async with serving(handle) as endpoints, Transport() as transport:
        sender = HttpSender(transport, lambda *_: tuple(endpoints), user_agent="t")
        deliverer = Deliverer(TRIGGER, FUNCTION, policy, sender=sender, dead_letters=letters, counters=counters)
        async with deliverer, asyncio.timeout(30):
            for number in range(1000):
                event = make_event(f"{number}", key=b"%d" % (number % 20), partition=number % 4, data=b"%d" % number)
                deliverer.offer(event, ledger.entry(event.id))
            await ledger.wait(1000)
    assert tally.in_flight == 0
    assert tally.fates[Fate.DELIVERED] + tally.fates[Fate.DEAD_LETTERED] == tally.received == 1000
    assert {letter.event.id for letter in letters.written}.isdisjoint(taken)
    assert set(taken) | {letter.event.id for letter in letters.written} == set(map(str, range(1000)))
    lanes = {"partition": 4, "key": 20, "none": 1000}[order]
    for lane in range(lanes):
        mine = [int(name) for name in taken if int(name) % lanes == lane]
        assert mine == sorted(mine)
