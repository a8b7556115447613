"""
`python -m bench.plainloop <bootstrap> <topic> <port> <in flight>`: what people write in an afternoon.

An aiokafka consumer with automatic commits and aiohttp's client; no retries, dead letters, metrics or backpressure, and
no order if more than one event is in flight. It consumes the topic from its beginning until it is ended.
"""

import asyncio
import sys

import aiohttp
from aiokafka import AIOKafkaConsumer

from kubeless.core.lifecycle import run


async def main(bootstrap: str, topic: str, port: int, in_flight: int) -> None:
    url = f"http://127.0.0.1:{port}/"
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=f"plain-{topic}", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async with aiohttp.ClientSession() as session:

            async def post(body: bytes) -> None:
                async with session.post(url, data=body, headers={"Content-Type": "text/plain"}) as response:
                    await response.read()

            while True:
                batches = await consumer.getmany(timeout_ms=1000, max_records=in_flight)
                await asyncio.gather(*(post(record.value) for batch in batches.values() for record in batch))
    finally:
        await consumer.stop()


if __name__ == "__main__":
    run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
