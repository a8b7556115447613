"""
`python -m bench.plainnats core|jetstream <url> <subject> <port> <in flight>`: what people write in an afternoon.

nats-py and aiohttp's client; no retries, dead letters, metrics or order. It says `ready` and works until it is ended.
"""

import asyncio
import sys

import aiohttp
import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NothingThere

from kubeless.core.lifecycle import run


class Poster:
    """Posts events to the function, so many at a time."""

    def __init__(self, session: aiohttp.ClientSession, port: int, in_flight: int) -> None:
        self._session = session
        self._url = f"http://127.0.0.1:{port}/"
        self.places = asyncio.Semaphore(in_flight)

    async def post(self, message: Msg) -> None:
        async with self._session.post(self._url, data=message.data, headers={"Content-Type": "text/plain"}) as response:
            await response.read()


async def core(client: Client, subject: str, poster: Poster) -> None:
    """A queue group of one."""

    async def post(message: Msg) -> None:
        try:
            await poster.post(message)
        finally:
            poster.places.release()

    subscription = await client.subscribe(subject, queue="plain")
    await client.flush()
    _say_ready()
    async with asyncio.TaskGroup() as tasks:
        async for message in subscription.messages:
            await poster.places.acquire()
            tasks.create_task(post(message))


async def jetstream(client: Client, subject: str, poster: Poster, in_flight: int) -> None:
    """A durable pull consumer, batch by batch."""

    async def post(message: Msg) -> None:
        await poster.post(message)
        await message.ack()

    subscription = await client.jetstream().pull_subscribe(subject, f"plain-{subject}")
    _say_ready()
    while True:
        try:
            messages = await subscription.fetch(in_flight, timeout=1)
        except NothingThere:
            continue
        await asyncio.gather(*map(post, messages))


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


async def main(kind: str, url: str, subject: str, port: int, in_flight: int) -> None:
    client = await nats.connect(url)
    async with aiohttp.ClientSession() as session:
        poster = Poster(session, port, in_flight)
        await (core(client, subject, poster) if kind == "core" else jetstream(client, subject, poster, in_flight))


if __name__ == "__main__":
    run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])))
