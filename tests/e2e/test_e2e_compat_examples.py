"""
The examples of old Kubeless: each deployed by the command line that its scripts use, and checked by the pattern they
grep for. A runtime that this machine lacks is skipped with the word of the catalog.
"""

import re
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from kubeless.runtimes.catalog import resolve
from kubeless.runtimes.localruntime import RuntimeNotAvailable
from kubeless.runtimes.locate import locate
from support.localplatform import LocalPlatform, eventually, logs

EXAMPLES = Path(__file__).parents[2] / "examples"
ALIVE = ("--data", '{"it-s": "alive"}')


class Example(NamedTuple):
    """A target of the old makefile: `function deploy <target>` with these flags, then `function call`."""

    target: str
    runtime: str
    handler: str
    source: str
    pattern: str
    more: Sequence[str] = ()
    data: Sequence[str] = ()


HELLO = "hello.world"
PYTHON = ("python3.7", "helloget.foo", "python/helloget.py", HELLO)
PYTHON_DEPS = ("python3.7", "hellowithdeps.foo")
WITH_SIX = ("--dependencies", "python/requirements.txt")
NODEJS = ("nodejs10", "helloget.foo", "nodejs/helloget.js", HELLO)
PACKAGE = ("--dependencies", "nodejs/package.json")
HELLO_DATA = ("--data", '{"hello": "world"}')

TARGETS = (
    Example("get-python", *PYTHON),
    Example("get-python-deps", *PYTHON_DEPS, "hellowithdeps.zip", "Google", WITH_SIX),
    Example("get-python-deps-tar-gz", *PYTHON_DEPS, "hellowithdeps.tar.gz", "Google", WITH_SIX),
    Example("get-python-deps-tar-bz2", *PYTHON_DEPS, "hellowithdeps.tar.bz2", "Google", WITH_SIX),
    Example("get-python-deps-tar-xz", *PYTHON_DEPS, "hellowithdeps.tar.xz", "Google", WITH_SIX),
    Example("get-python-custom-port", *PYTHON, ("--port", "8081")),
    Example("post-python", "python3.7", "hellowithdata.handler", "python/hellowithdata.py", "it.*alive", (), ALIVE),
    Example("python-preload", "python3.7", "preload.handler", "python/preload.py", HELLO, ("--timeout", "3")),
    Example("get-nodejs", *NODEJS),
    Example("get-nodejs-custom-port", *NODEJS, ("--port", "8083")),
    Example("get-nodejs-stream", "nodejs10", "hellostream.foo", "nodejs/hellostream.js", HELLO, PACKAGE),
    Example(
        "get-nodejs-deps",
        "nodejs10",
        "helloget.handler",
        "nodejs/hellowithdeps.js",
        "hello.*world.*date.*UTC",
        PACKAGE,
        HELLO_DATA,
    ),
    Example("get-nodejs-multi", "nodejs10", "index.helloGet", "helloFunctions.zip", HELLO),
    Example("post-nodejs", "nodejs10", "hellowithdata.handler", "nodejs/hellowithdata.js", "it.*alive", (), ALIVE),
    Example("get-nodejs-distroless", "nodejs_distroless8", *NODEJS[1:]),
    Example("get-go", "go1.14", "handler.Foo", "go/helloget.go", "Hello.world"),
    Example("get-go-custom-port", "go1.14", "helloget.Foo", "go/helloget.go", "Hello.world", ("--port", "8083")),
    Example("post-go", "go1.14", "hellowithdata.Handler", "go/hellowithdata.go", "it.*alive", (), ALIVE),
    Example("get-java", "java1.8", "Foo.foo", "java/Foo.java", "Hello.world"),
    Example(
        "post-java",
        "java1.8",
        "HelloWithData.sayHello",
        "java/HelloWithData.java",
        "its.*alive",
        (),
        ("--data", '{"its": "alive"}'),
    ),
    Example("get-ruby", "ruby2.4", "helloget.foo", "ruby/helloget.rb", HELLO),
    Example("get-ruby-custom-port", "ruby2.4", "helloget.foo", "ruby/helloget.rb", HELLO, ("--port", "8082")),
    Example("post-ruby", "ruby2.4", "hellowithdata.handler", "ruby/hellowithdata.rb", "it.*alive", (), ALIVE),
    Example("get-php", "php7.2", "helloget.foo", "php/helloget.php", "hello world"),
    Example("post-php", "php7.2", "hellowithdata.foo", "php/hellowithdata.php", "it.*alive", (), ALIVE),
)


