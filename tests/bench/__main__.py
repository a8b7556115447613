"""
`make bench`: what the data plane does on one core, beside what everybody knows, as a table and as docs/benchmarks.md.

Run as `python -m bench` with `tests` on the path. About two minutes.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from bench import cores, http, kafka
from bench.processes import first_line, python, running
from bench.report import Report
from bench.scene import setting
from kubeless.core import logs
from kubeless.core.lifecycle import run
from support.kafkajars import VERSION, KafkaUnavailable
from support.realkafka import RealKafka

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


@asynccontextmanager
async def embedded_kafka(folder: Path) -> AsyncIterator[str]:
    with running(*python("bench.broker"), role=cores.LOAD, log=folder / "log") as process:
        yield await first_line(process)


@contextmanager
def apache_kafka(folder: Path) -> Iterator[str]:
    """On the load's core, as it inherits ours."""
    with RealKafka(folder / "kafka") as broker:
        yield broker.bootstrap


async def measure(report: Report, folder: Path) -> None:
    """All parts, one after the other."""
    async with setting(report, folder) as scene:
        await http.transport(scene)
        await http.gateway(scene)
        await http.python_runtime(scene)
    async with embedded_kafka(folder) as bootstrap, setting(report, folder, bootstrap) as scene:
        await kafka.throughput(scene, "embedded")
        await kafka.latency(scene, "embedded")
        await kafka.memory(scene, "embedded")
    try:
        with apache_kafka(folder) as bootstrap:
            async with setting(report, folder, bootstrap) as scene:
                await kafka.throughput(scene, f"Apache {VERSION}")
                await kafka.latency(scene, f"Apache {VERSION}")
    except KafkaUnavailable as error:
        report.skip(f"Apache Kafka: {error}")


async def main() -> None:
    cores.pin(cores.LOAD)
    report = Report()
    report.step(cores.describe())
    with tempfile.TemporaryDirectory(prefix="kubeless-bench-") as folder:
        await measure(report, Path(folder))
    await asyncio.to_thread(report.write, _PAGE)
    sys.stdout.write(f"written to {_PAGE}\n")


if __name__ == "__main__":
    logs.configure(level="error")
    run(main())
