"""Manifests of old, applied unchanged with `kubectl`: as people wrote them, and as the Go programs did."""

from pathlib import Path

import pytest

from support.localplatform import LocalPlatform, eventually

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))

SMALLEST = """\
apiVersion: kubeless.io/v1beta1
kind: Function
metadata: {name: manifest-echo, labels: {created-by: kubeless, function: manifest-echo}}
spec:
  runtime: python3.8
  handler: echo.run
  function: |
    def run(event, context):
        return event["data"]
"""

AS_GO_WROTE_IT = """\
apiVersion: kubeless.io/v1beta1
kind: Function
metadata:
  name: manifest-bill
  creationTimestamp: null
  labels: {created-by: kubeless, function: manifest-bill, tier: billing}
  finalizers: [kubeless.io/function]
spec:
  checksum: ""
  deps: ""
  deployment:
    metadata: {creationTimestamp: null}
    spec:
      selector: null
      strategy: {}
      template:
        metadata: {creationTimestamp: null}
        spec:
          containers:
          - env: [{name: COLOUR, value: blue}]
            imagePullPolicy: Always
            name: ""
            resources: {}
    status: {}
  function: |
    import os

    def run(event, context):
        return os.environ["COLOUR"]
  function-content-type: text
  handler: bill.run
  horizontalPodAutoscaler:
    metadata: {creationTimestamp: null}
    spec: {maxReplicas: 0, scaleTargetRef: {kind: "", name: ""}}
    status: {conditions: null, currentMetrics: null, currentReplicas: 0, desiredReplicas: 0}
  runtime: python3.6
  service:
    ports: [{name: http-function-port, nodePort: 0, port: 8080, protocol: TCP, targetPort: 8080}]
    selector: {created-by: kubeless, function: manifest-bill, tier: billing}
    type: ClusterIP
  timeout: "180"
"""

TRIGGERS = """\
---
{apiVersion: kubeless.io/v1beta1, kind: KafkaTrigger, metadata: {name: manifest, labels: {created-by: kubeless}},
 spec: {topic: orders, functionSelector: {matchLabels: {created-by: kubeless, function: manifest-bill}}}}
---
{apiVersion: kubeless.io/v1beta1, kind: NATSTrigger, metadata: {name: manifest, labels: {created-by: kubeless}},
 spec: {topic: orders.*, functionSelector: {matchLabels: {tier: billing}}}}
---
{apiVersion: kubeless.io/v1beta1, kind: HTTPTrigger, metadata: {name: manifest, labels: {created-by: kubeless}},
 spec: {function-name: manifest-bill, host-name: bill.example.com, path: v1, gateway: nginx, tls: false, tls-secret: "",
        basic-auth-secret: "", cors-enable: false}}
---
{apiVersion: kubeless.io/v1beta1, kind: CronJobTrigger, metadata: {name: manifest, labels: {created-by: kubeless}},
 spec: {function-name: manifest-bill, schedule: "0 2 * * *", payload: {mode: full}}}
"""


def apply(platform: LocalPlatform, manifest: str) -> None:
    """Twice, as deployments by script do."""
    for _ in range(2):
        platform.kubectl("apply", "-f", "-", stdin=manifest)


def test_the_smallest_manifest_answers(platform: LocalPlatform) -> None:
    apply(platform, SMALLEST)
    platform.kubectl("wait", "--for=condition=Ready", "function/manifest-echo", "--timeout=30s")
    assert platform.kubeless("function", "call", "manifest-echo", "--data", "hi").stdout == "hi\n"


def test_what_the_go_programs_wrote_answers_and_can_be_deleted(platform: LocalPlatform) -> None:
    apply(platform, AS_GO_WROTE_IT)
    platform.kubectl("wait", "--for=condition=Ready", "function/manifest-bill", "--timeout=30s")
    assert platform.kubeless("function", "call", "manifest-bill").stdout == "blue\n"
    platform.kubeless("topic", "create", "orders")
    apply(platform, TRIGGERS)
    for kind in ("kafkatrigger", "natstrigger", "httptrigger", "cronjobtrigger"):
        platform.kubectl("wait", "--for=condition=Ready", f"{kind}/manifest", "--timeout=30s")
    assert platform.http("GET", "/v1", host="bill.example.com").body == "blue"
    platform.kubectl("delete", "function", "manifest-bill", "--timeout=20s")
    # HTTP and cron triggers go with the function that they name; the others select, and match nothing from now on.
    left = ("get", "httptrigger,cronjobtrigger,kafkatrigger,natstrigger", "-o", "name", "--ignore-not-found")
    eventually(lambda: platform.kubectl(*left).stdout.count("/manifest\n") == 2)
    platform.kubectl("delete", "kafkatrigger/manifest", "natstrigger/manifest", "--timeout=20s")


@pytest.fixture(scope="module")
def own_namespace(platform: LocalPlatform) -> str:
    """Names of examples are taken elsewhere, too."""
    platform.kubectl("create", "namespace", "manifests")
    return "manifests"


@pytest.mark.parametrize("manifest", [path for path in EXAMPLES if path.stem != "demo"], ids=lambda path: path.stem)
def test_an_example_can_be_applied_again_and_again(platform: LocalPlatform, own_namespace: str, manifest: Path) -> None:
    there = ("-n", own_namespace)
    platform.kubectl("apply", *there, "-f", str(manifest))
    platform.kubectl("wait", *there, "--for=condition=Ready", f"function/{manifest.stem}", "--timeout=30s")
    again = platform.kubectl("apply", *there, "-f", str(manifest)).stdout.splitlines()
    assert all(line.endswith(" unchanged") for line in again), again
    platform.kubectl("delete", *there, "-f", str(manifest), "--ignore-not-found", "--timeout=30s")
