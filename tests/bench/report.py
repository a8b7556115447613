"""What was measured: printed as it comes, and written to a page when all of it is there."""

import datetime
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench import cores
from bench.plot import Chart, draw

_INTRODUCTION = """\
# Benchmarks

Written by `make bench`; do not edit. The figures are of one run on the machine named below, which others may have
used at the same time: they are noisy, and worth comparing only with figures of the same run. That is why most of them
stand beside something everybody knows, measured in the same run by the same load.
"""

_NOTES = """\
## How to read it

- *Per CPU second* divides by the CPU time of the measured process alone: what one core gives when the load is not the
  bottleneck. Load generator and function are Python too and share one core, so requests/s may be bound by them.
- *Gateway* rows: gateway, nginx (one worker, keep-alive to the function) and a plain aiohttp proxy stand beside each
  other on the measured core and are loaded in turn by `wrk`, several rounds; the figure is the median, the remark gives
  the lowest and the highest. *Direct* is the client talking to the function itself.
- *At half load*: requests leave on a fixed schedule, half as many per second as the gateway can do, and latency runs
  from the scheduled moment, so that waiting counts.
- *Extra memory* is how much the highest resident memory of the process rises while 100 MB pass through.
- Bodies have 200 bytes where nothing else is said. *Kafka* rows: a backlog of events is published, then the trigger is
  made; time runs from the first to the last event at the function. The function keeps a ledger: `lost`, `twice` and
  `out of order` come from it.
- *Plain loop* is an aiokafka consumer with aiohttp's client, without retries, dead letters, metrics or order: one event
  at a time beside `partition`, 64 at a time beside `key` and `none`.
- *Latency* is from the producer's `send` to the function.
- *Runtime* rows: each server has the measured core, with one worker where it has workers, and its access log is thrown
  away; `wrk` keeps 32 connections busy. Some languages compile what is called often, so a second of load goes before.
  *Cold start* is from the start of the process to `/healthz`, with the function compiled before; *memory* is that of
  all processes of the server after the load. *Forked per request* is the old way: for each call a thread of a small
  WSGI server (`wsgiref` of the standard library) forks a process that calls the function.
- *Functions* rows: the controller has the measured core, and the embedded API server shares the other. *From nothing to
  all objects* is mostly the time of that server, which takes and validates every write; *start to all looked at* is the
  controller's. Requests do not count lists and watches.

## Repeat it

`make bench` takes about twelve minutes; `python -m bench http runtimes kafka nats cron controller` with `tests` on the
path takes only the scenes named. nginx and `wrk` are used where they are on `PATH`, Apache Kafka if Java 17 and its
jars are (Maven fetches them once), and each language that is installed.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    ours: float
    unit: str
    other: float | None = None
    other_name: str = ""
    budget: str = ""
    met: bool | None = None
    note: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The line's cells as text."""
        other = f"{_figure(self.other)} ({self.other_name})" if self.other is not None else ""
        ratio = f"{self.ours / self.other:.2f}x" if self.other else ""
        met = {None: "", True: ", met", False: ", **missed**"}[self.met]
        return (self.what, ratio, f"{self.budget}{met}", f"{_figure(self.ours)} {self.unit}", other, self.note)


_COLUMNS = ("What", "Ratio", "Budget", "Ours", "Other", "Remarks")


@dataclass
class Report:
    """Collects the rows of one run."""

    rows: list[Row] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def step(self, text: str) -> None:
        """Tell what is being done."""
        self._say(f"{time.monotonic() - self.began:5.0f} s  {text} ...")

    def add(self, row: Row) -> None:
        """Print and keep a row."""
        self.rows.append(row)
        what, *cells = row.cells
        self._say(f"         {what:<48} {'  '.join(cell for cell in cells if cell)}")

    def chart(self, title: str, bars: Mapping[str, float]) -> None:
        """Keep a group of bars for the plot."""
        self.charts.append(Chart(title, dict(bars)))

    def skip(self, text: str) -> None:
        """Tell what is not measured, and why."""
        self.skipped.append(text)
        self._say(f"         skipped: {text}")

    def write(self, path: Path) -> None:
        """Write the page."""
        lines = [_line(_COLUMNS), _line(("---",) * len(_COLUMNS)), *(_line(row.cells) for row in self.rows)]
        skipped = [f"- Not measured: {text}" for text in self.skipped]
        facts = [*(f"- {name}: {value}" for name, value in _facts().items()), *skipped]
        load = f"- {cores.describe()}; load average at the end {os.getloadavg()[0]:.1f}"
        plot = []
        if self.charts:
            path.with_suffix(".svg").write_text(draw(self.charts))
            plot = [f"![Requests per second, by what stands between client and function]({path.stem}.svg)", ""]
        parts = [_INTRODUCTION, "\n".join([*facts, load]), "", *plot, "\n".join(lines), "", _NOTES]
        path.write_text("\n".join(parts))

    def _say(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _figure(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _facts() -> dict[str, str]:
    packages = ("aiohttp", "aiokafka", "httptools", "uvloop")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    facts = {
        "Date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "Machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "Versions": f"Python {platform.python_version()}, {versions}",
    }
    if nginx := shutil.which("nginx"):
        told = subprocess.run([nginx, "-v"], capture_output=True, text=True, timeout=10).stderr
        facts["Versions"] += f", nginx {told.strip().rpartition('/')[2]}"
    return facts


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
