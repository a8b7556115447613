"""The commands of the introduction to Kubeless, one after the other, and what it promises of each."""

import base64
import io
import json
import zipfile

import pytest

from support.localplatform import LocalPlatform, eventually, logs

HELLO = "def hello(event, context):\n    print event\n    return event['data']\n"
FOO = "def foo(event, context):\n    print event\n    return event['data']\n"
PUB_SUB = "def foobar(event, context):\n    print event['data']\n    return event['data']\n"
MANIFEST = """\
apiVersion: kubeless.io/v1beta1
kind: Function
metadata: {name: function}
spec:
  runtime: python2.7
  handler: hello.handler
  function: |
    import json
    def handler():
        return "hello world"
"""


@pytest.fixture(scope="module", autouse=True)
def _sources(platform: LocalPlatform) -> None:
    platform.folder.joinpath("hello.py").write_text(HELLO)
    platform.folder.joinpath("pub-sub-function.py").write_text(PUB_SUB)
    platform.folder.joinpath("requirements.txt").write_text("six==1.17.0\n")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("hello.py", "import six\n\n\ndef foo(event, context):\n    return six.__version__\n")
    platform.folder.joinpath("hello.zip").write_bytes(packed.getvalue())


def call(platform: LocalPlatform, name: str, *data: str) -> str:
    return platform.kubeless("function", "call", name, *data, check=False).stdout


