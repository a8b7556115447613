"""What is wrong on a command line: told in a sentence, with an exit code, and the cluster stays as it was."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.localplatform import LocalPlatform, eventually
from support.typed import CommandLine, Typed

KINDS = "functions,httptriggers,kafkatriggers,natstriggers,cronjobtriggers,configmaps,services,deployments,hpa"
LONG = "n" * 63
DEPLOY = ("function", "deploy", "wrong", "--runtime", "python3.11", "--handler", "app.run", "-f", "app.py")
SELECTED = ("--function-selector", "function=there", "--trigger-topic", "t")


@pytest.fixture
def kubeless(
    platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """The command line in the platform's folder."""
    monkeypatch.setenv("KUBECONFIG", str(platform.folder / ".kubeless" / "kubeconfig"))
    monkeypatch.chdir(platform.folder)
    Path("app.py").write_text("def run(event, context):\n    return 'fine'\n")
    return CommandLine(capsys)


def names(platform: LocalPlatform, namespace: str = "default") -> str:
    return platform.kubectl("get", KINDS, "-n", namespace, "-o", "name").stdout


def objects(platform: LocalPlatform, kind: str) -> dict[str, object]:
    """The specs by name; statuses change by themselves."""
    found = json.loads(platform.kubectl("get", kind, "-o", "json").stdout)
    return {each["metadata"]["name"]: each.get("spec") or each.get("data") for each in found["items"]}


def said(typed: Typed) -> str:
    return " ".join((*typed.told, typed.err))


