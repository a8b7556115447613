"""Bytes that are nearly a known request are never taken for it, and never reach a function as two requests."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.rawhttp import SHORT, Recorder, World, gateway, statuses, talk

KNOWN = b"POST /echo/x HTTP/1.1\r\nHost: echo.example.com\r\nContent-Length: 5\r\n\r\nhello"
FAST = type(SHORT)(head_timeout=0.05, idle_timeout=0.05, body_timeout=0.05, linger=0.02)
ENOUGH = 24

_PLACES = st.integers(0, len(KNOWN))
_PIECES = st.one_of(
    st.binary(max_size=3),
    st.sampled_from(
        [b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\x00", b" ", b":", b"0", b"5", b"GET ", b"Content-Length: 6\r\n"]
    ),
)


@st.composite
def _nearly_known(draw: st.DrawFn) -> bytes:
    """The known request with bytes put in, replaced or left out, and others behind it."""
    at, gone = draw(_PLACES), draw(st.integers(0, 3))
    changed = KNOWN[:at] + draw(_PIECES) + KNOWN[at + gone :]
    return changed + draw(st.sampled_from([b"", KNOWN, KNOWN[:20], b"GET /echo/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"]))


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    """One loop for all examples: hypothesis calls a plain function."""
    with asyncio.Runner() as runner:
        yield runner


@asynccontextmanager
async def _warm() -> AsyncIterator[tuple[World, Recorder]]:
    recorder = Recorder()
    async with gateway(recorder.serve, limits=FAST) as world:
        await talk(world.port, *[KNOWN] * ENOUGH, pause=0.002)
        assert world.transport.asked
        recorder.requests.clear()
        yield world, recorder


async def _sent(raw: bytes, cut: int) -> tuple[World, Recorder, int, bytes]:
    async with _warm() as (world, recorder):
        before = world.transport.asked
        answer = await talk(world.port, *filter(None, (raw[:cut], raw[cut:])), pause=0.001)
        async with asyncio.timeout(5):
            while world.listener.connections or "in_flight=0" not in repr(world.forwarder):  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.005)
        return world, recorder, world.transport.asked - before, answer


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=_nearly_known(), cut=st.integers(0, 120))
def test_what_is_nearly_known_is_read_as_strictly_as_anything_else(loop: asyncio.Runner, raw: bytes, cut: int) -> None:
    _, recorder, asked, answer = loop.run(_sent(raw, cut))
    assert recorder.errors == []
    # Only whole reads that are the known head with a body of its length can be taken.
    head = KNOWN[: -len(b"hello")]
    reads = [piece for piece in (raw[:cut], raw[cut:]) if piece]
    assert asked <= sum(piece.startswith(head) for piece in reads)
    complete = [request for request in recorder.requests if request.complete]
    assert len(complete) <= len(statuses(answer))
    for request in complete:
        names = [name.lower() for name, _ in request.headers]
        assert names.count(b"host") == 1
        assert names.count(b"content-length") + names.count(b"transfer-encoding") <= 1
        assert request.target.startswith(b"/")
