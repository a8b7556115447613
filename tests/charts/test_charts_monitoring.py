"""Alert rules, dashboards and the page on metrics name metrics that there are."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, Metric

from kubeless.controller.metrics import Metrics
from kubeless.cron_scheduler.metrics import CronMetrics
from kubeless.delivery.counters import EventCounters
from kubeless.delivery.transport.metrics import TransportCollector
from kubeless.delivery.transport.transport import Transport
from kubeless.gateway.metrics import GatewayMetrics
from kubeless.kafka_consumer import metrics as kafka_metrics
from kubeless.kube.metrics import InformerCollector
from kubeless.nats_subscriber import metrics as nats_metrics
from kubeless.portal.metrics import PortalCollector
from kubeless.portal.sessions import Sessions
from support.charts import CHART, pick, render

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
DASHBOARDS = sorted((CHART / "files" / "dashboards").glob("*.json"))
ALERTS = CHART / "files" / "alerts.yaml"

OF_FUNCTIONS = {"function_calls_total", "function_failures_total", "function_duration_seconds"}
"""Counted by the functions' own servers, in every language."""

OF_THE_PARENT = {"kubeless_gateway_workers_ready", "kubeless_gateway_worker_restarts_total"}
"""Counted only where several processes serve."""


async def _families() -> list[Metric]:
    registry = CollectorRegistry()
    EventCounters(registry)
    GatewayMetrics(registry)
    CronMetrics(registry)
    InformerCollector(registry, lambda: [])
    registry.register(PortalCollector(Sessions(idle=1.0, lifetime=1.0)))
    registry.register(kafka_metrics.collector(dict, lambda: True))
    registry.register(TransportCollector(Transport()))
    nats = nats_metrics.collector(dict, lambda: True)
    return [*registry.collect(), *nats.collect(), *Metrics().registry.collect()]


@pytest.fixture(scope="module")
def counted() -> set[str]:
    """Names as Prometheus stores them, but for the suffixes of histograms."""
    families = asyncio.run(_families())
    names = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    return names | OF_FUNCTIONS | OF_THE_PARENT


@pytest.fixture(scope="module")
def documented() -> set[str]:
    return set(re.findall(r"^\| `((?:kubeless|function)_[a-z_]+)`", PAGE.read_text(), re.MULTILINE))


def test_the_page_lists_every_metric_and_no_other(counted: set[str], documented: set[str]) -> None:
    assert documented == counted


def queries(value: Any) -> Iterator[str]:
    """Every `expr` in a dashboard or a file of rules."""
    if isinstance(value, dict):
        if isinstance(value.get("expr"), str):
            yield value["expr"]
        for member in value.values():
            yield from queries(member)
    elif isinstance(value, list):
        for member in value:
            yield from queries(member)


def names(expressions: Iterable[str]) -> set[str]:
    found = {name for text in expressions for name in re.findall(r"\b(?:kubeless|function)_[a-z_]+", text)}
    return {re.sub("_(bucket|sum|count)$", "", name) for name in found}


@pytest.mark.parametrize("path", [*DASHBOARDS, ALERTS], ids=lambda path: path.stem)
def test_queries_ask_for_metrics_that_there_are(path: Path, documented: set[str]) -> None:
    expressions = list(queries(yaml.safe_load(path.read_text())))
    assert expressions
    assert names(expressions) <= documented


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_panel_says_what_it_shows_and_has_its_place(path: Path) -> None:
    dashboard = json.loads(path.read_text())
    places = set()
    for panel in dashboard["panels"]:
        assert panel["description"].endswith(".")
        assert panel["targets"]
        places.add((panel["gridPos"]["x"], panel["gridPos"]["y"]))
    assert len(places) == len(dashboard["panels"])
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_dashboards_and_rules_are_in_the_chart() -> None:
    documents = render({"dashboards": {"enabled": True}, "prometheusRule": {"enabled": True}})
    for path in DASHBOARDS:
        data = pick(documents, "ConfigMap", f"kubeless-dashboard-{path.stem}")["data"]
        assert json.loads(data[path.name]) == json.loads(path.read_text())
    assert pick(documents, "PrometheusRule", "kubeless")["spec"] == yaml.safe_load(ALERTS.read_text())


def test_every_alert_is_on_the_page_and_says_what_to_do() -> None:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    page = set(re.findall(r"^\| `(Kubeless[A-Za-z]+)`", PAGE.read_text(), re.MULTILINE))
    assert {rule["alert"] for rule in group["rules"]} == page
    for rule in group["rules"]:
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_reads_the_rules_and_the_queries(tmp_path: Path) -> None:
    expressions = [text for path in DASHBOARDS for text in queries(json.loads(path.read_text()))]
    # A variable of Grafana is a regular expression by then.
    rules = [
        {"record": f"panel:number{number}:query", "expr": re.sub(r"\$\{?[a-z]+\}?", ".*", text)}
        for number, text in enumerate(expressions)
    ]
    panels = tmp_path / "panels.yaml"
    panels.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    checked = subprocess.run(["promtool", "check", "rules", ALERTS, panels], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
