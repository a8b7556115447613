"""
The real kubectl, in every version at hand, against the embedded server.

Found as KUBELESS_TEST_KUBECTL (paths joined by colons), else the `kubectl` on PATH and its siblings `kubectl.1.29` and
later, as some distributions install them.
"""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
import yaml

from kubeless.local.apiserver.server import ApiServer

OLDEST = 29
MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: registry.invalid/web, ports: [{containerPort: 80}], env: [{name: A, value: "1"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: "1"}
"""
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boxes.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: boxes, singular: box, kind: Box, shortNames: [bx]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer, description: How much fits in.}}}
"""
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: registry.invalid/c}]}\n"
BOX = "apiVersion: example.com/v1\nkind: Box\nmetadata: {name: small}\nspec: {size: 1}\n"


def found() -> list[Path | None]:
    """The kubectl binaries to test with, oldest first; None if there is none."""
    named = os.environ.get("KUBELESS_TEST_KUBECTL")
    if named:
        return [Path(path) for path in named.split(os.pathsep)]
    on_path = shutil.which("kubectl")
    if on_path is None:
        return [None]
    path = Path(on_path).resolve()
    versions = {
        int(match[1]): sibling
        for sibling in path.parent.glob("kubectl.1.*")
        if (match := re.fullmatch(r"kubectl\.1\.([0-9]+)", sibling.name))
    }
    return [versions[minor] for minor in sorted(versions) if minor >= OLDEST] or [path]


@dataclass(frozen=True, slots=True)
class Kubectl:
    binary: Path
    server: str
    home: Path

    async def run(self, *arguments: str, stdin: str = "", fails: bool = False, editor: str = "false") -> str:
        """What the command printed; it must succeed, or fail if `fails`."""
        process = await self.start(*arguments, editor=editor)
        async with asyncio.timeout(20):
            out, err = await process.communicate(stdin.encode())
        assert (process.returncode != 0) is fails, err.decode()
        return (err if fails else out).decode()

    async def start(self, *arguments: str, editor: str = "false") -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        command = (str(self.binary), "--server", self.server, *arguments)
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "KUBE_EDITOR": editor}
        return await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)


@pytest.fixture(params=found(), ids=lambda path: path.name if path else "none")
async def kubectl(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kubectl]:
    if request.param is None:
        pytest.skip("kubectl is not on PATH: install it (Debian: kubernetes-client) or set KUBELESS_TEST_KUBECTL")
    async with ApiServer() as server:
        yield Kubectl(request.param, server.url, tmp_path)


async def test_manifests_are_applied_changed_and_deleted(kubectl: Kubectl) -> None:
    assert "deployment.apps/web created" in await kubectl.run("apply", "-f", "-", stdin=MANIFEST)
    assert "deployment.apps/web unchanged" in await kubectl.run("apply", "-f", "-", stdin=MANIFEST)
    changed = MANIFEST.replace("replicas: 0", "replicas: 2").replace('value: "1"', 'value: "2"')
    printed = await kubectl.run("apply", "-f", "-", stdin=changed)
    assert "deployment.apps/web configured" in printed
    assert "service/web unchanged" in printed
    deployment = yaml.safe_load(await kubectl.run("get", "deploy", "web", "-o", "yaml"))
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert (deployment["spec"]["replicas"], container["env"]) == (2, [{"name": "A", "value": "2"}])
    deleted = await kubectl.run("delete", "-f", "-", stdin=changed)
    assert 'service "web" deleted' in deleted
    assert "not found" in await kubectl.run("get", "deploy", "web", fails=True)


async def test_manifests_are_applied_by_the_server(kubectl: Kubectl) -> None:
    for _ in range(2):
        assert "web serverside-applied" in await kubectl.run("apply", "--server-side", "-f", "-", stdin=MANIFEST)
    other = ("apply", "--server-side", "--field-manager=other", "-f", "-")
    changed = MANIFEST.replace("replicas: 0", "replicas: 3")
    assert "conflict" in await kubectl.run(*other, stdin=changed, fails=True)
    assert "serverside-applied" in await kubectl.run(*other, "--force-conflicts", stdin=changed)


async def test_unknown_fields_are_refused(kubectl: Kubectl) -> None:
    wrong = MANIFEST.replace("replicas: 0", "replica: 0")
    assert 'unknown field "spec.replica"' in await kubectl.run("create", "-f", "-", stdin=wrong, fails=True)


