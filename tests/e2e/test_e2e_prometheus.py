"""A real Prometheus scrapes the platform, and every panel of the dashboards shows something."""

import json
import re
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.localplatform import LocalPlatform, eventually

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")

CHART = Path(__file__).parents[2] / "charts" / "kubeless" / "files"
SERVICES = (
    "kubeless-controller-manager",
    "kubeless-gateway",
    "kafka-trigger-controller",
    "nats-trigger-controller",
    "cronjob-trigger-controller",
)
FUNCTION = "def run(event, context):\n    return event['data']\n"


@pytest.fixture(scope="module")
def busy(platform: LocalPlatform) -> LocalPlatform:
    """A platform where something has come in on every way."""
    (platform.folder / "seen.py").write_text(FUNCTION)
    run = platform.kubeless
    run(
        "function",
        "deploy",
        "seen",
        "--runtime",
        "python3.11",
        "--handler",
        "seen.run",
        "--from-file",
        "seen.py",
        "--wait",
    )
    run("topic", "create", "seen")
    run("trigger", "http", "create", "seen", "--function-name", "seen", "--hostname", "seen.example.com")
    run("trigger", "kafka", "create", "seen", "--function-selector", "function=seen", "--trigger-topic", "seen")
    run("trigger", "nats", "create", "seen", "--function-selector", "function=seen", "--trigger-topic", "seen")
    run("trigger", "cronjob", "create", "seen", "--function", "seen", "--schedule", "@every 1s")
    return platform


@pytest.fixture(scope="module")
def prometheus(busy: LocalPlatform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one that scrapes the platform each second, through the API server."""
    folder = tmp_path_factory.mktemp("prometheus")
    api = busy.status["addresses"]["api"]
    configuration = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(CHART / "alerts.yaml")],
        "scrape_configs": [
            *(_job(name, api, f"/api/v1/namespaces/kubeless/services/{name}:admin/proxy/metrics") for name in SERVICES),
            _job("functions", api, "/api/v1/namespaces/default/services/seen:8080/proxy/metrics", function="seen"),
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    with socket.create_server(("127.0.0.1", 0)) as listener:  # it takes no port 0 and tells no port
        port = listener.getsockname()[1]
    command = [
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with subprocess.Popen(command) as process:
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def _job(name: str, api: str, path: str, **labels: str) -> dict[str, Any]:
    address = api.removeprefix("http://")
    return {
        "job_name": name,
        "metrics_path": path,
        "honor_labels": True,
        "static_configs": [{"targets": [address], "labels": labels}],
    }


def ask(prometheus: str, query: str) -> list[dict[str, Any]]:
    """The series that a query gives now."""
    url = f"{prometheus}/api/v1/query?query={urllib.parse.quote(query)}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return found
    except OSError:
        return []


def panels() -> Iterator[tuple[str, str, str]]:
    """Dashboard, title and query of every panel, with the variables as Grafana has them for All."""
    for path in sorted((CHART / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield path.stem, panel["title"], re.sub(r"\$[a-z]+", ".*", target["expr"])


def test_everything_is_scraped(prometheus: str) -> None:
    eventually(lambda: len(ask(prometheus, "up == 1")) == len(SERVICES) + 1, within=30)


@pytest.mark.parametrize(("dashboard", "title", "query"), list(panels()))
def test_every_panel_shows_something(
    busy: LocalPlatform, prometheus: str, dashboard: str, title: str, query: str
) -> None:
    def arrived() -> bool:
        busy.http("GET", "/", host="seen.example.com")
        return bool(ask(prometheus, query))

    eventually(arrived, within=30)


def test_no_alert_fires_where_all_is_well(prometheus: str) -> None:
    assert ask(prometheus, 'ALERTS{alertstate="firing"}') == []
