"""The command line itself: help, usage errors, exit codes. No cluster is asked."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from kubeless.cli.cluster import NoCluster, choose_kubeconfig
from kubeless.cli.commands import spell_switches
from kubeless.cli.main import main, root


@pytest.fixture(autouse=True)
def _no_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBELESS_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_a_group_without_command_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["function"]) == 0
    shown = capsys.readouterr()
    assert "list, ls" in shown.out
    assert shown.err == ""


@pytest.mark.parametrize(
    "args", [["-h"], ["function", "-h"], ["help", "function", "deploy"], ["trigger", "http", "--help"]]
)
def test_help_is_data(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(args) == 0
    assert "Usage: kubeless" in capsys.readouterr().out


def test_every_command_can_be_imported_and_explains_itself() -> None:
    def check(command: click.Command, path: str) -> None:
        context = click.Context(command, info_name=path)
        assert command.get_help(context)
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                check(found, f"{path} {name}")

    check(root, "kubeless")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["function", "deploi", "x"], "Did you mean 'deploy'?"),
        (["function", "deploy", "x", "--runtim", "y"], "--runtime"),
        (["function", "deploy"], "Need exactly one argument - function name"),
        (["function", "call", "a", "b"], "Need exactly one argument - function name"),
        (["trigger", "http", "delete"], "Need exactly one argument - http trigger name"),
        (["trigger", "http", "create", "x"], 'required flag(s) "function-name" not set'),
        (["function", "deploy", "x", "--port", "http"], "--port"),
        (["function", "deploy", "x", "--label", "=b"], "a pair needs a key"),
        (["function", "logs", "x", "--since", "soon"], "is no duration"),
        (["completion", "tcsh"], "tcsh"),
    ],
)
def test_a_senseless_command_line_is_code_1_and_says_why(
    args: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(args) == 1
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["function", "deploy", "x"], "Either `--runtime` or `--runtime-image` flag must be specified."),
        (["function", "deploy", "x", "--runtime", "python3.11"], "You must specify handler for the runtime."),
        (["function", "list"], "No cluster found: start one here with 'kubeless local up -d'"),
        (["function", "list", "-o", "xml"], "Wrong output format. Please use only json|yaml"),
        (["function", "list", "--kubeconfig", "/no/such"], "/no/such"),
    ],
)
def test_an_error_is_code_1_and_one_line(args: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(args) == 1
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.err.count("\n") == 1
    assert "level=fatal" in shown.err


def test_a_defect_hides_its_traceback_until_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("kubeless.cli.cluster.choose_kubeconfig", broken)
    assert main(["function", "list"]) == 1
    assert "Unexpected ZeroDivisionError: by nothing; run the command again with KUBELESS_DEBUG=1" in (
        capsys.readouterr().err
    )
    monkeypatch.setenv("KUBELESS_DEBUG", "1")
    assert main(["function", "list"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_code_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kubeless.cli.cluster.choose_kubeconfig", interrupted)
    assert main(["function", "list"]) == 130


def test_a_dry_run_works_where_there_is_no_cluster(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def run(): pass\n")
    args = [
        "function",
        "deploy",
        "x",
        "--runtime",
        "python3.11",
        "--handler",
        "app.run",
        "-f",
        "app.py",
        "--dryrun=true",
    ]
    assert main([*args, "--schedule", "@daily"]) == 0
    shown = capsys.readouterr()
    assert "kind: Function" in shown.out
    assert "\n---\n" in shown.out
    assert "kind: CronJobTrigger" in shown.out
    assert "Runtime check is disabled." in shown.err


def test_an_unknown_dry_run_format_is_told_and_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["function", "deploy", "x", "--runtime-image", "own:1", "--dryrun", "-o", "toml"]) == 0
    shown = capsys.readouterr()
    assert "Output format needs to be yaml or json" in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    ("args", "spelled"),
    [
        (["--dryrun=true", "x"], ["--dryrun", "x"]),
        (["--dryrun=false", "x"], ["x"]),
        (["--headless=False"], ["--no-headless"]),
        (["--name=true", "--", "--dryrun=true"], ["--name=true", "--", "--dryrun=true"]),
    ],
)
def test_switches_may_be_given_a_value(args: list[str], spelled: list[str]) -> None:
    options = [
        click.Option(["--dryrun"], is_flag=True),
        click.Option(["--headless/--no-headless"]),
        click.Option(["--name"]),
    ]
    assert spell_switches(args, options) == spelled


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "_KUBELESS_COMPLETE" in capsys.readouterr().out


def test_completion_without_a_cluster_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    from click.shell_completion import BashComplete

    completion = BashComplete(root, {}, "kubeless", "_KUBELESS_COMPLETE")
    assert completion.get_completions(["function", "call"], "") == []
    assert [item.value for item in completion.get_completions(["function"], "de")] == ["deploy", "describe", "delete"]
    assert capsys.readouterr().err == ""


def test_a_running_local_platform_is_the_last_resort() -> None:
    def choose(environ: dict[str, str], kubeconfig: str | None = None) -> str | None:
        return choose_kubeconfig(
            kubeconfig=kubeconfig, context=None, environ=environ, find_local=lambda: Path("/here/.kubeless/kubeconfig")
        )

    assert choose({"HOME": "/nowhere"}) == "/here/.kubeless/kubeconfig"
    assert choose({"HOME": "/nowhere", "KUBECONFIG": __file__}) is None
    assert choose({"HOME": "/nowhere"}, __file__) == __file__


def test_no_cluster_at_all_names_the_remedies() -> None:
    with pytest.raises(NoCluster, match=r"kubeless local up -d.*KUBECONFIG"):
        choose_kubeconfig(kubeconfig=None, context=None, environ={"HOME": "/nowhere"}, find_local=lambda: None)


def test_nothing_slow_is_imported_for_help() -> None:
    slow = {"aiohttp", "kubernetes_asyncio", "pydantic", "rich", "yaml", "asyncio"}
    code = (
        "import sys; from kubeless.cli.main import main; main(['--help']);"
        f"sys.exit(' '.join(sorted({slow!r} & set(sys.modules))))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)
    assert ran.stderr.strip() == ""