async def test_objects_are_shown_in_every_form(kubectl: Kubectl) -> None:
    await kubectl.run("create", "-f", "-", stdin=MANIFEST)
    lines = (await kubectl.run("get", "deploy,svc,cm", "-o", "wide")).splitlines()
    assert lines[0].split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]
    assert "service/web" in await kubectl.run("get", "all", "-A", "-o", "name")
    assert await kubectl.run("get", "deploy", "-l", "app=web", "-o", "name") == "deployment.apps/web\n"
    assert await kubectl.run("get", "deploy", "-l", "app!=web", "-o", "name") == ""
    listed = orjson.loads(await kubectl.run("get", "cm", "-o", "json"))
    assert [item["metadata"]["name"] for item in listed["items"]] == ["settings"]
    described = await kubectl.run("describe", "deploy", "web")
    assert "Replicas:               0 desired" in described
    assert "kubeless" in await kubectl.run("get", "ns")


async def test_objects_are_changed_by_the_small_commands(kubectl: Kubectl) -> None:
    await kubectl.run("create", "-f", "-", stdin=MANIFEST)
    await kubectl.run("label", "deploy", "web", "tier=front")
    await kubectl.run("annotate", "deploy", "web", "note=hello")
    await kubectl.run("scale", "deploy", "web", "--replicas=3")
    await kubectl.run("set", "image", "deploy/web", "web=registry.invalid/other")
    await kubectl.run("patch", "deploy", "web", "-p", '{"spec":{"minReadySeconds":1}}')
    await kubectl.run("patch", "deploy", "web", "--type=merge", "-p", '{"spec":{"progressDeadlineSeconds":77}}')
    operation = '[{"op":"add","path":"/metadata/labels/json","value":"yes"}]'
    await kubectl.run("patch", "deploy", "web", "--type=json", "-p", operation)
    await kubectl.run("rollout", "restart", "deploy/web")
    deployment = orjson.loads(await kubectl.run("get", "deploy", "web", "-o", "json"))
    assert deployment["metadata"]["labels"] == {"app": "web", "tier": "front", "json": "yes"}
    assert deployment["metadata"]["annotations"]["note"] == "hello"
    spec = deployment["spec"]
    assert (spec["replicas"], spec["minReadySeconds"], spec["progressDeadlineSeconds"]) == (3, 1, 77)
    assert spec["template"]["spec"]["containers"][0]["image"] == "registry.invalid/other"
    assert "kubectl.kubernetes.io/restartedAt" in spec["template"]["metadata"]["annotations"]


async def test_typed_create_commands_work(kubectl: Kubectl) -> None:
    await kubectl.run("create", "namespace", "mine")
    await kubectl.run("create", "configmap", "c", "--from-literal=a=b", "-n", "mine")
    await kubectl.run("create", "secret", "generic", "s", "--from-literal=a=b", "-n", "mine")
    await kubectl.run("create", "serviceaccount", "robot", "-n", "mine")
    secret = orjson.loads(await kubectl.run("get", "secret", "s", "-n", "mine", "-o", "json"))
    assert (secret["type"], secret["data"]) == ("Opaque", {"a": "Yg=="})
    assert (await kubectl.run("get", "cm", "c", "-n", "mine", "-o", "jsonpath={.data.a}")) == "b"
    await kubectl.run("delete", "namespace", "mine")
    assert "not found" in await kubectl.run("get", "ns", "mine", fails=True)


async def test_types_are_listed_and_explained(kubectl: Kubectl) -> None:
    resources = await kubectl.run("api-resources")
    assert re.search(r"^deployments +deploy +apps/v1 +true +Deployment$", resources, re.MULTILINE)
    assert "FIELD: replicas <integer>" in await kubectl.run("explain", "deployment.spec.replicas")
    assert "yes" in await kubectl.run("auth", "can-i", "create", "pods")
    assert "Server Version: v1." in await kubectl.run("version")


async def test_custom_types_are_used_like_the_others(kubectl: Kubectl) -> None:
    await kubectl.run("create", "-f", "-", stdin=DEFINITION)
    await kubectl.run("wait", "--for=condition=Established", "crd/boxes.example.com", "--timeout=10s")
    assert "box.example.com/small created" in await kubectl.run("apply", "-f", "-", stdin=BOX)
    assert "configured" in await kubectl.run("apply", "-f", "-", stdin=BOX.replace("size: 1", "size: 2"))
    assert (await kubectl.run("get", "bx")).split() == ["NAME", "SIZE", "small", "2"]
    assert "How much fits in." in await kubectl.run("explain", "box.spec.size")
    await kubectl.run("delete", "crd", "boxes.example.com")
    await kubectl.run("get", "boxes", fails=True)