@pytest.fixture(scope="module")
def examples(platform: LocalPlatform) -> LocalPlatform:
    """The folders of examples, and the archives that the makefile packed of them, where the commands are run."""
    for folder in ("python", "nodejs", "go", "java", "ruby", "php"):
        link = platform.folder / folder
        if not link.exists():
            link.symlink_to(EXAMPLES / folder)
    members = [EXAMPLES / "python" / name for name in ("hellowithdeps.py", "hellowithdepshelper.py")]
    pack_zip(platform.folder / "hellowithdeps.zip", members)
    pack_zip(platform.folder / "helloFunctions.zip", sorted((EXAMPLES / "nodejs").glob("*.js")))
    for kind in ("gz", "bz2", "xz"):
        with tarfile.open(str(platform.folder / f"hellowithdeps.tar.{kind}"), f"w:{kind}") as archive:  # type: ignore[call-overload]
            for member in members:
                archive.add(member, member.name)
    return platform


def pack_zip(target: Path, members: Sequence[Path]) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for member in members:
            archive.write(member, member.name)


def skip_unless_here(runtime: str, source: str, folder: Path) -> None:
    try:
        locate(resolve(runtime))
    except RuntimeNotAvailable as error:
        pytest.skip(str(error))
    if not (folder / source).exists():
        pytest.skip(f"there is no example {source}")


def deploy(platform: LocalPlatform, name: str, runtime: str, handler: str, source: str, *more: str) -> None:
    settings = ("--runtime", runtime, "--handler", handler, "--from-file", source)
    platform.kubeless("function", "deploy", name, *settings, *more, "--wait", "--wait-timeout", "80")


@pytest.mark.parametrize("example", TARGETS, ids=lambda example: example.target)
def test_an_example_answers_as_its_script_expects(examples: LocalPlatform, example: Example) -> None:
    skip_unless_here(example.runtime, example.source, examples.folder)
    deploy(examples, example.target, example.runtime, example.handler, example.source, *example.more)
    answer = examples.kubeless("function", "call", example.target, *example.data).stdout
    assert re.search(example.pattern, answer)
    if "--port" in example.more:
        service = examples.kubectl("get", f"service/{example.target}", "-o", "yaml").stdout
        assert f"targetPort: {example.more[1]}" in service
    if example.target in ("post-python", "post-nodejs", "post-ruby"):
        assert_event_logged(examples, example.target, "it.*alive", "Z", "cli.kubeless.io")
    if example.target not in ("get-python", "get-python-deps"):
        examples.kubeless("function", "delete", example.target)
        gone = ("get", "functions", example.target)
        assert examples.kubectl(*gone, check=False).returncode != 0


def assert_event_logged(platform: LocalPlatform, name: str, data: str, time: str, namespace: str) -> None:
    """As the scripts grep it in the log of a function that prints its event."""
    patterns = (
        data,
        f"event-time.*{time}",
        "event-type.*application/json",
        f"event-namespace.*{namespace}",
        "event-id.*",
    )
    eventually(lambda: all(re.search(pattern, logs(platform, name)) for pattern in patterns))