def read(platform: LocalPlatform, *what: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(platform.kubectl("get", *what, "-o", "json").stdout)
    return found


def test_01_a_function_is_deployed_with_its_labels_and_three_lines(platform: LocalPlatform) -> None:
    arguments = ("--runtime", "python2.7", "--from-file", "hello.py", "--handler", "hello.hello")
    told = platform.kubeless("function", "deploy", "hello", *arguments).stderr
    for line in (
        "Deploying function...",
        "Function hello submitted for deployment",
        "Check the deployment status executing 'kubeless function ls hello'",
    ):
        assert line in told
    selected = platform.kubectl("get", "functions", "-l", "created-by=kubeless,function=hello", "-o", "name").stdout
    assert selected == "function.kubeless.io/hello\n"
    platform.kubectl("wait", "--for=condition=Ready", "function/hello", "--timeout=30s")
    platform.kubectl("get", "configmap/hello", "service/hello", "deployment/hello")


def test_02_list_and_describe_show_it(platform: LocalPlatform) -> None:
    assert "1/1 READY" in platform.kubeless("function", "ls", "hello").stdout
    rows = platform.kubeless("function", "describe", "hello").stdout
    labels = ("Name:", "Namespace:", "Handler:", "Runtime:", "Label:", "Envvar:", "Memory:", "Dependencies:")
    assert [line.split("\t")[0].strip() for line in rows.splitlines()][: len(labels)] == list(labels)


def test_03_a_call_answers_and_is_printed_in_the_log(platform: LocalPlatform) -> None:
    assert call(platform, "hello", "--data", "Hello Kubeless!") == "Hello Kubeless!\n"
    eventually(lambda: "application/x-www-form-urlencoded" in logs(platform, "hello"))


def test_04_top_counts_the_call(platform: LocalPlatform) -> None:
    header, *rows = platform.kubeless("function", "top", "--function", "hello").stdout.splitlines()
    assert header.split() == [
        "NAME",
        "NAMESPACE",
        "METHOD",
        "TOTAL_CALLS",
        "TOTAL_FAILURES",
        "TOTAL_DURATION_SECONDS",
        "AVG_DURATION_SECONDS",
        "MESSAGE",
    ]
    assert rows[0].split()[:5] == ["hello", "default", "POST", "1", "0"]


def test_05_what_was_never_deployed_cannot_be_updated(platform: LocalPlatform) -> None:
    missing = platform.kubeless("function", "update", "absent-python", "--from-file", "hello.py", check=False)
    assert (missing.returncode, "Function absent-python is not found" in missing.stderr) == (1, True)
    platform.folder.joinpath("hello-2.py").write_text(HELLO.replace("event['data']", "'new'"))
    platform.kubeless("function", "update", "hello", "--from-file", "hello-2.py", "--wait")
    assert call(platform, "hello") == "new\n"


def test_06_an_archive_is_unpacked_and_its_dependencies_installed(platform: LocalPlatform) -> None:
    source = ("--from-file", "hello.zip", "--dependencies", "requirements.txt")
    name = "article-python-deps"
    platform.kubeless("function", "deploy", name, "--runtime", "python2.7", "--handler", "hello.foo", *source, "--wait")
    spec = read(platform, "function", name)["spec"]
    assert isinstance(spec, dict)
    assert spec["function-content-type"] == "base64+zip"
    assert base64.b64decode(spec["function"]).startswith(b"PK")
    assert call(platform, name) == "1.17.0\n"


def test_07_a_function_listens_on_the_port_that_is_asked_for(platform: LocalPlatform) -> None:
    platform.folder.joinpath("foo.py").write_text(FOO)
    source = ("--handler", "foo.foo", "--from-file", "foo.py", "--port", "8081")
    platform.kubeless("function", "deploy", "article-port", "--runtime", "python2.7", *source, "--wait")
    ports = platform.kubectl("get", "service/article-port", "-o", "jsonpath={.spec.ports[0]}").stdout
    assert (json.loads(ports)["port"], json.loads(ports)["targetPort"]) == (8081, 8081)
    template = platform.kubectl("get", "deployment/article-port", "-o", "jsonpath={.spec.template}").stdout
    assert '"prometheus.io/port":"8081"' in template
    assert {"name": "FUNC_PORT", "value": "8081"} in json.loads(template)["spec"]["containers"][0]["env"]
    assert call(platform, "article-port", "--data", "x") == "x\n"


def test_08_a_schedule_makes_a_trigger_of_the_same_name(platform: LocalPlatform) -> None:
    source = ("--handler", "foo.foo", "--from-file", "foo.py", "--schedule", "* * * * *")
    platform.kubeless("function", "deploy", "article-scheduled", "--runtime", "python2.7", *source)
    listed = platform.kubeless("trigger", "cronjob", "list").stdout
    row = next(line for line in listed.splitlines() if line.startswith("article-scheduled"))
    assert [cell.strip() for cell in row.split("\t")][2:4] == ["* * * * *", "article-scheduled"]


def test_09_a_bare_manifest_whose_handler_takes_nothing_answers(platform: LocalPlatform) -> None:
    platform.kubectl("create", "-f", "-", stdin=MANIFEST)
    platform.kubectl("wait", "--for=condition=Ready", "function/function", "--timeout=30s")
    assert call(platform, "function") == "hello world\n"


def test_10_a_file_with_one_function_answers_to_any_handler(platform: LocalPlatform) -> None:
    """The handler names `hello`, the file defines `foobar` alone: there is no other that could be meant."""
    source = ("--handler", "test.hello", "--from-file", "pub-sub-function.py", "--wait")
    platform.kubeless("function", "deploy", "hello-kafka", "--runtime", "python2.7", *source)
    assert call(platform, "hello-kafka", "--data", "x") == "x\n"


def test_11_to_13_a_record_of_a_topic_reaches_the_function(platform: LocalPlatform) -> None:
    selector = ("--function-selector", "created-by=kubeless,function=hello-kafka")
    made = platform.kubeless("trigger", "kafka", "create", "hello", *selector, "--trigger-topic", "hello-topic")
    assert "Kafka trigger hello created in namespace default successfully!" in made.stderr
    assert platform.kubeless("topic", "create", "hello-topic").stdout == 'Created topic "hello-topic".\n'
    platform.kubeless("topic", "publish", "--topic", "hello-topic", "--data", "Hello Kafka!")
    eventually(lambda: "Hello Kafka!" in logs(platform, "hello-kafka"))


def test_14_to_16_a_message_on_another_subject_is_published_and_not_delivered(platform: LocalPlatform) -> None:
    name = "pubsub-python-nats"
    source = ("--handler", "pubsub.foobar", "--from-file", "pub-sub-function.py", "--wait")
    platform.kubeless("function", "deploy", name, "--runtime", "python2.7", *source)
    selector = ("--function-selector", f"created-by=kubeless,function={name}")
    platform.kubeless("trigger", "nats", "create", name, *selector, "--trigger-topic", "hello-nats")
    server = platform.status["addresses"]["nats"].removeprefix("nats://")
    platform.kubectl("wait", "--for=condition=Ready", f"natstrigger/{name}", "--timeout=30s")
    publish = ("trigger", "nats", "publish", "--url", server)
    told = platform.kubeless(*publish, "--topic", "test", "--message", "Hello World!").stderr
    assert "Published [test] : 'Hello World!'" in told
    platform.kubeless(*publish, "--topic", "hello-nats", "--message", "after it")
    eventually(lambda: "after it" in logs(platform, name))
    assert "Hello World!" not in logs(platform, name)