WRONG_VALUES = [
    ((*DEPLOY, "--port", "0"), 1, "Invalid port number 0 specified"),
    ((*DEPLOY, "--port", "65536"), 1, "Invalid port number 65536 specified"),
    ((*DEPLOY, "--port", "http"), 1, "--port"),
    ((*DEPLOY, "--servicePort", "-1"), 1, "Invalid servicePort number -1 specified"),
    ((*DEPLOY, "--memory", "lots"), 1, "Wrong format of the memory value"),
    ((*DEPLOY, "--cpu", "1 core"), 1, "Wrong format for cpu value"),
    ((*DEPLOY, "--image-pull-policy", "Sometimes"), 1, "image-pull-policy must be {IfNotPresent|Always|Never}"),
    ((*DEPLOY, "--schedule", "* * *"), 1, "Invalid value for --schedule. "),
    ((*DEPLOY, "--timeout", "soon"), 1, "soon"),
    ((*DEPLOY, "--env", '"A=1'), 1, "is not a comma separated list"),
    ((*DEPLOY, "--label", "=x"), 1, "a pair needs a key"),
    ((*DEPLOY, "--label", "a=not a value!"), 1, "Failed to deploy wrong. Received:"),
    ((*DEPLOY, "--secrets", "Not_A_Name"), 1, "in --secrets; give names of"),
    ((*DEPLOY[:-1], "absent.py"), 1, "cannot read absent.py: No such file"),
    ((*DEPLOY, "--dependencies", "absent.txt"), 1, "cannot read absent.txt: No such file"),
    ((*DEPLOY[:3], "--runtime", "python3.11"), 1, "You must specify handler for the runtime."),
    (DEPLOY[:3], 1, "Either `--runtime` or `--runtime-image` flag must be specified."),
    ((*DEPLOY[:5], "--handler", "nodot", "-f", "app.py"), 1, "incorrect handler format"),
    (("function", "deploy", "Wrong_Name", *DEPLOY[3:]), 1, "Failed to deploy Wrong_Name. Received:"),
    (("function", "deploy", "n" * 64, *DEPLOY[3:]), 1, "Failed to deploy nnn"),
    (("function", "logs", "there", "--tail", "-1"), 1, "--tail"),
    (("function", "logs", "there", "--since", "yesterday"), 1, "is no duration"),
    (("function", "top", "-o", "xml"), 1, "Wrong output format. Please use only json|yaml"),
    (("autoscale", "create", "there", "--value", "many"), 1, "--value"),
    (("autoscale", "create", "there", "--value", "1", "--min", "0"), 1, "min can't be negative or zero"),
    (("autoscale", "create", "there", "--value", "1", "--min", "2"), 1, "max must be greater than or equal to min"),
    (("autoscale", "create", "there", "--value", "1", "--metric", "x"), 1, "only supported metrics: cpu, qps"),
    (("autoscale", "create", "there"), 1, 'required flag(s) "value" not set'),
    (("trigger", "kafka", "create", "wrong", "--trigger-topic", "t"), 1, 'flag(s) "function-selector" not set'),
    (("trigger", "kafka", "create", "wrong", *SELECTED[:3], "not/a topic"), 1, "not/a topic"),
    (("trigger", "nats", "create", "wrong", *SELECTED[:3], "a..b"), 1, "a..b"),
    (
        ("trigger", "nats", "create", "wrong", *SELECTED, "-o", "x", "--dryrun"),
        1,
        "Output format needs to be yaml or json",
    ),
    (("trigger", "http", "create", "wrong", "--function-name", "there", "--gateway", "x"), 1, "Unsupported gateway x"),
    (
        ("trigger", "http", "create", "wrong", "--function-name", "there", "--enableTLSAcme", "--tls-secret", "s"),
        1,
        "Cannot specify both --enableTLSAcme and --tls-secret",
    ),
    (
        ("trigger", "http", "create", "wrong", "--function-name", "there", "--hostname", "no host"),
        1,
        "for --hostname; give one",
    ),
    (
        ("trigger", "cronjob", "create", "wrong", "--function", "there", "--schedule", "61 * * * *"),
        1,
        "Invalid value for --schedule. ",
    ),
    (
        ("trigger", "cronjob", "create", "wrong", "--function", "there", "--schedule", "@daily", "-p", "{"),
        1,
        "payload",
    ),
    (
        ("trigger", "cronjob", "create", "wrong", "--function", "there", "--schedule", "@daily", "-p", "{}", "-f", "x"),
        1,
        "You can't provide both raw payload and a payload file",
    ),
    (("trigger", "kinesis", "create", "wrong"), 1, "not supported"),
    (("topic", "create", "not/a/topic"), 1, "not/a/topic"),
    (("topic", "publish"), 1, "give either --data or --file"),
    (("topic", "list", "--kafka-namespace", "nowhere"), 1, "nowhere"),
    (("completion", "tcsh"), 1, "tcsh"),
    (("migrate",), 1, "give either --filename or --cluster"),
    (("explain", "pod/x"), 1, "is not <kind>/<name>"),
]

UNKNOWN = [
    (("function", "update", "absent", "--timeout", "5"), "Function absent is not found"),
    (("function", "delete", "absent"), "absent"),
    (("function", "describe", "absent"), "absent"),
    (("function", "list", "absent"), "Error listing function absent: "),
    (("function", "call", "absent"), "Unable to find the service for absent"),
    (("function", "logs", "absent"), "No function pod is running"),
    (("function", "top", "-f", "absent"), "absent"),
    (("autoscale", "create", "absent", "--value", "5"), "Unable to find Function absent in namespace default."),
    (("autoscale", "delete", "absent"), "Unable to find Function absent in namespace default."),
    (("topic", "delete", "absent"), "absent"),
    *(
        ((*("trigger", kind), verb, "absent"), "absent in namespace default. Err")
        for kind in ("http", "kafka", "nats", "cronjob")
        for verb in ("delete", "suspend", "resume", "status")
    ),
    (("explain", "kafka/absent"), "Unable to find Kafka trigger absent in namespace default."),
]


@pytest.fixture(scope="module", autouse=True)
def there(platform: LocalPlatform) -> None:
    """A function that exists."""
    platform.folder.joinpath("app.py").write_text("def run(event, context):\n    return 'fine'\n")
    source = ("--runtime", "python3.11", "--handler", "app.run", "-f", "app.py")
    platform.kubeless("function", "deploy", "there", *source, "--wait")


