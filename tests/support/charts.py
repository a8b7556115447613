"""The chart, rendered by the Helm library in a wheel: no program, no cluster and no network."""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

helm = pytest.importorskip("helm_python", reason="the Helm library (helm-python-sdk) is not installed")

CHARTS = Path(__file__).parents[2] / "charts"
CHART = CHARTS / "kubeless"
VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
NAMESPACE = "kubeless"

Document = dict[str, Any]


class Service(NamedTuple):
    """What the chart runs, and where its settings are."""

    component: str
    name: str
    settings: str


SERVICES = (
    Service("controller", "kubeless-controller-manager", "kubeless.controller.settings"),
    Service("gateway", "kubeless-gateway", "kubeless.gateway.settings"),
    Service("kafka-consumer", "kafka-trigger-controller", "kubeless.kafka_consumer.settings"),
    Service("nats-subscriber", "nats-trigger-controller", "kubeless.nats_subscriber.settings"),
    Service("portal", "kubeless-portal", "kubeless.portal.settings"),
    Service("cron-scheduler", "cronjob-trigger-controller", "kubeless.cron_scheduler.settings"),
)


def render(values: Document | None = None, chart: Path = CHART) -> list[Document]:
    """All documents. Raises `helm.HelmError` for values that cannot be used."""
    with helm.Chart.load(chart) as loaded:
        loaded.validate_schema(values or {})
        files = loaded.render(values=values or {}, name="kubeless", namespace=NAMESPACE)
    texts = [text for name, text in sorted(files.items()) if name.endswith(".yaml")]
    return [document for text in texts for document in yaml.safe_load_all(text) if document]


@cache
def rendered(path: Path) -> list[Document]:
    """All documents with the values of a file; must not be changed."""
    return render(yaml.safe_load(path.read_text()))


def pick(documents: list[Document], kind: str, name: str) -> Document:
    """The one document with this kind and name."""
    (found,) = [one for one in documents if one["kind"] == kind and one["metadata"]["name"] == name]
    return found


def pod_specs(documents: list[Document]) -> dict[str, Document]:
    """Pod templates and pods, by kind and name of what holds them."""
    return {
        f"{one['kind']}/{one['metadata']['name']}": one if one["kind"] == "Pod" else one["spec"]["template"]
        for one in documents
        if one["kind"] in {"Deployment", "StatefulSet", "Job", "Pod"}
    }
