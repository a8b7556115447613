"""`python -m bench.broker`: the embedded Kafka broker in a process of its own; writes its address to its output."""

import asyncio
import sys

from kubeless.core import logs
from kubeless.core.lifecycle import run
from kubeless.local.kafka.broker import KafkaBroker


async def main() -> None:
    async with KafkaBroker() as broker:
        sys.stdout.write(f"{broker.bootstrap}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    logs.configure(level="warning")
    run(main())
