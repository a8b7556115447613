"""The messages and tables that scripts look for, to the letter, in the order in which a script meets them."""

import re
from pathlib import Path

import pytest

from support.localplatform import LocalPlatform, eventually
from support.typed import CommandLine, Typed

SELECTOR = ("--function-selector", "created-by=kubeless,function=said")
BY_SELECTOR = "created-by=kubeless,function=said"


@pytest.fixture
def kubeless(
    platform: LocalPlatform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """The command line in the platform's folder."""
    monkeypatch.setenv("KUBECONFIG", str(platform.folder / ".kubeless" / "kubeconfig"))
    monkeypatch.chdir(platform.folder)
    Path("said.py").write_text("def run(event, context):\n    return event['data']\n")
    return CommandLine(capsys)


def silent(typed: Typed) -> bool:
    return (typed.code, typed.out, typed.err) == (0, "", "")


def row(typed: Typed, name: str) -> list[str]:
    return next(cells for cells in typed.table if cells[0] == name)


def test_a_function(kubeless: CommandLine) -> None:
    deployed = kubeless(
        *("function", "deploy", "said", "--runtime", "python3.11", "--handler", "said.run", "-f", "said.py"),
        *("--memory", "128Mi", "--env", "A=1", "--label", "tier=x", "--wait"),
    )
    assert (deployed.code, deployed.out) == (0, "")
    assert deployed.told[:3] == [
        "Deploying function...",
        "Function said submitted for deployment",
        "Check the deployment status executing 'kubeless function ls said'",
    ]
    updated = kubeless("function", "update", "said", "--timeout", "20", "-n", "default", "--wait")
    assert updated.told[:3] == [
        "Redeploying function...",
        "Function said submitted for deployment",
        "Check the deployment status executing 'kubeless function ls said -n default'",
    ]
    listed = kubeless("function", "list", "said")
    assert listed.table == [
        ["NAME", "NAMESPACE", "HANDLER", "RUNTIME", "DEPENDENCIES", "STATUS"],
        ["said", "default", "said.run", "python3.11", "", "1/1 READY"],
    ]
    header, line = listed.out.splitlines()
    assert [len(cell) for cell in header.split("\t")] == [len(cell) for cell in line.split("\t")]


def test_the_wide_list_has_a_cell_for_every_header(kubeless: CommandLine) -> None:
    header, *rows = kubeless("function", "list", "said", "-o", "wide").table
    assert header == (
        [
            "NAME",
            "NAMESPACE",
            "HANDLER",
            "RUNTIME",
            "TYPE",
            "TOPIC",
            "DEPENDENCIES",
            "STATUS",
            "MEMORY",
            "ENV",
            "LABEL",
            "SCHEDULE",
        ]
    )
    assert {len(cells) for cells in rows} == {len(header)}
    assert rows[0][8:10] == ["128Mi", "A = 1"]


def test_describe_and_call(kubeless: CommandLine) -> None:
    described = {cells[0]: cells[1] for cells in kubeless("function", "describe", "said").table}
    assert list(described)[:8] == (
        ["Name:", "Namespace:", "Handler:", "Runtime:", "Label:", "Envvar:", "Memory:", "Dependencies:"]
    )
    assert described["Label:"] == '{"created-by":"kubeless","function":"said","tier":"x"}'
    assert described["Envvar:"] == '[{"name":"A","value":"1"}]'
    assert kubeless("function", "describe", "said", "-o", "toml").told == [
        "Wrong output format. Please use only json|yaml"
    ]
    assert kubeless("function", "call", "absent").told == ["Unable to find the service for absent"]
    assert kubeless("function", "update", "absent").told[-1] == "Function absent is not found"


@pytest.mark.parametrize(
    ("kind", "title", "header"),
    [("kafka", "Kafka", "Kafka"), ("nats", "NATS", "NATS")],
)
def test_triggers_of_brokers(kubeless: CommandLine, kind: str, title: str, header: str) -> None:
    made = kubeless("trigger", kind, "create", "told", *SELECTOR, "--trigger-topic", "words")
    assert made.told == [f"{title} trigger told created in namespace default successfully!"]
    listed = kubeless("trigger", kind, "list")
    assert listed.table[0] == ["NAME", "NAMESPACE", "TOPIC", "FUNCTION SELECTOR"]
    assert row(listed, "told") == ["told", "default", "words", BY_SELECTOR]
    changed = kubeless("trigger", kind, "update", "told", "--function-selector", "tier in (x,y),!old")
    assert changed.told == [f"{title} trigger told updated in namespace default successfully!"]
    set_based = row(kubeless("trigger", kind, "list"), "told")[3]
    assert "tier in (x,y)" in set_based
    gone = kubeless("trigger", kind, "delete", "told")
    assert gone.told == [f"{title} trigger told deleted from namespace default successfully!"]
    missing = kubeless("trigger", kind, "update", "told", "--trigger-topic", "x")
    assert missing.told[-1].startswith(f"Unable to find {title} trigger told in namespace default. Error ")
    spelled = "lable" if kind == "kafka" else "label"
    wrong = kubeless("trigger", kind, "create", "bad", "--function-selector", "a in", "--trigger-topic", "x")
    assert wrong.told[-1].startswith(f"Invalid {spelled} selector specified ")


def test_http_triggers(kubeless: CommandLine) -> None:
    create = ("trigger", "http", "create", "told")
    made = kubeless(*create, "--function-name", "said", "--hostname", "told.example", "--enableTLSAcme")
    assert made.told == ["HTTP trigger told created in namespace default successfully!"]
    again = kubeless(*create, "--function-name", "said", "--hostname", "told.example")
    assert again.told[-1].startswith("Failed to deploy HTTP trigger told in namespace default. Error: ")
    listed = kubeless("trigger", "http", "list")
    assert listed.table[0] == ["NAME", "NAMESPACE", "FUNCTION NAME"]
    assert row(listed, "told") == ["told", "default", "said"]
    changed = kubeless("trigger", "http", "update", "told", "--path", "x")
    assert changed.told == ["HTTP trigger told updated in namespace default successfully!"]
    shown = kubeless("trigger", "http", "list", "-o", "yaml").out
    assert "tls: true" in shown, "what is not given stays as it is"
    assert (
        kubeless(*create[:3], "none", "--function-name", "absent")
        .told[-1]
        .startswith("Unable to find Function absent in namespace default. Error ")
    )
    gone = kubeless("trigger", "http", "delete", "told")
    assert gone.told == ["HTTP trigger told deleted from namespace default successfully!"]


def test_cronjob_triggers(kubeless: CommandLine) -> None:
    create = ("trigger", "cronjob", "create", "told", "--function", "said", "--schedule", "0 0 1 1 *")
    assert kubeless(*create).told == ["Cronjob trigger told created in namespace default successfully!"]
    listed = kubeless("trigger", "cronjob", "list")
    assert listed.table[0] == ["NAME", "NAMESPACE", "SCHEDULE", "FUNCTION NAME", "NEXT"]
    *original, due = row(listed, "told")
    assert original == ["told", "default", "0 0 1 1 *", "said"]
    assert due.endswith("-01-01T00:00:00Z")
    assert (
        kubeless(*create)
        .told[-1]
        .startswith("Failed to create cronjob trigger object told in namespace default. Error: ")
    )
    changed = kubeless("trigger", "cronjob", "update", "told", "--schedule", "@yearly")
    assert changed.told == ["Cronjob trigger told updated in namespace default successfully!"]
    gone = kubeless("trigger", "cronjob", "delete", "told")
    assert gone.told == ["Cronjob trigger told deleted from namespace default successfully!"]


def test_topics(kubeless: CommandLine) -> None:
    assert kubeless("topic", "create", "said").out == 'Created topic "said".\n'
    assert "said" in kubeless("topic", "list").out.splitlines()
    assert kubeless("topic", "publish", "--topic", "said", "--data", "x").code == 0
    assert kubeless("topic", "delete", "said").code == 0
    assert "said" not in kubeless("topic", "ls").out.splitlines()


def test_autoscaling(kubeless: CommandLine) -> None:
    made = kubeless("autoscale", "create", "said", "--value", "70", "--max", "2")
    assert made.told == [
        "Adding autoscaling rule to the function...",
        "Autoscaling rule for said submitted for deployment",
    ]
    columns = ["NAME", "NAMESPACE", "TARGET", "MIN", "MAX", "METRIC", "VALUE"]
    eventually(lambda: ["said", "default", "said", "1", "2", "cpu", "70"] in kubeless("autoscale", "list").table)
    assert kubeless("autoscale", "list").table[0] == columns
    assert kubeless("autoscale", "delete", "said").told == [
        "Removing autoscaling rule from the function...",
        "Remove Autoscaling rule from said successfully",
    ]
    assert kubeless("autoscale", "delete", "said").told == ["Not found an autoscale definition for said"]


def test_what_the_server_knows(kubeless: CommandLine) -> None:
    told = kubeless("get-server-config").told
    assert told[0] == "Current Server Config:"
    assert told[1].startswith("Supported Runtimes are: python2.7, ")
    unknown = kubeless("function", "deploy", "none", "--runtime", "cobol85", "--handler", "a.b", "-f", "said.py")
    assert unknown.told[-1].startswith("Invalid runtime: cobol85. Supported runtimes are: ")
    assert kubeless("version").out.startswith("Kubeless version: ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
@pytest.mark.parametrize(
    ("line", "incomplete", "name"),
    [("function call", "sa", "said"), ("explain", "function/sa", "function/said"), ("function top -f", "sai", "said")],
)
def test_names_of_live_objects_complete(
    kubeless: CommandLine, monkeypatch: pytest.MonkeyPatch, shell: str, line: str, incomplete: str, name: str
) -> None:
    words = f"kubeless {line} {incomplete}"
    monkeypatch.setenv("_KUBELESS_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", incomplete if shell == "fish" else str(words.count(" ")))
    assert re.findall(rf"\b{name}\b", kubeless().out)


@pytest.mark.parametrize("form", ["json", "yaml", "name", "wide"])
@pytest.mark.parametrize("group", ["function", "trigger http", "trigger kafka", "trigger nats", "trigger cronjob"])
def test_every_list_has_every_format(kubeless: CommandLine, group: str, form: str) -> None:
    listed = kubeless(*group.split(), "list", "-o", form)
    assert (listed.code, listed.err) == (0, "")
    assert kubeless(*group.split(), "list", "-o", "xml").told == ["Wrong output format. Please use only json|yaml"]


def test_deleting_a_function_says_nothing(kubeless: CommandLine) -> None:
    assert silent(kubeless("function", "delete", "said"))
    assert kubeless("function", "list", "said").told[0].startswith("Error listing function said: ")
