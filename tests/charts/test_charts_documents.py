"""Every values file gives documents that Kubernetes takes."""

from pathlib import Path

import pytest
import yaml

from support.charts import CHART, CHARTS, NAMESPACE, SERVICES, VALUES, Document, helm, pick, pod_specs, render, rendered
from support.podsecurity import violations

kubernetes_validate = pytest.importorskip("kubernetes_validate")

OLDEST = "1.29"
NEWEST = kubernetes_validate.latest_version()

FOREIGN = {
    "monitoring.coreos.com/v1",
    "keda.sh/v1alpha1",
    "gateway.networking.k8s.io/v1",
    "apiextensions.k8s.io/v1",
}
"""Groups whose schemas are not Kubernetes' own, or are too free to be checked offline."""

every_values_file = pytest.mark.parametrize("path", VALUES, ids=lambda path: path.stem)


def test_there_are_values_for_what_people_do() -> None:
    assert {path.stem.removesuffix("-values") for path in VALUES} >= {
        "default",
        "trial",
        "namespaces",
        "production",
        "routes",
    }


@pytest.mark.parametrize("chart", ["kubeless", "kubeless-crds"])
def test_helm_finds_no_fault(chart: str) -> None:
    report = helm.lint(CHARTS / chart)
    assert report["errors"] == []
    assert [message for message in report["messages"] if message["severity"] > 1] == []


@every_values_file
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_documents_fit_the_schemas(path: Path, version: str) -> None:
    own = [one for one in rendered(path) if one["apiVersion"] not in FOREIGN]
    assert len(own) > 10
    for document in own:
        kubernetes_validate.validate(document, version, strict=True)


@every_values_file
def test_no_two_documents_are_the_same_object(path: Path) -> None:
    seen = [
        (one["apiVersion"], one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"])
        for one in rendered(path)
    ]
    assert len(seen) == len(set(seen))


@every_values_file
def test_pods_pass_the_restricted_level(path: Path) -> None:
    pods = pod_specs(rendered(path))
    assert pods
    assert {name: found for name, pod in pods.items() if (found := violations(pod["spec"]))} == {}


@every_values_file
def test_root_file_systems_are_read_only(path: Path) -> None:
    for pod in pod_specs(rendered(path)).values():
        for container in pod["spec"]["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True


@every_values_file
def test_what_selects_pods_selects_those_of_one_component(path: Path) -> None:
    documents = rendered(path)
    pods = {
        name: pod["metadata"]["labels"] for name, pod in pod_specs(documents).items() if not name.startswith("Pod/")
    }
    for selector in _selectors(documents):
        chosen = [name for name, labels in pods.items() if selector.items() <= labels.items()]
        assert len(chosen) == 1, selector


def _selectors(documents: list[Document]) -> list[dict[str, str]]:
    found = []
    for one in documents:
        if one["kind"] == "Service":
            found.append(one["spec"]["selector"])
        elif one["kind"] in {"Deployment", "StatefulSet", "PodDisruptionBudget"}:
            found.append(one["spec"]["selector"]["matchLabels"])
        elif one["kind"] == "NetworkPolicy":
            found.append(one["spec"]["podSelector"]["matchLabels"])
    return found


def test_everything_is_in_the_namespace_of_the_release_but_roles_of_functions() -> None:
    for one in render({"namespaces": ["team-a"]}):
        allowed = {NAMESPACE, "team-a"} if one["kind"] in {"Role", "RoleBinding"} else {NAMESPACE}
        assert one["metadata"]["namespace"] in allowed


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"gatewy": {}}, "gatewy"),
        ({"gateway": {"replica": 2}}, "/gateway/replica"),
        ({"gateway": {"service": {"type": "Ingress"}}}, "/gateway/service/type"),
        ({"gateway": {"workers": 0}}, "/gateway/workers"),
        ({"gateway": {"accessLog": {"sample": 2}}}, "/gateway/accessLog/sample"),
        ({"gateway": {"defaultCertificate": "no-namespace"}}, "/gateway/defaultCertificate"),
        ({"gateway": {"ingress": {"enabled": True}}}, "gateway.ingress.hosts is empty"),
        ({"gateway": {"httpRoute": {"enabled": True}}}, "gateway.httpRoute.parentRefs is empty"),
        ({"common": {"replicas": "2"}}, "/common/replicas"),
        ({"common": {"logLevel": "loud"}}, "/common/logLevel"),
        ({"common": {"drainSeconds": 0}}, "/common/drainSeconds"),
        ({"cronScheduler": {"timezone": "UTC"}}, "/cronScheduler/timezone"),
        ({"kafkaConsumer": {"autoscaling": {"enabled": True}, "keda": {"enabled": True}}}, "turn one of them off"),
        ({"kafkaConsumer": {"keda": {"enabled": True}}}, "kafkaConsumer.keda.prometheus"),
        ({"kafka": {"brokers": ["kafka"]}}, "/kafka/brokers/0"),
        ({"kafka": {"brokers": []}}, "/kafka/brokers"),
        ({"kafka": {"sasl": {"mechanism": "GSSAPI"}}}, "/kafka/sasl/mechanism"),
        ({"nats": {"urls": ["http://nats:4222"]}}, "/nats/urls/0"),
        ({"nats": {"existingSecret": "Upper"}}, "/nats/existingSecret"),
        ({"namespaces": ["a", "a"]}, "/namespaces"),
        ({"image": {"digest": "latest"}}, "/image/digest"),
        ({"runtimes": {"registry": ""}}, "/runtimes/registry"),
    ],
)
def test_values_that_cannot_work_are_refused_by_name(values: Document, message: str) -> None:
    with pytest.raises(helm.HelmError, match="(?s)" + message.replace("/", "[/]").replace(".", "[.]")):
        render(values)


def test_routes_in_front_of_the_gateway_lead_to_its_service() -> None:
    documents = rendered(CHART / "ci" / "routes-values.yaml")
    (rule,) = pick(documents, "Ingress", "kubeless-gateway")["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"]["service"] == {"name": "kubeless-gateway", "port": {"name": "http"}}
    (route,) = pick(documents, "HTTPRoute", "kubeless-gateway")["spec"]["rules"]
    assert route["backendRefs"] == [{"name": "kubeless-gateway", "port": 80}]


def test_the_test_of_a_release_asks_each_service_that_is_on() -> None:
    arguments = " ".join(pick(render(), "Pod", "kubeless-test")["spec"]["containers"][0]["args"])
    assert all(service.name in arguments for service in SERVICES)
    without = pick(render({"natsSubscriber": {"enabled": False}}), "Pod", "kubeless-test")
    assert "nats" not in " ".join(without["spec"]["containers"][0]["args"])


def test_every_value_has_its_schema() -> None:
    schema = yaml.safe_load((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert set(schema["properties"]) - {"global"} == set(values)
    assert set(schema["$defs"]["service"]["properties"]) == set(values["common"])