def test_metrics_and_updates_of_a_python_function(examples: LocalPlatform) -> None:
    """The targets that go on with `get-python` and `get-python-deps`."""
    top = examples.kubeless("function", "top", "--function", "get-python", "--out", "yaml").stdout
    assert re.search("total_calls.*[1-100000]", top)
    (examples.folder / "updated.py").write_text("def foo(event, context):\n    return 'hello world updated'\n")
    examples.kubeless("function", "update", "get-python", "--from-file", "updated.py", "--wait")
    answer = examples.kubeless("function", "call", "get-python").stdout
    assert re.search("hello.world.updated", answer)
    (examples.folder / "more.txt").write_text("six==1.17.0\nidna==3.10\n")
    examples.kubeless("function", "update", "get-python-deps", "--dependencies", "more.txt", "--wait")
    assert re.search("Google", examples.kubeless("function", "call", "get-python-deps").stdout)


def test_environment_labels_and_memory_reach_the_pod(examples: LocalPlatform) -> None:
    metadata = ("--env", "foo:bar,bar=foo", "--memory", "128Mi", "--label", "foo:bar,bar=foo,foobar")
    deploy(examples, "get-python-metadata", *PYTHON[:3], *metadata)
    assert re.search(HELLO, examples.kubeless("function", "call", "get-python-metadata").stdout)
    pod = ("get", "pod", "-l", "function=get-python-metadata", "-o")
    env = examples.kubectl(*pod, "jsonpath={.items[0].spec.containers[0].env}").stdout
    assert '"name":"foo","value":"bar"' in env
    assert '"name":"bar","value":"foo"' in env
    labels = examples.kubectl(*pod, "jsonpath={.items[0].metadata.labels}").stdout
    for label in ('"foo":"bar"', '"bar":"foo"', '"foobar":""'):
        assert label in labels


def test_an_endless_call_is_ended(examples: LocalPlatform) -> None:
    (examples.folder / "endless.py").write_text("def foo(event, context):\n    while True:\n        pass\n")
    deploy(examples, "timeout-python", "python3.7", "helloget.foo", "endless.py", "--timeout", "3")
    ended = examples.kubeless("function", "call", "timeout-python", check=False)
    assert re.search("Request.timeout.exceeded", ended.stdout + ended.stderr)
    assert ended.returncode == 1


def test_records_reach_every_function_that_a_selector_means(examples: LocalPlatform) -> None:
    examples.kubeless("topic", "create", "s3-python")
    source = ("python3.7", "pubsub.handler", "python/hellowithdata.py")
    deploy(examples, "pubsub-python", *source)
    names = [f"kafka-python-func{number}-topic-s3-python" for number in (1, 2)]
    for name in names:
        deploy(examples, name, *source, "--label", "topic=s3-python")
    create = ("trigger", "kafka", "create")
    one = "created-by=kubeless,function=pubsub-python"
    both = "created-by=kubeless,topic=s3-python"
    examples.kubeless(*create, "pubsub-python", "--function-selector", one, "--trigger-topic", "s3-python")
    examples.kubeless(*create, "s3-python-kafka-trigger", "--function-selector", both, "--trigger-topic", "s3-python")
    listed = examples.kubeless("trigger", "kafka", "list").stdout
    assert re.search(r"\bs3-python-kafka-trigger\b", listed)
    examples.kubeless("topic", "publish", "--topic", "s3-python", "--data", '{"payload":"token-1"}')
    for name in ("pubsub-python", *names):
        assert_event_logged(examples, name, "token-1", "UTC", "kafkatriggers.kubeless.io")
    assert "s3-python" in examples.kubeless("topic", "list").stdout.splitlines()
    examples.kubeless("topic", "create", "s3-python-2")
    examples.kubeless("trigger", "kafka", "update", "pubsub-python", "--trigger-topic", "s3-python-2")
    ready = 'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.observedGeneration}'
    eventually(lambda: examples.kubectl("get", "kafkatrigger/pubsub-python", "-o", ready).stdout == "True 2")
    examples.kubeless("topic", "publish", "--topic", "s3-python-2", "--data", '{"payload":"token-2"}')
    eventually(lambda: "token-2" in logs(examples, "pubsub-python"))
    examples.kubeless("topic", "delete", "s3-python-2")
    assert "s3-python-2" not in examples.kubeless("topic", "list").stdout.splitlines()


