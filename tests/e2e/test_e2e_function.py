"""A function's life through the front door: deploy, call, route, scale, update, delete."""

import json
from pathlib import Path

import pytest

from support.localplatform import LocalPlatform, eventually

ECHO = "def run(event, context):\n    return event['data']\n"
WHO = "import os\n\n\ndef who(event, context):\n    return os.environ['FUNC_HOST']\n"


def source(platform: LocalPlatform, name: str, code: str) -> str:
    """Write a source file into the platform's folder and give its name."""
    (platform.folder / name).write_text(code)
    return name


def deploy(platform: LocalPlatform, name: str, code: str, handler: str, *more: str) -> None:
    """Deploy a Python function and wait until it is ready."""
    file = source(platform, f"{name}.py", code)
    arguments = ("--runtime", "python3.11", "--handler", handler, "--from-file", file, "--wait", *more)
    platform.kubeless("function", "deploy", name, *arguments)


def test_a_deployed_function_answers_a_call_with_exactly_what_it_returned(platform: LocalPlatform) -> None:
    deploy(platform, "echo", ECHO, "echo.run")
    result = platform.kubeless("function", "call", "echo", "--data", "Hello Kubeless!")
    assert result.stdout == "Hello Kubeless!\n"


def test_a_route_reaches_the_function_by_host_and_path(platform: LocalPlatform) -> None:
    deploy(platform, "routed", ECHO, "routed.run")
    route = ("--function-name", "routed", "--path", "routed", "--hostname", "127.0.0.1.nip.io")
    platform.kubeless("trigger", "http", "create", "routed", *route)
    eventually(lambda: platform.http("POST", "/routed", host="127.0.0.1.nip.io", data=b"hi").status == 200)
    assert platform.http("POST", "/routed", host="127.0.0.1.nip.io", data=b"hi").body == "hi"
    unknown = platform.http("POST", "/routed", host="elsewhere.example", data=b"hi")
    assert unknown.status == 404
    assert "elsewhere.example" in unknown.body


def test_every_function_is_reachable_by_namespace_and_name_on_the_local_gateway(platform: LocalPlatform) -> None:
    deploy(platform, "direct", ECHO, "direct.run")
    eventually(lambda: platform.http("POST", "/default/direct", data=b"hi").body == "hi")


def test_all_replicas_answer_after_kubectl_scale(platform: LocalPlatform) -> None:
    deploy(platform, "who", WHO, "who.who")
    platform.kubectl("scale", "deployment/who", "--replicas=3")
    platform.kubectl("rollout", "status", "deployment/who", "--timeout=30s")
    answers: set[str] = set()

    def all_three_answered() -> bool:
        answers.add(platform.http("GET", "/default/who").body)
        return len(answers) == 3

    eventually(all_three_answered)
    platform.kubeless("function", "update", "who", "--env", "A=1", "--wait")
    replicas = platform.kubectl("get", "deployment/who", "-o", "jsonpath={.spec.replicas}").stdout
    assert replicas == "3", "an update of the function must not undo the scaling"


def test_an_update_changes_the_answer_and_keeps_what_it_does_not_name(platform: LocalPlatform) -> None:
    deploy(platform, "changing", ECHO, "changing.run", "--timeout", "7", "--env", "COLOUR=blue")
    answer = "import os\n\n\ndef run(event, context):\n    return f\"{os.environ['COLOUR']} {context['timeout']}\"\n"
    file = source(platform, "changed.py", answer)
    platform.kubeless("function", "update", "changing", "--from-file", file, "--wait")
    assert platform.kubeless("function", "call", "changing").stdout == "blue 7.0\n"


def test_nothing_is_left_of_a_deleted_function(platform: LocalPlatform) -> None:
    deploy(platform, "gone", ECHO, "gone.run")
    assert platform.kubectl("get", "pods", "-l", "function=gone", "-o", "name").stdout
    platform.kubectl("delete", "function", "gone")
    kinds = "functions,configmaps,services,endpoints,endpointslices,deployments,replicasets,pods"
    left = ("get", kinds, "-l", "function=gone", "-o", "name")
    eventually(lambda: platform.kubectl(*left).stdout == "")
    eventually(lambda: not any("gone" in process for process in platform.processes()))