def check(kubeless: CommandLine, platform: LocalPlatform, cases: Sequence[tuple[tuple[str, ...], int, str]]) -> None:
    """All are told with their exit code, none is a surprise, and nothing is made or deleted."""
    before = names(platform)
    wrong = []
    for words, code, text in cases:
        typed = kubeless(*words)
        if (typed.code, text in said(typed), typed.out) != (code, True, "") or "Unexpected" in typed.err:
            wrong.append(f"{' '.join(words)}: exit code {typed.code}: {typed.err}{typed.out}")
    assert not wrong, "\n".join(wrong)
    assert names(platform) == before


def test_wrong_values_are_named_and_change_nothing(kubeless: CommandLine, platform: LocalPlatform) -> None:
    check(kubeless, platform, WRONG_VALUES)


def test_unknown_names_are_told(kubeless: CommandLine, platform: LocalPlatform) -> None:
    check(kubeless, platform, [(words, 1, text) for words, text in UNKNOWN])


def test_names_of_63_characters_work_from_the_first_command_to_the_last(
    kubeless: CommandLine, platform: LocalPlatform
) -> None:
    assert kubeless("function", "deploy", LONG, *DEPLOY[3:], "--wait").code == 0
    assert kubeless("function", "call", LONG).out == "fine\n"
    route = ("trigger", "http", "create", LONG, "--function-name", LONG, "--hostname", "long.example")
    assert kubeless(*route).code == 0
    eventually(lambda: platform.http("GET", "/", host="long.example").body == "fine")
    assert (
        kubeless("trigger", "kafka", "create", LONG, "--function-selector", f"function={LONG}", *SELECTED[2:]).code == 0
    )
    assert kubeless("trigger", "kafka", "delete", LONG).code == 0
    assert kubeless("function", "list", LONG, "-o", "name").out == f"functions.kubeless.io/{LONG}\n"
    assert kubeless("function", "delete", LONG).code == 0


def test_a_function_that_no_cluster_can_store_is_refused(kubeless: CommandLine, platform: LocalPlatform) -> None:
    before = names(platform)
    Path("large.py").write_text("#" * (3 << 19))
    typed = kubeless(*DEPLOY[:-1], "large.py")
    assert typed.code == 1
    assert "1572864 bytes are more than a function can hold" in said(typed)
    assert names(platform) == before


def test_a_function_just_below_the_limit_runs(kubeless: CommandLine) -> None:
    Path("large.py").write_text("def run(event, context):\n    return 'large'\n" + "#" * 900_000)
    assert kubeless("function", "deploy", "large", *DEPLOY[3:-1], "large.py", "--wait").code == 0
    assert kubeless("function", "call", "large").out == "large\n"


def test_a_foreign_object_of_the_same_name_stays_as_it_is(kubeless: CommandLine, platform: LocalPlatform) -> None:
    platform.kubectl("create", "configmap", "foreign", "--from-literal=mine=1")
    typed = kubeless("function", "deploy", "foreign", *DEPLOY[3:], "--wait")
    assert typed.code == 1
    assert "Conflict" in said(typed)
    assert objects(platform, "configmaps")["foreign"] == {"mine": "1"}
    assert "Conflict" in kubeless("explain", "function/foreign").out
    assert kubeless("function", "delete", "foreign").code == 0
    assert objects(platform, "configmaps")["foreign"] == {"mine": "1"}


def test_what_exists_is_not_deployed_over(kubeless: CommandLine, platform: LocalPlatform) -> None:
    before = objects(platform, "functions")["there"]
    typed = kubeless("function", "deploy", "there", *DEPLOY[3:], "--env", "A=1")
    assert (typed.code, typed.told[-1].splitlines()) == (
        1,
        ["Failed to deploy there. Received:", 'functions.kubeless.io "there" already exists'],
    )
    assert objects(platform, "functions")["there"] == before