async def test_changes_are_watched(kubectl: Kubectl) -> None:
    await kubectl.run("create", "configmap", "c")
    watching = await kubectl.start("get", "cm", "-w", "--output-watch-events")
    assert watching.stdout is not None
    try:
        async with asyncio.timeout(20):
            seen = [await watching.stdout.readline(), await watching.stdout.readline()]
            await kubectl.run("label", "cm", "c", "a=b")
            await kubectl.run("delete", "cm", "c")
            seen += [await watching.stdout.readline(), await watching.stdout.readline()]
    finally:
        watching.kill()
        await watching.communicate()
    assert [line.split()[0].decode() for line in seen] == ["EVENT", "ADDED", "MODIFIED", "DELETED"]


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("name", "configmap/settings\n"),
        ("jsonpath={.items[*].data.a}", "1"),
        ("go-template={{range .items}}{{.metadata.name}}{{end}}", "settings"),
        ("custom-columns=N:.metadata.name,A:.data.a", "N          A\nsettings   1\n"),
    ],
)
async def test_parts_of_objects_are_picked(kubectl: Kubectl, output: str, shown: str) -> None:
    await kubectl.run("create", "-f", "-", stdin=MANIFEST)
    selected = ("--field-selector=metadata.name=settings", "--sort-by=.metadata.name", "--chunk-size=1")
    assert await kubectl.run("get", "cm", *selected, "-o", output) == shown


async def test_changes_are_shown_before_they_are_made(kubectl: Kubectl) -> None:
    await kubectl.run("apply", "-f", "-", stdin=MANIFEST)
    changed = MANIFEST.replace('a: "1"', 'a: "2"')
    for more in ((), ("--server-side", "--force-conflicts")):
        process = await kubectl.start("diff", *more, "-f", "-")
        out, _ = await process.communicate(changed.encode())
        assert process.returncode == 1
        assert '+  a: "2"' in out.decode()
    assert "configured (server dry run)" in await kubectl.run("apply", "--dry-run=server", "-f", "-", stdin=changed)
    assert await kubectl.run("get", "cm", "settings", "-o", "jsonpath={.data.a}") == "1"


async def test_objects_are_edited_and_replaced(kubectl: Kubectl) -> None:
    await kubectl.run("create", "-f", "-", stdin=MANIFEST)
    edited = await kubectl.run("edit", "cm", "settings", editor="sed -i s/a:.*1.*/a:\\ edited/")
    assert "configmap/settings edited" in edited
    assert await kubectl.run("get", "cm", "settings", "-o", "jsonpath={.data.a}") == "edited"
    assert "configmap/settings replaced" in await kubectl.run("replace", "-f", "-", stdin=MANIFEST)
    assert "configmap/settings replaced" in await kubectl.run("replace", "--force", "-f", "-", stdin=MANIFEST)
    assert await kubectl.run("get", "cm", "settings", "-o", "jsonpath={.data.a}") == "1"


async def test_what_is_awaited_comes_and_goes(kubectl: Kubectl) -> None:
    await kubectl.run("create", "deployment", "web", "--image=registry.invalid/web", "--replicas=0")
    await kubectl.run("wait", "--for=jsonpath={.spec.replicas}=0", "deploy/web", "--timeout=10s")
    await kubectl.run(
        "patch", "deploy", "web", "--type=merge", "-p", '{"metadata":{"finalizers":["example.com/hold"]}}'
    )
    await kubectl.run("delete", "deploy", "web", "--wait=false", "--cascade=foreground")
    waiting = await kubectl.start("wait", "--for=delete", "deploy/web", "--timeout=10s")
    await kubectl.run("patch", "deploy", "web", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    assert await waiting.wait() == 0


async def test_there_is_no_way_into_a_container_but_a_word_about_it(kubectl: Kubectl) -> None:
    await kubectl.run("create", "-f", "-", stdin=POD)
    running = '{"status":{"phase":"Running","containerStatuses":[{"name":"c","ready":true}]}}'
    await kubectl.run("patch", "pod", "p", "--subresource=status", "--type=merge", "-p", running)
    for command in (("attach", "p"), ("port-forward", "p", "0:80")):
        assert "local mode runs pods as processes" in await kubectl.run(*command, fails=True)
    assert "no node is running" in await kubectl.run("exec", "p", "--", "ls", fails=True)
    assert "ephemeral containers are disabled" in await kubectl.run("debug", "p", "--image=x", fails=True)


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (MANIFEST.replace("name: settings", "name: Settings_1"), "a lowercase RFC 1123 subdomain must consist of"),
        (MANIFEST.replace("port: 80", "port: 70000"), "spec.ports[0].port: Invalid value: 70000: must be between 1"),
        (MANIFEST.replace('a: "1"', f"a: {'x' * 1_100_000}"), "Too long: may not be more than 1048576 bytes"),
        (MANIFEST.replace("data:", "data"), "error converting YAML to JSON"),
    ],
    ids=["name", "port", "size", "yaml"],
)
async def test_bad_manifests_are_refused_in_words(kubectl: Kubectl, manifest: str, words: str) -> None:
    assert words in await kubectl.run("create", "-f", "-", stdin=manifest, fails=True)