def test_messages_of_many_subjects_reach_one_function(examples: LocalPlatform) -> None:
    name = "nats-python-func-multi-topic"
    deploy(examples, name, "python3.7", "pubsub.handler", "python/hellowithdata.py", "--label", f"func={name}")
    for topic in ("topic1", "topic2"):
        selector = ("--function-selector", f"created-by=kubeless,func={name}")
        trigger = f"nats-python-trigger-{topic}"
        examples.kubeless("trigger", "nats", "create", trigger, *selector, "--trigger-topic", topic)
        examples.kubectl("wait", "--for=condition=Ready", f"natstrigger/{trigger}", "--timeout=30s")
    url = examples.status["addresses"]["nats"]
    for topic in ("topic1", "topic2"):
        publish = ("trigger", "nats", "publish", "--url", url, "--topic", topic)
        examples.kubeless(*publish, "--message", f'{{"payload":"for {topic}"}}')
        assert_event_logged(examples, name, f"for {topic}", "UTC", "natstriggers.kubeless.io")


def test_a_rule_of_autoscaling_is_listed_and_acted_on(examples: LocalPlatform) -> None:
    deploy(examples, "scaled-python", *PYTHON[:3])
    rule = ("--value", "10", "--min", "3", "--max", "3")
    made = examples.kubeless("autoscale", "create", "scaled-python", *rule)
    assert "Adding autoscaling rule to the function..." in made.stderr
    assert re.search(r"\bscaled-python\b", examples.kubeless("autoscale", "list").stdout)
    told = "jsonpath={.spec.scaleTargetRef.name}:{.spec.metrics[0].resource.target.averageUtilization}:"
    numbers = "{.spec.minReplicas}:{.spec.maxReplicas}"
    hpa = ("get", "hpa", "scaled-python", "-o", told + numbers)
    eventually(lambda: examples.kubectl(*hpa, check=False).stdout == "scaled-python:10:3:3")
    examples.kubeless("autoscale", "delete", "scaled-python")
    eventually(lambda: examples.kubectl(*hpa, check=False).returncode != 0)


def test_routes_are_made_changed_and_deleted(examples: LocalPlatform) -> None:
    name = "ing-get-python"
    deploy(examples, "routed-python", *PYTHON[:3])
    route = ("--function-name", "routed-python", "--hostname", "test.domain")
    examples.kubeless("trigger", "http", "create", name, *route)
    assert re.search(rf"\b{name}\b", examples.kubeless("trigger", "http", "list").stdout)
    eventually(lambda: re.search("hello.*world", examples.http("GET", "/", host="test.domain").body))
    examples.kubeless("trigger", "http", "update", name, *route[:3], "test.domain-updated")
    eventually(lambda: re.search("hello.*world", examples.http("GET", "/", host="test.domain-updated").body))
    assert examples.http("GET", "/", host="test.domain").status == 404
    examples.kubeless("trigger", "http", "delete", name)
    assert examples.kubectl("get", "httptrigger", name, check=False).returncode != 0
    eventually(lambda: examples.http("GET", "/", host="test.domain-updated").status == 404)


def test_schedules_are_made_changed_and_deleted(examples: LocalPlatform) -> None:
    deploy(examples, "scheduled-python", *PYTHON[:3])
    cronjob = ("trigger", "cronjob")
    examples.kubeless(*cronjob, "create", "often", "--function", "scheduled-python", "--schedule", "*/2 * * * * *")
    assert re.search(r"often.*\*/2 \* \* \* \* \*", examples.kubeless(*cronjob, "list").stdout)
    eventually(lambda: re.search(r'"(GET|POST) / HTTP/1.1" 200', logs(examples, "scheduled-python")))
    examples.kubeless(*cronjob, "update", "often", "--function", "scheduled-python", "--schedule", "*/60 * * * *")
    assert "*/60 * * * *" in examples.kubeless(*cronjob, "list").stdout
    examples.kubeless(*cronjob, "delete", "often")
    assert examples.kubectl("get", "cronjobtrigger", "often", check=False).returncode != 0
