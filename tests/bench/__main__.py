"""
`make bench`: what the data plane does on one core, beside what everybody knows, as a table and as docs/benchmarks.md.

Run as `python -m bench [scene...]` with `tests` on the path; without a name all scenes, ten minutes. The page is
written by a run of all scenes only, so that all of its figures are of one run.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from bench import controller, cores, cron, gateway, http, kafka, nats, runtimes
from bench.processes import first_line, python, running
from bench.report import Report
from bench.scene import setting
from kubeless.core import logs
from kubeless.core.lifecycle import run
from support.kafkajars import VERSION, KafkaUnavailable
from support.realkafka import RealKafka
from support.realnats import RealNats, has_nats

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


async def measure_http(report: Report, folder: Path) -> None:
    """Transport and gateway."""
    async with setting(report, folder) as scene:
        await http.transport(scene)
        await gateway.run(scene)


async def measure_kafka(report: Report, folder: Path) -> None:
    """The consumer, on the embedded broker and on Apache's."""
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


async def measure_nats(report: Report, folder: Path) -> None:
    """The subscriber, on a real server."""
    if not has_nats():
        report.skip("NATS: there is no nats-server")
        return
    # With the server's own defaults: the tests' server writes every message through to the disk.
    store = f'jetstream {{ store_dir: "{folder / "nats-data"}" }}'
    with RealNats(folder / "nats", config=store, jetstream=False) as server:
        async with setting(report, folder) as scene:
            await nats.throughput(scene, server.url)


async def measure_cron(report: Report, folder: Path) -> None:
    """The scheduler."""
    async with setting(report, folder) as scene:
        await cron.schedules(scene)


async def measure_controller(report: Report, folder: Path) -> None:
    """Functions and their objects."""
    async with setting(report, folder) as scene:
        await controller.functions(scene)


SCENES = {
    "http": measure_http,
    "runtimes": runtimes.run,
    "kafka": measure_kafka,
    "nats": measure_nats,
    "cron": measure_cron,
    "controller": measure_controller,
}


async def main(names: Sequence[str]) -> None:
    cores.pin(cores.LOAD)
    report = Report()
    report.step(cores.describe())
    with tempfile.TemporaryDirectory(prefix="kubeless-bench-") as folder:
        for name in names:
            await SCENES[name](report, Path(folder))
    if list(names) == list(SCENES):
        await asyncio.to_thread(report.write, _PAGE)
        sys.stdout.write(f"written to {_PAGE}\n")


def wanted(arguments: Sequence[str]) -> list[str]:
    """The scenes named, all of them without a name."""
    unknown = sorted(set(arguments) - set(SCENES))
    if unknown:
        raise SystemExit(f"there is no scene {', '.join(unknown)}; there are {', '.join(SCENES)}")
    return [name for name in SCENES if not arguments or name in arguments]


if __name__ == "__main__":
    logs.configure(level="error")
    run(main(wanted(sys.argv[1:])))
