"""Every command that needs a name says so, before any cluster is asked."""

from pathlib import Path

import pytest

from kubeless.cli.main import main

FUNCTION = "function name"
WHAT = {
    **{f"function {verb}": FUNCTION for verb in ("deploy", "update", "delete", "describe", "call", "logs")},
    **{
        f"trigger {kind} {verb}": f"{word} trigger name"
        for kind, word in (("kafka", "kafka"), ("http", "http"), ("cronjob", "cronjob"), ("nats", "NATS"))
        for verb in ("create", "update")
    },
    "trigger kafka delete": "Kafka trigger name",
    "trigger nats delete": "NATS trigger name",
    "trigger http delete": "http trigger name",
    "trigger cronjob delete": "cronjob trigger name",
    "topic create": "topic name",
    "topic delete": "topic name",
    "autoscale create": FUNCTION,
    "autoscale delete": "autoscale name",
}
REQUIRED = {
    "trigger kafka create": ("--trigger-topic", "t", "--function-selector", "a=b"),
    "trigger nats create": ("--trigger-topic", "t", "--function-selector", "a=b"),
    "trigger http create": ("--function-name", "f"),
    "trigger cronjob create": ("--function", "f", "--schedule", "@daily"),
    "autoscale create": ("--value", "1"),
}


@pytest.fixture(autouse=True)
def _no_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBELESS_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", WHAT)
@pytest.mark.parametrize("given", [(), ("a", "b")])
def test_exactly_one_name_is_needed(command: str, given: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code = main([*command.split(), *given, *REQUIRED.get(command, ())])
    assert (code, capsys.readouterr().err.splitlines()[0]) == (
        1,
        f"Error: Need exactly one argument - {WHAT[command]}",
    )


ALONE = (
    "function list",
    "function top",
    "trigger http list",
    "trigger kafka list",
    "trigger nats list",
    "trigger cronjob list",
    "topic list",
    "autoscale list",
    "get-server-config",
    "migrate --cluster",
    "explain function/x",
    "deadletter list",
    "stream list",
)


@pytest.mark.parametrize("command", [*ALONE, *(f"{each} x" for each in WHAT if each.endswith(("delete", "call")))])
def test_without_a_cluster_every_command_says_where_to_get_one(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) == 1
    shown = capsys.readouterr()
    assert "No cluster found: start one here with 'kubeless local up -d'" in shown.err
    assert shown.out == ""


def test_a_kubeconfig_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["function", "list", "--kubeconfig", "absent.yaml"]) == 1
    assert "absent.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{", "kind: Config", "a: [", "apiVersion: v1\nkind: Config\nclusters: 3\n"])
def test_a_kubeconfig_that_is_none_is_told(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config").write_text(text)
    assert main(["function", "list", "--kubeconfig", "config"]) == 1
    told = capsys.readouterr().err
    assert "config" in told
    assert "Unexpected" not in told
