"""What the chart says of a service is what the service takes."""

import dataclasses
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from kubeless.api.crds import custom_resource_definitions
from kubeless.controller.config import parse_config
from kubeless.core.settings import load
from kubeless.runtimes.catalog import built_in
from kubeless.runtimes.imagelist import chart_file
from support.charts import CHART, CHARTS, SERVICES, VALUES, Document, Service, pick, render, rendered

every_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.component)

NOT_SETTINGS = {"KUBELESS_LOG_LEVEL", "OTEL_EXPORTER_OTLP_ENDPOINT", "KUBELESS_CONFIG", "EXAMPLE"}
"""Read by what all services share, or by nobody."""


def environment(service: Service, documents: list[Document]) -> dict[str, str]:
    """Variables of its container; those that Kubernetes fills in have a value of that kind."""
    (container,) = pick(documents, "Deployment", service.name)["spec"]["template"]["spec"]["containers"]
    return {one["name"]: one.get("value", "kubeless") for one in container["env"]}


@every_service
@pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)
def test_each_variable_is_a_setting_and_can_be_read(service: Service, path: Path) -> None:
    documents = rendered(path)
    if not any(one["metadata"]["name"] == service.name for one in documents):
        pytest.skip("turned off by these values")
    given = environment(service, documents)
    kind = import_module(service.settings).Settings
    known = {field.metadata["environment-name"] for field in dataclasses.fields(kind)}
    assert set(given) - NOT_SETTINGS <= known | {"KUBELESS_NAMESPACE"}
    load(kind, given)


@every_service
def test_ports_are_those_it_listens_on(service: Service) -> None:
    documents = render()
    settings = load(import_module(service.settings).Settings, environment(service, documents))
    (container,) = pick(documents, "Deployment", service.name)["spec"]["template"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports["admin"] == settings.admin_port
    if service.component == "gateway":
        assert (ports["http"], ports["https"]) == (settings.port, settings.tls_port)


@every_service
@pytest.mark.parametrize("seconds", [5, 120])
def test_a_pod_may_stop_for_longer_than_it_drains(service: Service, seconds: int) -> None:
    documents = render({"common": {"drainSeconds": seconds}, "gateway": {"drainSeconds": seconds}})
    pod = pick(documents, "Deployment", service.name)["spec"]["template"]["spec"]
    settings = load(import_module(service.settings).Settings, environment(service, documents))
    drain = getattr(settings, "drain_timeout", 0.0)
    assert pod["terminationGracePeriodSeconds"] >= drain + 5
    if drain:
        assert drain == seconds


def test_a_gateway_serves_on_while_others_still_choose_it() -> None:
    """Endpoints are taken away while the pod is told to stop, not before."""
    documents = render({"gateway": {"stopDelaySeconds": 40, "drainSeconds": 20}})
    pod = pick(documents, "Deployment", "kubeless-gateway")["spec"]["template"]["spec"]
    assert "sleep(40)" in pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][-1]
    assert pod["terminationGracePeriodSeconds"] == 40 + 20 + 10


def test_a_service_overrides_what_is_common() -> None:
    documents = render({"common": {"replicas": 3, "logLevel": "debug"}, "cronScheduler": {"replicas": 1}})
    replicas = {one.name: pick(documents, "Deployment", one.name)["spec"]["replicas"] for one in SERVICES}
    assert replicas.pop("cronjob-trigger-controller") == 1
    assert replicas.pop("kubeless-portal") == 1, "its sessions are in memory"
    assert set(replicas.values()) == {3}
    assert all(environment(one, documents)["KUBELESS_LOG_LEVEL"] == "debug" for one in SERVICES)


def test_what_scales_by_itself_has_no_fixed_replicas() -> None:
    documents = render({"gateway": {"autoscaling": {"enabled": True}}})
    assert "replicas" not in pick(documents, "Deployment", "kubeless-gateway")["spec"]
    assert pick(documents, "HorizontalPodAutoscaler", "kubeless-gateway")["spec"]["maxReplicas"] == 10


def test_the_crds_are_those_of_the_types() -> None:
    assert render(chart=CHARTS / "kubeless-crds") == custom_resource_definitions(), (
        "run: kubeless crds > charts/kubeless-crds/templates/crds.yaml"
    )


def test_the_runtimes_are_those_of_the_catalog() -> None:
    assert (CHART / "files" / "runtime-images.yaml").read_text() == chart_file(), (
        "run: python -m kubeless.runtimes.imagelist > charts/kubeless/files/runtime-images.yaml"
    )


def test_the_controller_reads_its_configuration() -> None:
    extra = yaml.safe_load(
        """
        - ID: rust
          fileNameSuffix: .rs
          versions: [{name: rust1, version: "1", images: [{phase: runtime, image: "example.com/rust:1"}]}]
        """
    )
    values = {
        "runtimes": {"registry": "example.com/team", "pullSecret": "pull", "extra": extra},
        "functions": {"deployment": {"spec": {"replicas": 2}}},
        "namespaces": ["team-a", "team-b"],
    }
    config = parse_config(pick(render(values), "ConfigMap", "kubeless-config")["data"])
    assert config.catalog.ids() == [*built_in().ids(), "rust1"]
    for runtime_id in built_in().ids():
        assert config.catalog.resolve(runtime_id) == built_in("example.com/team").resolve(runtime_id)
    assert config.provision_image == "example.com/team/unzip:latest"
    assert config.pull_secrets == ("pull",)
    assert config.deployment == {"spec": {"replicas": 2}}
    assert config.functions_namespaces == ("team-a", "team-b")