def test_a_manifest_applied_with_kubectl_becomes_ready(platform: LocalPlatform) -> None:
    manifest = Path(__file__).parents[2] / "examples" / "hello.yaml"
    platform.kubectl("apply", "-f", str(manifest))
    platform.kubectl("wait", "--for=condition=Ready", "function/hello", "--timeout=20s")
    eventually(lambda: platform.http("GET", "/hello").body == "hello world")


def test_logs_show_what_the_function_prints(platform: LocalPlatform) -> None:
    code = "def speak(event, context):\n    print('spoken:', event['data'].decode())\n    return 'ok'\n"
    deploy(platform, "speaker", code, "speaker.speak")
    platform.kubeless("function", "call", "speaker", "--data", "a word")
    eventually(lambda: "spoken: a word" in platform.kubeless("function", "logs", "speaker").stdout)
    assert "spoken: a word" in platform.kubectl("logs", "-l", "function=speaker", "--tail=-1").stdout


def test_list_and_describe_show_the_function(platform: LocalPlatform) -> None:
    deploy(platform, "listed", ECHO, "listed.run")
    table = platform.kubeless("function", "ls").stdout.splitlines()
    assert table[0].split() == ["NAME", "NAMESPACE", "HANDLER", "RUNTIME", "DEPENDENCIES", "STATUS"]
    row = next(line for line in table if line.startswith("listed"))
    assert row.split() == ["listed", "default", "listed.run", "python3.11", "1/1", "READY"]
    objects = json.loads(platform.kubeless("function", "ls", "listed", "-o", "json").stdout)
    assert [item["metadata"]["name"] for item in objects] == ["listed"]


@pytest.mark.parametrize(
    ("name", "code", "handler", "reason"),
    [
        ("syntax", "def run(:\n", "syntax.run", "SyntaxError"),
        ("missing", "value = 1\n", "missing.run", "run"),
        ("raising", "raise RuntimeError('no database')\n", "raising.run", "no database"),
    ],
)
def test_a_function_that_cannot_start_fails_to_deploy_and_says_why(
    platform: LocalPlatform, name: str, code: str, handler: str, reason: str
) -> None:
    file = source(platform, f"{name}.py", code)
    arguments = ("--runtime", "python3.11", "--handler", handler, "--from-file", file, "--wait")
    result = platform.kubeless("function", "deploy", name, *arguments, check=False)
    assert result.returncode == 1
    assert reason in result.stderr
    message = platform.kubectl("get", f"function/{name}", "-o", "jsonpath={.status.conditions[?(@.type=='Ready')]}")
    assert json.loads(message.stdout)["status"] == "False"
    assert reason in message.stdout


def test_a_stuck_call_times_out_and_the_function_goes_on(platform: LocalPlatform) -> None:
    code = "def run(event, context):\n    while event['data'] == b'hang':\n        pass\n    return 'fine'\n"
    deploy(platform, "stuck", code, "stuck.run", "--timeout", "1")
    hung = platform.http("POST", "/default/stuck", data=b"hang")
    assert (hung.status, "Timeout while processing the function" in hung.body) == (408, True)
    assert platform.http("POST", "/default/stuck", data=b"go").body == "fine"
    called = platform.kubeless("function", "call", "stuck", "--data", "hang", check=False)
    assert called.returncode == 1
    assert "Request timeout exceeded" in called.stderr


def test_dependencies_are_installed_and_a_missing_one_is_named(platform: LocalPlatform) -> None:
    code = "import six\n\n\ndef run(event, context):\n    return six.__version__\n"
    missing = source(platform, "missing.txt", "there-is-no-such-package-as-this==1\n")
    file = source(platform, "needy.py", code)
    arguments = ("--runtime", "python3.11", "--handler", "needy.run", "--from-file", file, "--wait")
    result = platform.kubeless("function", "deploy", "needy", *arguments, "--dependencies", missing, check=False)
    assert result.returncode == 1
    assert "InstallFailed" in result.stderr
    assert "there-is-no-such-package-as-this" in result.stderr

    wanted = source(platform, "wanted.txt", "six==1.17.0\n")
    platform.kubeless("function", "update", "needy", "--dependencies", wanted, "--wait")
    assert platform.kubeless("function", "call", "needy").stdout == "1.17.0\n"
